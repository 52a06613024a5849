"""What tells who or where somebody is (rule 17): a labelled set, hostile texts, and marks that are in their places."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.leaks import Mark, find

FILE = Path(__file__).parents[1] / "vectors" / "leaks" / "sentences.txt"
LABEL = re.compile(r"\[(\w+):((?:[^\[\]]|\[(?:at|dot)\])+)\]")
OWN = ["Ash Reed", "Birch", "Mrs Reed", "Lower Wick", "Three Horseshoes"]
PATTERNED = {"phone", "email", "link", "handle", "postcode", "address", "plate", "number", "birth"}


def labelled() -> Iterator[tuple[str, list[Mark]]]:
    """Each sentence without its labels, and the marks that they stand for."""
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        text, wanted, at = "", [], 0
        for label in LABEL.finditer(line):
            text += line[at : label.start()]
            wanted.append(Mark(len(text), len(text) + len(label[2]), label[1]))
            text += label[2]
            at = label.end()
        yield text + line[at:], wanted


SENTENCES = list(labelled())


def covered(mark: Mark, marks: list[Mark]) -> bool:
    """Whether every character of it is marked: what is left over would still tell."""
    return all(any(one.start <= place < one.end for one in marks) for place in range(mark.start, mark.end))


def test_nearly_everything_that_tells_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Recall of patterned kinds at least 0.98, all of each label covered; precision is told, and no worse than 0.95."""
    wanted, missed, right, wrong = Counter[str](), Counter[str](), 0, []
    for text, labels in SENTENCES:
        marks = find(text, OWN)
        for label in labels:
            wanted[label.kind] += 1
            missed[label.kind] += not covered(label, marks)
        for mark in marks:
            hit = any(mark.start < label.end and label.start < mark.end for label in labels)
            right += hit
            if not hit:
                wrong.append(text[mark.start : mark.end])
    patterned = sum(wanted[kind] for kind in PATTERNED)
    recall = 1 - sum(missed[kind] for kind in PATTERNED) / patterned
    precision = right / (right + len(wrong))
    told = f"recall {recall:.3f}, precision {precision:.3f}; missed {dict(+missed)}; wrong {wrong}"
    with capsys.disabled():
        print(f"\n{len(SENTENCES)} sentences, {patterned} patterned: {told}")  # noqa: T201  # the figures
    assert len(SENTENCES) >= 300
    assert set(wanted) == PATTERNED | {"place", "own"}
    assert recall >= 0.98
    assert precision >= 0.95


def test_each_kind_is_called_by_its_name() -> None:
    """The mark that covers a label is of its kind in nineteen of twenty."""
    pairs = [(label.kind, mark.kind) for text, labels in SENTENCES for label in labels
             for mark in find(text, OWN) if mark.start <= label.start < mark.end]  # fmt: skip
    assert sum(one == other for one, other in pairs) / len(pairs) >= 0.95


def test_the_agreed_form_of_name_is_no_leak() -> None:
    """They agreed to be known as Ash; what goes beyond it tells, and so does the other's name."""
    text = "I am Ash. Ash's full name is Ash Reed. You are Birch."
    found = [text[mark.start : mark.end] for mark in find(text, ["Ash Reed", "Birch Lowe"], agreed=["Ash"])]
    assert found == ["Ash Reed", "Birch"]


@pytest.mark.parametrize("hidden", ["0\u200b7700\u200d 900\u2060123", "０７７００ ９００１２３", "07700\u00a0900123"])
def test_invisible_characters_hide_nothing(hidden: str) -> None:
    """Zero-width ones, wide digits, hard blanks: the mark covers what is there, first to last."""
    assert find(f"call {hidden} now") == [Mark(5, 5 + len(hidden), "phone")]


ODD = "07 ab@.A'-:/+(\n\t\u200b\u00a0１ﬁŵЖ"


@given(st.text(ODD, max_size=200), st.lists(st.text(ODD, max_size=8), max_size=3))
@settings(max_examples=60, deadline=None)
def test_marks_lie_in_the_text_one_after_the_other(text: str, own: list[str]) -> None:
    """Whatever is written: in order, not empty, not beyond the end, not over each other."""
    marks = find(text, own)
    edges = [edge for mark in marks for edge in (mark.start, mark.end)]
    assert edges == sorted(edges)
    assert all(0 <= mark.start < mark.end <= len(text) for mark in marks)


@pytest.mark.parametrize(
    "unit", ["0", "07 ", "a.", "one ", "A1 ", "St St ", "x@", "Mr A ", "http://", "ring ", "at dot ", "\u200b"]
)
def test_a_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    """The number of characters that are marked never exceeds the text; it ends, for any repetition."""
    text = unit * (4_000 // len(unit))
    assert sum(mark.end - mark.start for mark in find(text, ["A"])) <= len(text)


def test_a_name_is_never_a_pattern() -> None:
    """Whatever stands in the case's own list is looked for as it is written (ASVS 1.2.9)."""
    assert find("ab aab (a+)+b", own=["(a+)+b", ".*"]) == [Mark(7, 13, "own")]
