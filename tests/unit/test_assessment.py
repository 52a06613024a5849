"""The form of a risk assessment (core/assessment.py): what can be used, what can be answered, what is kept."""

from dataclasses import replace
from uuid import UUID

import pytest

from exchange.core import assessment
from exchange.core.assessment import FIXED, Form, Kind, Question, Section
from exchange.core.errors import BadInput, NotFound
from exchange.steps.assessment_form import house
from tests.support.assessing import answers_to

HER, HIM = UUID(int=1), UUID(int=2)
BOTH = {"en": "How is it?", "cy": "Sut mae hi?"}
TEXT = Question("q1", Kind.TEXT, BOTH)
CHOICE = Question("q2", Kind.CHOICE, BOTH, (BOTH, BOTH), needed=True)
FORM = Form((Section("s1", BOTH, False, (TEXT,)), Section("s2", BOTH, True, (CHOICE,))))


def test_the_houses_form_can_be_used_and_asks_what_practice_wants() -> None:
    """Each kind is in it; each person is asked about; all of it in both languages, none copied from the other."""
    form = house()
    questions = [one for section in form.sections for one in section.questions]
    assert {one.kind for one in questions} == set(Kind)
    assert {section.each_person for section in form.sections} == {True, False}
    texts = [section.title for section in form.sections] + [one.words for one in questions]
    assert all(text["en"] != text["cy"] for text in texts)
    assert assessment.from_plain(assessment.plain(form)) == form
    assert assessment.wrong(form, (HER, HIM), answers_to(form, (HER, HIM))) == {}


@pytest.mark.parametrize(("bad", "field"), [
    (replace(TEXT, words={"en": "Only this"}), "words_cy"),
    (replace(TEXT, words={"en": " ", "cy": "x"}), "words_en"),
    (replace(TEXT, words={"en": "x" * 301, "cy": "x"}), "words_en"),
    (replace(TEXT, words={"en": "two\nlines", "cy": "x"}), "words_en"),
    (replace(CHOICE, choices=(BOTH,)), "choices_en"),
    (replace(CHOICE, choices=(BOTH,) * 11), "choices_en"),
    (replace(CHOICE, choices=(BOTH, {"en": "x", "cy": ""})), "choices_cy"),
    (replace(TEXT, choices=(BOTH, BOTH)), "choices_en"),
])  # fmt: skip
def test_a_question_that_cannot_be_asked_is_refused(bad: Question, field: str) -> None:
    """In both languages, on one line, with answers where it is a choice; the field is named."""
    with pytest.raises(BadInput) as refused:
        assessment.checked_question(bad)
    assert refused.value.field == field
    with pytest.raises(BadInput):
        assessment.checked(FORM.with_question("s1", bad))


def test_an_empty_or_endless_form_is_refused() -> None:
    """Without a section or a question; with more than anybody answers."""
    many = tuple(replace(TEXT, id=f"q{number}") for number in range(61))
    for form in (Form(), FORM.without("q1"), Form((replace(FORM.sections[0], questions=many),))):
        with pytest.raises(BadInput):
            assessment.checked(form)
    assert assessment.checked(FORM) == FORM


def test_each_person_is_asked_for_themselves_and_every_answer_is_judged() -> None:
    """A needed one is missed for the one of whom it is missing; other words than the kind's are refused."""
    hers, his = f"q2_{HER.hex}", f"q2_{HIM.hex}"
    assert [one.name for one in assessment.asked(FORM, (HER, HIM))] == ["q1", hers, his]
    assert assessment.wrong(FORM, (HER, HIM), {hers: "1"}) == {his: "needed"}
    assert assessment.wrong(FORM, (HER, HIM), {hers: "3", his: "2"}) == {hers: "choose"}
    assert assessment.wrong(FORM, (HER,), {hers: "2", "q1": "x" * 4_001}) == {"q1": "too_long"}
    for kind, codes in FIXED.items():
        form = Form((Section("s1", BOTH, False, (Question("q1", kind, BOTH),)),))
        assert all(assessment.wrong(form, (), {"q1": code}) == {} for code in codes)
        assert assessment.wrong(form, (), {"q1": "perhaps"}) == {"q1": "choose"}


def test_what_is_kept_holds_its_own_words_and_only_of_whom_it_is() -> None:
    """The part about the case and each person's part are apart; each can be read without any form."""
    answers = {"q1": "About both.", f"q2_{HER.hex}": "2", f"q2_{HIM.hex}": "1"}
    whole, hers = (assessment.told(FORM, (HER, HIM), answers, who) for who in (None, HER))
    ((section, (first,)),) = assessment.from_told(whole["sections"])
    assert (section.title, first.words("cy"), first.said("en")) == (BOTH, BOTH["cy"], "About both.")
    ((_, (second,)),) = assessment.from_told(hers["sections"])
    assert (second.answer, second.said("cy")) == ("2", BOTH["cy"])
    assert "About both." not in str(hers)
    assert HIM.hex not in str(hers)


def test_a_form_is_changed_piece_by_piece() -> None:
    """Added, changed, moved and taken out; ids are never given twice; what is not there is not found."""
    more = FORM.with_question("s1", replace(TEXT, id=FORM.new_id("q")))
    assert [one.id for one in more.section("s1").questions] == ["q1", "q3"]
    assert [one.id for one in more.moved("q3", -1).section("s1").questions] == ["q3", "q1"]
    assert more.moved("q3", 1) == more
    assert [one.id for one in more.moved("s1", 1).sections] == ["s2", "s1"]
    over = more.with_question("s2", replace(TEXT, id="q3"))
    assert over.question("q3")[0].id == "s2"
    assert [one.id for one in over.section("s1").questions] == ["q1"]
    titled = more.with_section(Section("s1", {"en": "New", "cy": "Newydd"}, True))
    assert (titled.section("s1").each_person, len(titled.section("s1").questions)) == (True, 2)
    assert [one.id for one in more.without("s2").sections] == ["s1"]
    for wanted in (lambda: FORM.section("s9"), lambda: FORM.question("q9")):
        with pytest.raises(NotFound):
            wanted()
