"""Cases from another system, as a table: one line for each person, lines with the same reference make one case.

What a line may say, and what each cell must look like; every mistake with its line and column. The reference is the
case's own from then on, and by it a case that is already here is known again: so it must not say who the people are.
Of a date of birth only this is kept: of somebody under 18 the day on which they come of age.

It does not know which accounts and cases there are (`steps/importing.py`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from exchange.core import csv_table
from exchange.core.case_types import CaseType
from exchange.core.csv_table import Problem, Row
from exchange.core.model import Channel, Side

COLUMNS: dict[str, int] = {
    "reference": 20,
    "kind": 40,
    "facilitator": 200,
    "side": 40,
    "name": 200,
    "form_of_name": 100,
    "language": 10,
    "contact_means": 40,
    "contact_address": 300,
    "contact_hours": 300,
    "contact_words": 600,
    "who_may_answer": 300,
    "needs": 2_000,
    "custody": 10,
    "date_of_birth": 10,
}
"""Every column, and how many characters a cell of it may have."""
NEEDED = ("reference", "kind", "facilitator", "side", "name", "form_of_name", "contact_means")
OF_CASE = ("kind", "facilitator")
"""What belongs to the case: below its first line it may be left empty, and must not say something else."""
EXAMPLE = (
    ("RJ-2026-014", "general", "jo", "harmed", "Wren Example", "Wren", "en", "phone", "01632 960 001",
     "weekdays after 6 pm", "Say that it is the library", "Only Wren", "large print", "no", ""),
    ("RJ-2026-014", "", "", "responsible", "Ash Example", "Ash", "cy", "post", "1 Example Street, Anytown",
     "", "", "", "", "no", "2010-03-27"),
)  # fmt: skip
"""What the template shows; made-up people."""
ADULT = 18

SENTENCES: dict[str, str] = {
    **csv_table.SENTENCES,
    "missing": "This must not be empty.",
    "too_long": "This is too long.",
    "reference": "A reference has 3 to 20 capital letters, digits and hyphens, and at least one digit.",
    "reference_names": "This reference holds a name of somebody in the case. Everybody who sees it would know.",
    "kind": "Not a kind of case. It is one of: general, serious, gender_violence, young, custody.",
    "side": "It is one of: harmed, responsible.",
    "language": "It is en or cy, or empty for English.",
    "contact_means": "It is one of: email, text, phone, in_person, post, print.",
    "custody": "It is yes or no, or empty for no.",
    "date_of_birth": "Write it as 2010-03-27 or 27/03/2010, a real day that has been.",
    "differs": "Another line of this case says something else here.",
    "twice": "This person is in this case already, further up.",
    "no_account": "No active facilitator or supervisor signs in by this name.",
}
"""What may be wrong with a table of cases; English, the sentence is the msgid."""

_REFERENCE = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9-]{1,18}[A-Z0-9]")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_WORDS = re.compile(r"[^\W\d_]{3,}")
_EARLIEST = 1900


@dataclass(frozen=True)
class Person:
    """One line: somebody in a case. `of_age`: the day they become 18, None of an adult and where it is not said."""

    line: int
    side: Side
    name: str
    form_of_name: str
    language: str
    means: Channel
    address: str
    hours: str
    words: str
    who_may_answer: str
    needs: str
    custody: bool
    of_age: date | None


@dataclass(frozen=True)
class NewCase:
    """All lines of one reference. `facilitator`: a sign-in name, as it was written."""

    line: int
    reference: str
    type: CaseType
    facilitator: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class CaseTable:
    """The cases of a table in their order, and what is wrong. Where anything is, nothing of it is to be used."""

    cases: tuple[NewCase, ...]
    problems: tuple[Problem, ...]


def parse(untrusted: bytes, today: date) -> CaseTable:
    """What the table says. `today`: in the service's zone, for who is under 18."""
    found = csv_table.read(untrusted, COLUMNS, NEEDED)
    groups: dict[str, list[Row]] = {}
    for row in found.rows:
        groups.setdefault(row.cells["reference"].upper(), []).append(row)
    problems = {*found.problems}
    for reference, rows in groups.items():
        problems.update(_wrong(reference, rows, today))
    if problems:
        return CaseTable((), tuple(sorted(problems)))
    return CaseTable(tuple(_case(reference, rows, today) for reference, rows in groups.items()), ())


def template() -> str:
    """The table to begin with: the names of the columns and one case of made-up people."""
    return "\ufeff" + "".join(csv_table.row(cells) for cells in (tuple(COLUMNS), *EXAMPLE))


def _wrong(reference: str, rows: list[Row], today: date) -> Iterator[Problem]:
    """Everything that is wrong with the lines of one case."""
    first, met = rows[0], set()
    for row in rows:
        yield from (Problem(row.line, column, code) for column, code in _cells(row, first, today))
        person = (row.cells["side"].lower(), row.cells["name"].casefold())
        if person in met:
            yield Problem(row.line, "name", "twice")
        met.add(person)
    names = {word.casefold() for row in rows for word in _WORDS.findall(row.cells["name"])}
    if names & {word.casefold() for word in _WORDS.findall(reference)}:
        yield Problem(first.line, "reference", "reference_names")


def _cells(row: Row, first: Row, today: date) -> Iterator[tuple[str, str]]:
    """(column, what is wrong) of one line."""
    for column, cell in row.cells.items():
        if len(cell) > COLUMNS[column]:
            yield column, "too_long"
        elif not cell and column in NEEDED and not (column in OF_CASE and row is not first):
            yield column, "missing"
        elif column in OF_CASE and cell and cell.casefold() != first.cells[column].casefold():
            yield column, "differs"
        elif cell and not _fits(column, cell, today):
            yield column, column


def _fits(column: str, cell: str, today: date) -> bool:
    if column == "date_of_birth":
        born = _day(cell)
        return born is not None and born.year >= _EARLIEST and born <= today
    if column == "reference":
        return _REFERENCE.fullmatch(cell.upper()) is not None
    return column not in _LISTED or cell.lower() in _LISTED[column]


_LISTED: dict[str, tuple[str, ...]] = {
    "kind": tuple(CaseType),
    "side": tuple(Side),
    "language": ("en", "cy"),
    "contact_means": tuple(Channel),
    "custody": ("yes", "no"),
}


def _case(reference: str, rows: list[Row], today: date) -> NewCase:
    """One case, of lines in which nothing is wrong."""
    first = rows[0]
    people = tuple(_person(row, today) for row in rows)
    kind = CaseType(first.cells["kind"].lower())
    return NewCase(first.line, reference, kind, first.cells["facilitator"], people)


def _person(row: Row, today: date) -> Person:
    cells = {name: row.cells.get(name, "") for name in COLUMNS}
    return Person(
        line=row.line,
        side=Side(cells["side"].lower()),
        name=cells["name"],
        form_of_name=cells["form_of_name"],
        language=cells["language"].lower() or "en",
        means=Channel(cells["contact_means"].lower()),
        address=cells["contact_address"],
        hours=cells["contact_hours"],
        words=cells["contact_words"],
        who_may_answer=cells["who_may_answer"],
        needs=cells["needs"],
        custody=cells["custody"].lower() == "yes",
        of_age=_of_age(_day(cells["date_of_birth"]), today),
    )


def _day(cell: str) -> date | None:
    """The day that a cell names; None where it names none."""
    if found := _ISO.fullmatch(cell):
        year, month, day = map(int, found.groups())
    elif found := _BRITISH.fullmatch(cell):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _of_age(born: date | None, today: date) -> date | None:
    """The day on which they become 18 if it is still to come; of somebody born on 29 February, 1 March."""
    if born is None:
        return None
    year = born.year + ADULT
    try:
        day = born.replace(year=year)
    except ValueError:
        day = date(year, 3, 1)
    return day if day > today else None
