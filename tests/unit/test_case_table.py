"""A table of cases: what it may say, and every mistake at its line and column."""

from datetime import date

import pytest

from exchange.core import case_table, csv_table
from exchange.core.case_table import COLUMNS, NEEDED, SENTENCES, CaseTable, parse
from exchange.core.case_types import CaseType
from exchange.core.csv_table import MOST_ROWS, Problem
from exchange.core.model import Channel, Side

TODAY = date(2026, 11, 23)
HEAD = "reference,kind,facilitator,side,name,form_of_name,contact_means"
WREN = "RJ-1A1,serious,jo,harmed,Wren Finch,Wren,phone"
ASH = "RJ-1A1,,,responsible,Ash Grove,Ash,post"


def of(*lines: str) -> CaseTable:
    """A table of these lines below the usual head."""
    return parse("\n".join((HEAD, *lines)).encode(), TODAY)


def test_lines_of_one_reference_are_one_case() -> None:
    """Kind and facilitator stand on its first line; the others may leave them out."""
    (found,) = of(WREN, ASH).cases
    assert (found.reference, found.type, found.facilitator, found.line) == ("RJ-1A1", CaseType.SERIOUS, "jo", 2)
    assert [(one.side, one.name, one.means, one.line) for one in found.people] == [
        (Side.HARMED, "Wren Finch", Channel.PHONE, 2), (Side.RESPONSIBLE, "Ash Grove", Channel.POST, 3),
    ]  # fmt: skip


def test_the_template_is_a_table_without_a_mistake() -> None:
    """With every column; whoever is under 18 has a day, nobody else."""
    found = parse(case_table.template().encode(), TODAY)
    assert found.problems == ()
    assert [one.of_age for one in found.cases[0].people] == [None, date(2028, 3, 27)]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("between", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_separators_and_line_ends_of_spreadsheets_are_read(mark: str, between: str, end: str) -> None:
    """With or without a byte order mark, with commas or semicolons; a line break within quotes stays one."""
    columns = f"{HEAD},needs".replace(",", between)
    line = f"{WREN},".replace(",", between) + f'"large print{end}and, or; ""time"""'
    (found,) = parse((mark + columns + end + line + end + end).encode(), TODAY).cases
    assert found.people[0].needs == 'large print\nand, or; "time"'


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """A line break within quotes, an empty line: the mistake is still found where it stands."""
    text = f'{HEAD},needs\n{WREN},"one\ntwo\nthree"\n\n{ASH.replace("responsible", "other")},\n'
    assert parse(text.encode(), TODAY).problems == (Problem(6, "side", "side"),)


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        (["RJ-1A1,mild,jo,harmed,Wren,W,phone"], [(2, "kind", "kind")]),
        (["RJ-1A1,,jo,harmed,Wren,W,phone"], [(2, "kind", "missing")]),
        (["RJ-1A1,general,jo,victim,Wren,W,pigeon"], [(2, "contact_means", "contact_means"), (2, "side", "side")]),
        (["RJ-1A1,general,jo,harmed, ,W,phone"], [(2, "name", "missing")]),
        ([f"RJ-1A1,general,jo,harmed,{'x' * 201},W,phone"], [(2, "name", "too_long")]),
        (["Rook,general,jo,harmed,Wren,W,phone"], [(2, "reference", "reference")]),
        (["FINCH-1,general,jo,harmed,Wren Finch,W,phone"], [(2, "reference", "reference_names")]),
        ([WREN, ASH.replace(",,,", ",,sam,")], [(3, "facilitator", "differs")]),
        ([WREN, WREN], [(3, "name", "twice")]),
        ([WREN + ",more"], [(2, "", "cells")]),
        ([WREN.replace("Finch", "Fi\x07nch")], [(2, "name", "control")]),
        ([WREN, 'RJ-2,"general,jo'], [(3, "", "quotes")]),
        (['RJ-1A1,"general" or so,jo,harmed,Wren,W,phone'], [(2, "", "quotes")]),
        ([], [(1, "", "empty")]),
    ],
)
def test_every_mistake_has_its_line_and_column(lines: list[str], problems: list[tuple[int, str, str]]) -> None:
    """And where there is one nothing of the table can be used."""
    assert of(*lines) == CaseTable((), tuple(Problem(*one) for one in problems))


@pytest.mark.parametrize(
    ("head", "problems"),
    [
        (HEAD + ",name", [Problem(1, "name", "column_twice")]),
        (HEAD + ",colour", [Problem(1, "colour", "unknown_column")]),
        (HEAD.replace(",side", ""), [Problem(1, "side", "no_column")]),
        ("", [Problem(1, name, "no_column") for name in sorted(NEEDED)]),
    ],
)
def test_columns_are_known_there_and_there_once(head: str, problems: list[Problem]) -> None:
    """A column that is not known is no column that is left out."""
    assert list(parse(head.encode(), TODAY).problems) == problems


def test_what_is_no_text_is_refused_with_its_line() -> None:
    """Another encoding, UTF-16, and what is too much."""
    told = f"{HEAD}\n{WREN}\n".encode() + ASH.replace("Ash", "Ashé").encode("latin-1")
    assert parse(told, TODAY).problems == (Problem(3, "", "not_utf8"),)
    assert parse(HEAD.encode("utf-16"), TODAY).problems == (Problem(1, "", "not_utf8"),)
    assert parse(b"x" * (csv_table.MOST_BYTES + 1), TODAY).problems == (Problem(1, "", "too_large"),)
    assert of(*[WREN] * (MOST_ROWS + 1)).problems == (Problem(MOST_ROWS + 2, "", "too_large"),)


@pytest.mark.parametrize("born", ["2026-11-24", "1899-12-31", "2010-02-30", "27.3.2010", "2010", "soon"])
def test_a_day_that_cannot_be_is_no_date_of_birth(born: str) -> None:
    """Neither to come nor unknown to the calendar."""
    found = parse(f"{HEAD},date_of_birth\n{WREN},{born}".encode(), TODAY)
    assert found.problems == (Problem(2, "date_of_birth", "date_of_birth"),)


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        ("2008-11-23", None),
        ("24/11/2008", date(2026, 11, 24)),
        ("2012-02-29", date(2030, 3, 1)),
        ("1970-01-01", None),
        ("", None),
    ],
)
def test_of_a_date_of_birth_only_the_day_of_coming_of_age_is_taken(born: str, of_age: date | None) -> None:
    """And only of somebody for whom it is still to come."""
    (found,) = parse(f"{HEAD},date_of_birth\n{WREN},{born}".encode(), TODAY).cases
    assert found.people[0].of_age == of_age


@pytest.mark.parametrize("words", ["=1+1", "+44 1632 960001", "-1", "@home", '=HYPERLINK("x")', " =2"])
def test_a_formula_stays_text_and_leaves_harmless(words: str) -> None:
    """As it was written it is kept; in a table that leaves it has its apostrophe, and loses it coming back."""
    first = csv_table.row((*WREN.split(","), words))
    (found,) = parse(f"{HEAD},contact_address\n{first}".encode(), TODAY).cases
    assert found.people[0].address == words.strip()
    assert csv_table.row((found.people[0].address,)).startswith("\"'")


def test_everything_that_may_be_wrong_has_a_sentence() -> None:
    """Each column's own, and the reader's."""
    assert set(csv_table.SENTENCES) < set(SENTENCES)
    assert set(COLUMNS) >= set(NEEDED)
    assert set(case_table._LISTED) <= set(SENTENCES)
