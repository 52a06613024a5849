"""Captions: what is kept of WebVTT and SubRip, what is refused and where, and what redaction leaves of them."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.core.captions import (
    GONE,
    LAST,
    Captions,
    Cue,
    Piece,
    cue,
    divided,
    moved,
    parse,
    plain,
    redacted,
    restored,
    retold,
    write,
)  # fmt: skip
from exchange.core.errors import BadInput, WrongLine

WORDS = st.text(max_size=40)
TIMES = st.integers(min_value=0, max_value=LAST)


@st.composite
def captions(draw: st.DrawFn) -> Captions:
    """Cues in order, some with word times, with any characters as words."""
    found, start = [], 0
    for _ in range(draw(st.integers(0, 6))):
        start += draw(st.integers(0, 5_000))
        end = start + draw(st.integers(1, 9_000))
        times = sorted(draw(st.lists(st.integers(start, end), max_size=5)))
        pieces = [Piece(draw(WORDS)), *(Piece(draw(WORDS), at) for at in times)]
        made = cue(start, end, pieces)
        found += [made] if made else []
    return tuple(found)


@settings(max_examples=60, deadline=None)
@given(captions())
def test_what_is_written_reads_back_the_same(given_: Captions) -> None:
    """One text for one value, and every line but the timings is free of the arrow."""
    text = write(given_)
    assert parse(text) == given_
    assert parse(text.replace("\n", "\r\n")) == given_
    assert text.count("-->") == len(given_)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("WEBVT01:.,-> \n\r\t<>/v&;aé\u2028\x00NOTESTYL"), max_size=200), st.booleans())
@example("", True)
@example("WEBVTT", True)
@example("\n", False)
@example("1\n", False)
@example("00:00:00.000 --> 00:00:01.000", False)
def test_hostile_text_raises_only_a_plain_sentence(untrusted: str, headed: bool) -> None:
    """Whatever is in the file: captions that stand by themselves, or a sentence with the number of a line."""
    try:
        found = parse(("WEBVTT\n\n" if headed else "") + untrusted)
    except BadInput as error:
        said = isinstance(error, WrongLine) and f"ine {error.line}" in str(error)
        found = () if said else None
    assert found is not None
    if found:
        assert parse(write(found)) == found
        assert all(a.start <= b.start for a, b in pairwise(found))


FILE = """WEBVTT - made by a Planted Author Quill

STYLE
::cue { background: url(https://planted.example/) }

REGION
id:planted

NOTE Planted Author Quill
wrote this

planted-id
00:01.000 --> 00:00:02.500 align:start line:0% region:planted
<v Planted Author Quill><c.planted>Hello</c> &amp; <00:00:01.500><b>good</b> <00:00:02.000>day &lt;x&gt;

00:00:03.000 --> 00:00:04.000
- one
- two
"""


def test_only_times_and_words_are_kept() -> None:
    """Notes, styles, regions, voices, names and settings of a file are gone; markup in words is plain text."""
    first, second = parse(FILE)
    assert first == Cue(1000, 2500, (Piece("Hello & "), Piece("good ", 1500), Piece("day <x>", 2000)))
    assert (second.start, second.end, second.text) == (3000, 4000, "- one\n- two")
    assert "planted" not in write((first, second)).lower()
    assert "&lt;x&gt;" in write((first,))
    assert plain((first, second)) == "Hello & good day <x>\n- one - two"


def test_subrip_becomes_captions() -> None:
    """Numbers go, commas become points, its markup goes."""
    found = parse(
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>One</i>\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,250\r\n{\\an8}Two\r\n"
    )
    assert [(c.start, c.end, c.text) for c in found] == [(1000, 2000, "One"), (2000, 3250, "Two")]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\nnothing\n", 6, "is not a time"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nA\n", 3, "is not a time"),
        ("WEBVTT\n\n00:03.000 --> 00:02.000\nA\n", 3, "ends before"),
        ("WEBVTT\n\n00:03.000 --> 00:04.000\nA\n\n00:02.000 --> 00:05.000\nB\n", 6, "begins before"),
        ("WEBVTT\n\n00:03.000 --> 00:04.000\nA <00:02.000>b\n", 4, "outside"),
        ("WEBVTT\n00:03.000 --> 00:04.000\nA\n", 2, "empty line"),
        ("WEBVTT\n\n00:03.000 --> 00:04.000\nA\n00:04.000 --> 00:05.000\nB\n", 5, "empty line"),
        ("Dear you,\n\nI am sorry.\n", 1, "is not a time"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, says: str) -> None:
    """A person can find the place."""
    with pytest.raises(WrongLine, match=f"ine {line}.*") as caught:
        parse(text)
    assert says in str(caught.value)
    assert (caught.value.line, caught.value.field) == (line, "text")


TIMED = parse(
    "WEBVTT\n\n00:01.000 --> 00:04.000\nI <00:02.000>live <00:02.500>in <00:03.000>Leeds <00:03.500>now\n\n"
    "00:05.000 --> 00:06.000\nNo word times\n\n00:08.000 --> 00:09.000\nEnd\n"
)


def test_silenced_words_are_gone_one_by_one() -> None:
    """With word times only the words that are silenced; without, the whole cue; times stay."""
    found = redacted(TIMED, [], [(2600, 3400), (5900, 5950)])
    assert [c.text for c in found] == [f"I live {GONE} now", GONE, "End"]
    assert [(c.start, c.end) for c in found] == [(1000, 4000), (5000, 6000), (8000, 9000)]


def test_a_cut_moves_what_comes_after_it() -> None:
    """Cues within it are gone, later ones come earlier, words at its edge are gone."""
    found = redacted(TIMED, [(3200, 7000)], [])
    assert [(c.start, c.end, c.text) for c in found] == [(1000, 3200, f"I live in {GONE}"), (4200, 5200, "End")]


@settings(max_examples=60, deadline=None)
@given(captions(), st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)), max_size=4), st.booleans())
def test_no_word_said_in_a_redacted_span_is_left(given_: Captions, spans: list[tuple[int, int]], cutting: bool) -> None:
    """Every piece that is left lies outside of all spans; the result is captions like any other."""
    cut, silenced = (spans, []) if cutting else ([], spans)
    found = redacted(given_, cut, silenced)
    assert parse(write(found)) == found
    whole = [s for s in spans if s[0] < s[1]]
    safe = {
        piece.text.strip()
        for one in given_
        for start, end, piece in one.spans()
        if not any(a < max(end, start + 1) and start < b for a, b in whole)
    }
    for one in found:
        for piece in one.pieces:
            for words in piece.text.split(GONE):
                assert not words.strip() or any(words.strip() in kept for kept in safe) or GONE in piece.text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TIMES, TIMES), max_size=5), TIMES, TIMES)
def test_times_after_cuts_keep_their_order(cut: list[tuple[int, int]], one: int, other: int) -> None:
    """Cutting never turns times round nor makes them later; overlapping cuts count once."""
    early, late = sorted((one, other))
    assert 0 <= moved(early, cut) <= moved(late, cut) <= late
    assert moved(late, cut) == moved(late, [*cut, *cut])


def test_other_words_keep_the_times_of_those_that_stay() -> None:
    """A corrected word is said with the one before it; an unchanged line stays as it is."""
    assert retold(TIMED[0], " I live in Leeds now ") is TIMED[0]
    changed = retold(TIMED[0], "I live near Leeds now")
    assert changed is not None
    assert changed.text == "I live near Leeds now"
    assert [p.start for p in changed.pieces] == [None, 2000, 3000, 3500]
    assert retold(TIMED[1], "Others") == Cue(5000, 6000, (Piece("Others"),))
    assert retold(TIMED[1], "  \n ") is None


@settings(max_examples=60, deadline=None)
@given(captions(), st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)), max_size=4))
def test_captions_of_a_cut_recording_find_their_old_times(given_: Captions, cut: list[tuple[int, int]]) -> None:
    """Words that no cut touched are back where they were said before it."""
    back = restored(redacted(given_, cut, []), cut)
    touched = [c for c in given_ if any(a < b and a < c.end and c.start < b for a, b in cut)]
    assert [c for c in given_ if c not in touched] == [c for c in back if c in given_ and c not in touched]


def test_a_blank_line_divides_a_line_in_two() -> None:
    """Each half has its share of the time, in order, and the words keep what times they have."""
    first, second = divided(TIMED[0], "I live in\n\nLeeds now")
    assert (first.start, first.text, second.end, second.text) == (1000, "I live in", 4000, "Leeds now")
    assert first.end == second.start
    assert divided(TIMED[0], TIMED[0].text) == [TIMED[0]]
    assert divided(TIMED[0], " ") == []


@settings(max_examples=60, deadline=None)
@given(captions(), WORDS)
def test_whatever_is_typed_into_a_line_gives_captions(given_: Captions, typed: str) -> None:
    """Words, blank lines, markup: what comes of it writes and reads back."""
    for one in given_:
        found = tuple(divided(one, typed + "\n\n" + one.text))
        assert parse(write(found)) == found
