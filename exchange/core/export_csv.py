"""The record as a table for spreadsheets (RFC 4180): to look through and sort, not to check; JSON Lines is for that.

A cell that a spreadsheet could take for a formula gets an apostrophe before it (core/csv_table.py). No leaf that this
service writes begins so (core/leaf.py); a row that somebody put into the database could.
"""

from exchange.core.csv_table import row
from exchange.core.export import BadExport, Leaf, parse_leaf

COLUMNS = (
    "number", "at", "act", "actor kind", "actor id", "actor role", "case", "message", "participant", "account",
    "outcome", "more",
)  # fmt: skip
UNREADABLE = "this entry cannot be read"

_OWN = frozenset({"at", "act", "case", "message", "participant", "account", "outcome"})


def header() -> str:
    """The first line."""
    return row(COLUMNS)


def line(index: int, text: str) -> str:
    """One entry; every field that has no column of its own stands in the last, as name=value."""
    try:
        leaf = parse_leaf(text)
    except BadExport:
        return row((str(index), *[""] * (len(COLUMNS) - 2), UNREADABLE))
    actor = leaf.get("actor")
    who: Leaf = actor if isinstance(actor, dict) else {}
    more = " ".join(f"{name}={_value(leaf[name])}" for name in sorted(leaf.keys() - _OWN - {"actor", "v"}))
    cells = {**{name: _value(leaf.get(name, "")) for name in _OWN}, "number": str(index), "more": more}
    cells |= {f"actor {name}": _value(who.get(name, "")) for name in ("kind", "id", "role")}
    return row(cells[name] for name in COLUMNS)


def _value(found: object) -> str:
    if isinstance(found, bool):
        return str(found).lower()
    return ",".join(map(_value, found)) if isinstance(found, list) else str(found)
