"""Replaying the record through the gate: one story that is right, and every way it could go wrong."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from exchange.core.audit_rules import replay
from exchange.core.export import parse_leaf
from exchange.core.leaf import check, dated
from tests.support.ledger import START, story

NAMES = ("case", "message", "approval", "share", "receive", "author", "recipient", "author_id",
         "recipient_id", "release", "link", "other")  # fmt: skip
IDS = {name: str(UUID(int=number)) for number, name in enumerate(NAMES, 1)}
STORY = story(IDS)
DIGEST = "ab" * 32
RELEASE = next(n for n, leaf in enumerate(STORY) if leaf["act"] == "release.created")
ABOUT = {"case": IDS["case"], "message": IDS["message"]}
RENEWED = {**STORY[-1], "act": "view.renewed"}
del RENEWED["event"], RENEWED["state_from"], RENEWED["state_to"]

Leaf = dict[str, Any]


def found(leaves: list[Leaf]) -> list[tuple[int, tuple[str, ...]]]:
    """Where the replay objects, and to what."""
    staff = {"kind": "staff", "id": UUID(int=99)}
    texts = [dated({"actor": staff, **leaf}, START + timedelta(minutes=n)) for n, leaf in enumerate(leaves)]
    parsed = [parse_leaf(text) for text in texts]
    for leaf in parsed:
        check(leaf)
    return [(violation.index, violation.reasons) for violation in replay(parsed)]


def fact(name: str, value: str, **more: Any) -> Leaf:
    """A fact that a facilitator recorded."""
    return {"act": "fact.recorded", "case": IDS["case"], "fact": name, "value": value, **more}


def gone(kind: str, who: str = "author_id", **more: Any) -> Leaf:
    """A consent that was withdrawn."""
    return {"act": "consent.withdrawn", "scope": kind, "participant": IDS[who], **more}


def test_a_right_story_has_no_violation() -> None:
    """Every access with its conditions is silent, renewals and the other two ways too."""
    ways = [{**STORY[RELEASE], "act": act} for act in ("release.presented", "release.printed")]
    for way in ways:
        del way["event"], way["state_from"], way["state_to"]
    assert found([*STORY, RENEWED, *ways]) == []


AFTERWARDS: dict[str, tuple[Leaf, str]] = {
    "approval returned": ({"act": "review.returned", **ABOUT}, "approval"),
    "approval retracted": ({"act": "review.retracted", **ABOUT, "event": "retract", "state_from": "opened",
                            "state_to": "withheld"}, "approval"),
    "withheld": ({"act": "review.withheld", **ABOUT, "state_to": "withheld"}, "stopped"),
    "a new revision": ({"act": "revision.made", **ABOUT, "digest": "cd" * 32}, "not_newest"),
    "a new revision voids consent": ({"act": "revision.made", **ABOUT, "digest": DIGEST}, "share_consent"),
    "share withdrawn": (gone("share", **ABOUT, digest=DIGEST), "share_consent"),
    "receive withdrawn": (gone("receive", "recipient_id", **ABOUT), "receive_consent"),
    "author no longer takes part": (gone("take_part", case=IDS["case"]), "author_takes_part"),
    "recipient no longer takes part": (gone("take_part", "recipient_id"), "recipient_takes_part"),
    "message withdrawn": ({"act": "message.withdrawn", **ABOUT, "state_to": "withdrawn"}, "stopped"),
    "case closed": ({"act": "case.closed", "case": IDS["case"]}, "case_closed"),
    "case paused": ({"act": "case.paused", "case": IDS["case"]}, "case_paused"),
    "paused by fact": (fact("pause", "on"), "case_paused"),
    "safety hold": (fact("hold", "on"), "safety_hold"),
    "concern": ({"act": "concern.raised", **ABOUT}, "safety_hold"),
    "contact order": (fact("contact_order", "in_force"), "contact_order"),
    "assessment gone": (fact("assessment", "none"), "assessment"),
    "assessment stale": (fact("assessment", "current", until=START), "assessment"),
    "recipient lost contact": (
        fact("status", "lost_contact", participant=IDS["recipient_id"]), "recipient_status"),
    "author died": (fact("status", "died", participant=IDS["author_id"]), "said_beforehand"),
    "link revoked": ({"act": "link.revoked", "link": IDS["link"]}, "grant"),
    "release revoked": ({"act": "release.revoked", "release": IDS["release"]}, "grant"),
}  # fmt: skip


@pytest.mark.parametrize(("event", "reason"), AFTERWARDS.values(), ids=AFTERWARDS.keys())
def test_access_after_a_condition_fell_is_listed(event: Leaf, reason: str) -> None:
    """The access that follows the event is listed with that reason; what came before is not."""
    [(index, reasons)] = found([*STORY, event, RENEWED])
    assert index == len(STORY) + 1
    assert reason in reasons


BACK: dict[str, list[Leaf]] = {
    "pause lifted": [fact("pause", "on"), fact("pause", "off")],
    "carve-out": [fact("contact_order", "in_force"), fact("carve_out", "recorded")],
    "consent given again": [gone("receive", **ABOUT),
                            {"act": "consent.given", "scope": "receive", **ABOUT, "consent": IDS["receive"]}],
    "another link revoked": [{"act": "link.revoked", "link": IDS["other"]}],
}  # fmt: skip


@pytest.mark.parametrize("events", BACK.values(), ids=BACK.keys())
def test_access_after_a_condition_came_back_is_not_listed(events: list[Leaf]) -> None:
    """What is in force again is in force."""
    assert found([*STORY, *events, RENEWED]) == []


def test_a_concern_that_ended_leaves_nothing_in_force() -> None:
    """Raising it voided approval and consents; ending it brings none of them back."""
    [(_, reasons)] = found([*STORY, {"act": "concern.raised", **ABOUT}, {"act": "concern.ended", **ABOUT}, RENEWED])
    assert {"approval", "share_consent", "receive_consent"} <= set(reasons)


def test_an_exception_counts_for_the_order_under_which_it_was_recorded() -> None:
    """A later order is not lifted by an earlier exception; an order or a pause that has run out stops nothing."""
    order, exception = fact("contact_order", "in_force"), fact("carve_out", "recorded")
    [(_, reasons)] = found([*STORY, order, exception, order, RENEWED])
    assert "contact_order" in reasons
    over = [fact("contact_order", "in_force", until=START), fact("pause", "on", until=START)]
    assert found([*STORY, *over, RENEWED]) == []


@pytest.mark.parametrize("step", range(RELEASE))
def test_each_step_left_out_shows(step: int) -> None:
    """Without any one of the steps before release, the release is listed (an offer is no condition)."""
    objections = found([*STORY[:step], *STORY[step + 1 :]])
    silent = {"offer.made", "message.put_in", "message.begun"}
    assert bool(objections) is (STORY[step]["act"] not in silent)


GROUNDS = {
    "approval": "approval", "consent_share": "share_consent", "consent_receive": "receive_consent",
    "consent_take_part": "take_part_consent", "digest": "not_newest", "release": "release",
}  # fmt: skip


@pytest.mark.parametrize(("name", "reason"), GROUNDS.items())
def test_grounds_that_are_not_in_force_are_listed(name: str, reason: str) -> None:
    """An access that names another approval, consent, digest or release than the one in force is listed."""
    wrong = "ef" * 32 if name == "digest" else IDS["other"]
    [(_, reasons)] = found([*STORY, {**RENEWED, name: wrong}])
    assert reason in reasons


def test_grounds_that_are_not_named_are_listed() -> None:
    """An access that names nothing has nothing."""
    bare = {"act": "view.opened", **ABOUT}
    [(_, reasons)] = found([*STORY, bare])
    missing = {"not_newest", "approval", "share_consent", "receive_consent"}
    assert missing | {"grant"} >= set(reasons) >= missing


PRESENTED = {"act": "presented.opened", **ABOUT, "release": IDS["release"]}


def test_a_presentation_stands_on_its_release() -> None:
    """It names its release only: silent while that holds, listed once it does not."""
    assert found([*STORY, PRESENTED, {**PRESENTED, "act": "presented.renewed"}]) == []
    for event in (gone("receive", **ABOUT), {"act": "release.revoked", **ABOUT},
                  {"act": "release.ended", **ABOUT, "release": IDS["release"]}):  # fmt: skip
        [(index, reasons)] = found([*STORY, event, PRESENTED])
        assert index == len(STORY) + 1
        assert {"receive_consent", "release"} & set(reasons)
    assert "release" in found([*STORY, {**PRESENTED, "release": IDS["other"]}])[0][1]
    assert "release" in found([*STORY, {"act": "presented.opened", **ABOUT}])[0][1]


def test_people_are_found_by_either_way() -> None:
    """Without author and recipient in the record, the named consents to take part say who they are."""
    story_without = [leaf for leaf in STORY if leaf["act"] != "message.begun"]
    assert found([*story_without, RENEWED]) == []
    assert found([*story_without, gone("take_part"), RENEWED])[0][1][0] == "recipient_takes_part"
    without_names = [{name: v for name, v in leaf.items() if name != "consent_take_part"} for leaf in STORY]
    assert found(without_names) == []


def test_a_move_outside_the_table_is_listed() -> None:
    """An access whose own move the transition table does not know is listed."""
    wrong = {**STORY[-1], "state_to": "approved"}
    assert [reasons for _, reasons in found([*STORY[:-1], wrong])] == [("transition",)]


def test_what_cannot_be_understood_is_a_violation() -> None:
    """A leaf that fits the schema and makes no sense is listed, and stops nothing."""
    odd = [
        {"act": "message.put_in", **ABOUT, "state_to": "nowhere"},
        {"act": "view.opened", "message": [IDS["other"]]},
    ]
    assert [reasons for _, reasons in found([*STORY, *odd])] == [("unreadable",)] * 2


def test_a_violation_reads_as_a_sentence() -> None:
    """Entry, act, message and reasons, in one line."""
    leaf = {"act": "view.opened", "at": "2026-03-03T14:15:00.000000Z", "message": "m"}
    [violation] = replay([leaf])
    assert str(violation).startswith("entry 0: view.opened of message m without case_closed")
