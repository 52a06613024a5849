"""What a leaf may say: names, addresses and free text have no way in."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
import rfc8785

from exchange.core.leaf import ACTOR, FIELDS, LeafRefused, check, dated, undated
from tests.support.ledger import fields

STAFF = {"kind": "staff", "id": UUID(int=7)}
GOOD = {"act": "view.opened", "actor": STAFF}
KNOWN = {"act": "view.opened", "actor": {"kind": "system"}, "at": "2026-03-03T14:15:01.000020Z"}
AT = datetime(2026, 3, 3, 14, 15, 1, 20, tzinfo=UTC)


class Word(StrEnum):
    """A word of the code's own."""

    WITH_ME = "with_me"


def test_a_leaf_is_canonical_json() -> None:
    """Field order does not matter, nothing is optional in the form, and the database's place is marked."""
    text = undated({"part": "page-1", **GOOD, "count": 3, "note": None, "reason": None})
    expected = {"act": "view.opened", "actor": {"id": str(UUID(int=7)), "kind": "staff"}, "at": "@"}
    assert text.encode() == rfc8785.dumps({**expected, "count": 3, "part": "page-1", "v": 1})
    assert dated(GOOD, AT) == undated(GOOD).replace('"@"', '"2026-03-03T14:15:01.000020Z"')


def test_what_callers_have_at_hand_is_written_plainly() -> None:
    """UUIDs, enums, bytes, tuples and times of any zone become ids, words, hex, lists and UTC."""
    paris = timezone(timedelta(hours=1))
    text = undated(
        {**GOOD, "case": UUID(int=1), "way": Word.WITH_ME, "digest": bytes(32), "tick": ("right_people",),
         "until": AT.astimezone(paris)}
    )  # fmt: skip
    for piece in (f'"case":"{UUID(int=1)}"', '"way":"with_me"', f'"digest":"{"00" * 32}"',
                  '"tick":["right_people"]', '"until":"2026-03-03T14:15:01.000020Z"'):  # fmt: skip
        assert piece in text


@pytest.mark.parametrize(
    "more",
    [
        {"name": "Anna"},
        {"reason": "She was afraid"},
        {"reason": "Anna"},
        {"case": "Anna Example"},
        {"case": "anna"},
        {"participant": "anna@example.org"},
        {"object": "letters/Anna Example.docx"},
        {"keyed": "07700 900123"},
        {"part": "page 1"},
        {"digest": "ab" * 31},
        {"digest": "AB" * 32},
        {"count": -1},
        {"count": True},
        {"count": 1.5},
        {"count": 2**53},
        {"value": "two words"},
        {"until": "tomorrow"},
        {"until": datetime(2026, 3, 3)},  # noqa: DTZ001  # without a zone on purpose
        {"approval": [UUID(int=n) for n in range(33)]},
        {"approval": [[UUID(int=1)]]},
        {"reason": {"free": "text"}},
        {"v": 1},
        {"at": "2026-03-03T14:15:01.000020Z"},
        {"act": "opened"},
        {"act": ["view.opened"]},
        {"act": "View.opened"},
        {"actor": "staff"},
        {"actor": {"kind": "staff"}},
        {"actor": {"id": UUID(int=7)}},
        {"actor": {**STAFF, "name": "anna"}},
        {"actor": {"kind": "Anna", "id": UUID(int=7)}},
        {"object": ...},
        {"approval": [bytes(64)] * 32},
    ],
    ids=repr,
)
def test_anything_else_is_refused(more: dict[str, Any]) -> None:
    """An unknown key, or a value that does not fit its key, is LeafRefused and says nothing of the value."""
    with pytest.raises(LeafRefused) as caught:
        undated({**GOOD, **more})
    assert "anna" not in str(caught.value).lower()


@pytest.mark.parametrize("missing", ["act", "actor"])
def test_act_and_actor_are_needed(missing: str) -> None:
    """A leaf without them is refused."""
    with pytest.raises(LeafRefused):
        undated({name: value for name, value in GOOD.items() if name != missing})


def test_the_system_needs_no_id() -> None:
    """A worker process has a role and no account."""
    assert '"kind":"system"' in undated({**GOOD, "actor": {"kind": "system", "role": "worker"}})


def test_no_field_takes_free_text() -> None:
    """No key of the table lets a sentence, a name in capitals or an address through, alone or in a list."""
    texts = ["Anna", "anna example", "a@b.org", "12 High St", "", "\u00e9", "a\nb"]
    for name in FIELDS:
        for text in texts:
            for value in (text, [text]):
                with pytest.raises(LeafRefused):
                    check({**KNOWN, "v": 1, name: value})
    assert set(ACTOR) == {"kind", "id", "role"}


def test_unknown_versions_are_refused() -> None:
    """A leaf of version 2 is not taken for one of version 1."""
    check({**KNOWN, "v": 1})
    for version in (2, "1", True, None):
        with pytest.raises(LeafRefused):
            check({**KNOWN, "v": version})


def test_plausible_leaves_fit() -> None:
    """The leaves that other tests use are leaves."""
    assert all(undated(fields(number)) for number in range(50))
