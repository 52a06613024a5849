"""The form of a risk assessment (rule 11), which the service writes itself, and what an assessment made with it holds.

A form is sections of questions, each in both languages; a section is asked once about the case, or once about each
person in it. Forms are versions: a new one never changes an old one, and an assessment keeps the words of the form it
was made with (`told`), so that it can be read as it was asked.

It stores nothing and knows no page; the words of the kinds and levels are the pages'.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from exchange.core.errors import BadInput, NotFound

LANGUAGES = ("en", "cy")
MOST_SECTIONS, MOST_QUESTIONS, MOST_CHOICES = 20, 60, 10
LONGEST_WORDS, LONGEST_CHOICE, LONGEST_ANSWER = 300, 100, 4_000
Words = Mapping[str, str]
"""One text in each of LANGUAGES."""


class Kind(StrEnum):
    """How a question is answered."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    TEXT = "text"
    LEVEL = "level"


FIXED: dict[Kind, tuple[str, ...]] = {
    Kind.YES_NO: ("yes", "no", "not_known"),
    Kind.LEVEL: ("none", "low", "medium", "high", "not_known"),
}
"""The answers of kinds that bring their own."""


@dataclass(frozen=True)
class Question:
    """One question. `choices` are of kind CHOICE only; `needed`: an assessment without an answer is not taken."""

    id: str
    kind: Kind
    words: Words
    choices: tuple[Words, ...] = ()
    needed: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """What may be answered; () for free text. A choice is its number, from 1."""
        if self.kind is Kind.CHOICE:
            return tuple(str(number) for number in range(1, len(self.choices) + 1))
        return FIXED.get(self.kind, ())


@dataclass(frozen=True)
class Section:
    """Questions under a heading; `each_person`: asked about everybody in the case."""

    id: str
    title: Words
    each_person: bool = False
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Form:
    """A whole form."""

    sections: tuple[Section, ...] = ()

    def section(self, section_id: str) -> Section:
        """One section; `NotFound` for none."""
        found = next((one for one in self.sections if one.id == section_id), None)
        if found is None:
            raise NotFound
        return found

    def question(self, question_id: str) -> tuple[Section, Question]:
        """One question and its section; `NotFound` for none."""
        for section in self.sections:
            for question in section.questions:
                if question.id == question_id:
                    return section, question
        raise NotFound

    def new_id(self, letter: str) -> str:
        """An id that nothing in the form has: "s7" or "q7"."""
        taken = {section.id for section in self.sections}
        taken |= {question.id for section in self.sections for question in section.questions}
        return next(name for number in range(1, len(taken) + 2) if (name := f"{letter}{number}") not in taken)

    def with_section(self, section: Section) -> "Form":
        """This section in its place, or at the end; its questions stay as they are."""
        known = {one.id: one for one in self.sections}
        kept = known.get(section.id)
        known[section.id] = replace(section, questions=kept.questions if kept else section.questions)
        return Form(tuple(known.values()))

    def with_question(self, section_id: str, question: Question) -> "Form":
        """This question in its place; at the end of the section where it is new or was in another one."""
        self.section(section_id)
        return Form(tuple(_put(one, question) if one.id == section_id else _without(one, question.id)
                          for one in self.sections))  # fmt: skip

    def without(self, an_id: str) -> "Form":
        """Without this section or question."""
        return Form(tuple(_without(one, an_id) for one in self.sections if one.id != an_id))

    def moved(self, an_id: str, by: int) -> "Form":
        """A section among the sections, or a question among those of its section, earlier (-1) or later (1)."""
        return Form(tuple(replace(one, questions=_moved(one.questions, an_id, by))
                          for one in _moved(self.sections, an_id, by)))  # fmt: skip


def _put(section: Section, question: Question) -> Section:
    known = {one.id: one for one in section.questions} | {question.id: question}
    return replace(section, questions=tuple(known.values()))


def _without(section: Section, an_id: str) -> Section:
    return replace(section, questions=tuple(one for one in section.questions if one.id != an_id))


def _moved(among: tuple[Any, ...], an_id: str, by: int) -> tuple[Any, ...]:
    at = next((number for number, one in enumerate(among) if one.id == an_id), None)
    if at is None or not 0 <= at + by < len(among):
        return among
    rest = [*among[:at], *among[at + 1 :]]
    return (*rest[: at + by], among[at], *rest[at + by :])


def plain(form: Form) -> dict[str, Any]:
    """As JSON."""
    return asdict(form)


def from_plain(stored: Mapping[str, Any]) -> Form:
    """What `plain` wrote."""
    return Form(tuple(_section(one) for one in stored["sections"]))


def _section(one: Mapping[str, Any]) -> Section:
    return Section(one["id"], one["title"], one["each_person"], tuple(_question(each) for each in one["questions"]))


def _question(one: Mapping[str, Any]) -> Question:
    return Question(one["id"], Kind(one["kind"]), one["words"], tuple(one["choices"]), one["needed"])


def checked(form: Form) -> Form:
    """A form that can be used. Raises BadInput, its field named, for the first thing that is wrong."""
    questions = [question for section in form.sections for question in section.questions]
    if not questions or any(not section.questions for section in form.sections):
        raise BadInput("Every section needs a question, and the form needs a section.", field="form")
    if len(form.sections) > MOST_SECTIONS or len(questions) > MOST_QUESTIONS:
        raise BadInput("This form is too long. A form that nobody finishes protects nobody.", field="form")
    for section in form.sections:
        checked_words(section.title, "title")
    for question in questions:
        checked_question(question)
    return form


def checked_question(question: Question) -> Question:
    """A question that can be asked, in both languages."""
    checked_words(question.words, "words")
    if question.kind is Kind.CHOICE and not 2 <= len(question.choices) <= MOST_CHOICES:
        raise BadInput("Write two to ten answers, one per line.", field="choices_en")
    if question.kind is not Kind.CHOICE and question.choices:
        raise BadInput("Only a choice has answers of its own.", field="choices_en")
    for choice in question.choices:
        checked_words(choice, "choices", LONGEST_CHOICE)
    return question


def checked_words(words: Words, name: str, longest: int = LONGEST_WORDS) -> Words:
    """Something in each language, on one line. BadInput names the field: `name` and the language."""
    for language in LANGUAGES:
        text = words.get(language, "")
        if not text.strip():
            raise BadInput("Write this in both languages.", field=f"{name}_{language}")
        if len(text) > longest or not text.isprintable():
            raise BadInput("This is too long. Short questions are answered, long ones are not.",
                           field=f"{name}_{language}")  # fmt: skip
    return words


@dataclass(frozen=True)
class Asked:
    """One question as it is asked: about the case, or about one person. `name` is its field."""

    section: Section
    question: Question
    person: UUID | None = None
    name: str = field(default="")


def asked(form: Form, people: tuple[UUID, ...]) -> Iterator[Asked]:
    """Every question in the form's order; a section about each person is asked for one after the other."""
    for section in form.sections:
        for person in people if section.each_person else (None,):
            for question in section.questions:
                ending = f"_{person.hex}" if person else ""
                yield Asked(section, question, person, question.id + ending)


def wrong(form: Form, people: tuple[UUID, ...], answers: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field: "needed", "choose" or "too_long"; {} where these answers can be kept."""
    return {one.name: code for one in asked(form, people) if (code := _wrong(one.question, answers.get(one.name, "")))}


def _wrong(question: Question, answer: str) -> str:
    if not answer.strip():
        return "needed" if question.needed else ""
    if question.kind is Kind.TEXT:
        return "too_long" if len(answer) > LONGEST_ANSWER else ""
    return "" if answer in question.codes else "choose"


def told(form: Form, people: tuple[UUID, ...], answers: Mapping[str, str], person: UUID | None) -> dict[str, Any]:
    """What is kept about the case (`person` None) or one person: each section with its questions, in the words in
    which they were asked, and their answers. As JSON; `from_told` reads it."""
    return {"v": 1, "sections": [
        asdict(replace(section, questions=())) | {"questions": [
            asdict(one.question) | {"answer": answers.get(one.name, "").strip()}
            for one in asked(Form((section,)), people) if one.person == person
        ]}
        for section in form.sections if section.each_person == (person is not None)
    ]}  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """A question as it was asked, and its answer: a code, or the words."""

    question: Question
    answer: str

    def words(self, language: str) -> str:
        """The question in this language."""
        return self.question.words.get(language) or self.question.words["en"]

    def said(self, language: str) -> str:
        """The words of a choice or a text in this language; "" for a code of FIXED, whose words are the page's."""
        if self.question.kind is Kind.CHOICE and self.answer in self.question.codes:
            choice = self.question.choices[int(self.answer) - 1]
            return choice.get(language) or choice["en"]
        return self.answer if self.question.kind is Kind.TEXT else ""


def from_told(sections: Iterable[Mapping[str, Any]]) -> list[tuple[Section, list[Answered]]]:
    """The sections that `told` wrote, read."""
    return [
        (_section(one), [Answered(_question(each), each["answer"]) for each in one["questions"]]) for one in sections
    ]
