"""Tables for spreadsheets (RFC 4180): lines of ours out, and bytes of anybody in, as cells with their places.

UTF-8, with or without a byte order mark; `,` or `;` between cells, whichever the first line uses more; line breaks
within quotes stay. Nothing is guessed: what cannot be read for certain is a `Problem` with its line, and its column
where it has one. The first row names the columns; capitals and blanks around the names do not count.

A cell keeps what it says, formulas too: what leaves the service as a table is made harmless where it leaves
(`row`). The apostrophe that is put there before a formula is taken off again here.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 5_000

SENTENCES: dict[str, str] = {
    "too_large": "This file is too large: 4 MB and 5,000 lines of people at most. Divide it into parts.",
    "not_utf8": "This is not text in UTF-8. In your spreadsheet, save it as “CSV UTF-8”.",
    "quotes": "A quotation mark is not closed here, or stands where none can stand.",
    "empty": "There is nothing in this table below the names of the columns.",
    "no_column": "This column is missing. Start from the template.",
    "unknown_column": "This column is not known. Start from the template.",
    "column_twice": "This column is there twice.",
    "cells": "This line has more cells than there are columns.",
    "control": "This holds a character that cannot be kept.",
}
"""Why a table cannot be read; English, the sentence is the msgid."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
_MADE_HARMLESS = re.compile(r"\A'(?=\s*[=+\-@\t\r\n\0])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong, and where: a line of the file, counted from 1, a column by its name ("" the whole line)."""

    line: int
    column: str
    code: str


@dataclass(frozen=True)
class Row:
    """One row below the first: on which line it begins, and its cells by the names of their columns."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Read:
    """The rows that could be read, and everything that is wrong."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def read(untrusted: bytes, columns: Collection[str], needed: Collection[str]) -> Read:
    """The table's rows. `columns`: every name there may be; `needed`: those without which it says nothing."""
    try:
        text = untrusted.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _nothing(untrusted[: error.start].count(b"\n") + 1, "not_utf8")
    if len(untrusted) > MOST_BYTES:
        return _nothing(1, "too_large")
    lines = _lines(text)
    try:
        first, names = next(lines, (1, []))
        wrong = list(_names(first, names, columns, needed))
        if wrong:
            return Read((), tuple(wrong))
        return _rows(lines, [_plain(name) for name in names])
    except _Unreadable as error:
        return _nothing(error.line, "quotes")


class _Unreadable(Exception):
    """The row that begins on this line cannot be divided into cells."""

    def __init__(self, line: int) -> None:
        self.line = line


def _nothing(line: int, code: str) -> Read:
    return Read((), (Problem(line, "", code),))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins on; empty ones left out."""
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=max(",;", key=head.count))
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _Unreadable(line) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _plain(name: str) -> str:
    return name.strip().lower()


def _names(line: int, names: list[str], columns: Collection[str], needed: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the first row."""
    given = [_plain(name) for name in names]
    for at, name in enumerate(given):
        if name not in columns:
            yield Problem(line, name[:40], "unknown_column")
        elif name in given[:at]:
            yield Problem(line, name, "column_twice")
    for name in needed:
        if name not in given:
            yield Problem(line, name, "no_column")


def _rows(lines: Iterator[tuple[int, list[str]]], names: list[str]) -> Read:
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in lines:
        if len(rows) == MOST_ROWS:
            return _nothing(line, "too_large")
        given = [_cell(cell) for cell in cells]
        if any(given[len(names) :]):
            problems.append(Problem(line, "", "cells"))
        rows.append(Row(line, dict(zip(names, given + [""] * len(names), strict=False))))
        problems += [Problem(line, name, "control") for name, cell in rows[-1].cells.items() if _CONTROL.search(cell)]
    if not rows:
        problems.append(Problem(1, "", "empty"))
    return Read(tuple(rows), tuple(problems))


def _cell(untrusted: str) -> str:
    """The words of a cell: no blanks around them, one kind of line break, no apostrophe before a formula."""
    return _MADE_HARMLESS.sub("", untrusted.replace("\r\n", "\n").strip(), count=1).strip()


def row(cells: Iterable[str]) -> str:
    """One line of any table that leaves the service."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow([_safe(cell) for cell in cells])
    return written.getvalue()


def _safe(cell: str) -> str:
    """Behind an apostrophe where a spreadsheet could take it for a formula, whatever blanks stand before that."""
    begins = cell.lstrip(" ").startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA)
    return f"'{cell}" if begins else cell
