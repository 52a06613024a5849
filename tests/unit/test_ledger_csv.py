"""The record as a table: every entry on one line, nothing lost, and no cell that a spreadsheet would work out."""

import csv
import io
import json

import pytest

from exchange.core import export_csv
from tests.support.ledger import leaves


def cells(line: str) -> dict[str, str]:
    """One line read back."""
    (row,) = csv.reader(io.StringIO(line, newline=""))
    return dict(zip(export_csv.COLUMNS, row, strict=True))


def test_every_field_of_an_entry_is_in_its_line() -> None:
    """In a column of its own, or in the last as name=value."""
    for number, text in enumerate(leaves(25)):
        found, leaf = cells(export_csv.line(number, text)), json.loads(text)
        assert (found["number"], found["at"], found["act"]) == (str(number), leaf["at"], leaf["act"])
        assert (found["actor kind"], found["actor id"]) == (leaf["actor"]["kind"], leaf["actor"].get("id", ""))
        more = dict(one.split("=", 1) for one in found["more"].split())
        for name in leaf.keys() - {"v", "actor"}:
            value = leaf[name]
            spelled = ",".join(value) if isinstance(value, list) else str(value)
            assert (more.get(name) or found[name]) == spelled


def test_the_first_line_names_the_columns() -> None:
    """As RFC 4180 has it, with its line end."""
    assert export_csv.header().startswith('"number","at","act",')
    assert export_csv.header().endswith('"more"\r\n')


@pytest.mark.parametrize(
    "untrusted",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\0=1",
        "\xa0=1",
        "\v@A1",
        " \twords",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_is_a_formula(untrusted: str) -> None:
    """Even in a row that somebody put into the database by hand: it stays one line and begins with an apostrophe."""
    leaf = {"act": untrusted, "actor": {"kind": untrusted, "id": untrusted}, "at": untrusted, "case": untrusted}
    found = cells(export_csv.line(1, json.dumps(leaf)))
    for name in ("act", "at", "case", "actor kind", "actor id"):
        assert found[name] == f"'{untrusted}"


@pytest.mark.parametrize("untrusted", ["", "{", "[]", "1.5", '{"act":1.5}'])
def test_what_cannot_be_read_is_said(untrusted: str) -> None:
    """And does not end the table."""
    assert cells(export_csv.line(3, untrusted)) | {"number": "3", "more": export_csv.UNREADABLE} == cells(
        export_csv.line(3, untrusted)
    )


def test_quotes_and_ends_of_lines_stay_inside_their_cell() -> None:
    """A value cannot begin a new row."""
    leaf = {"act": 'a","=1', "actor": "none", "at": "x\r\n=1", "flag": True, "list": [1, 2]}
    found = cells(export_csv.line(1, json.dumps(leaf)))
    assert (found["act"], found["at"], found["more"]) == ('a","=1', "x\r\n=1", "flag=true list=1,2")
