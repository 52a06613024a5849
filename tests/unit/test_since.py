"""What a restore does about each act of the record: a line for every one that the code can write, kept by the code."""

from typing import Any
from uuid import uuid4

import pytest

from exchange.core import since_acts
from exchange.core.since import Since, since
from exchange.core.since_acts import AGAIN, ASKED, COUNTED, DECIDES_TOO, HARMLESS, KNOWN, LOOKED, NOTHING
from exchange.core.waiting import TASKS
from exchange.web.console.acts import ACTS

IDS = ("account", "bar", "case", "concern", "consent", "cover", "message", "participant", "referral", "review")


def leaf(act: str, **said: Any) -> dict[str, Any]:
    """A leaf that says everything a leaf of any act says."""
    ids = {name: str(uuid4()) for name in IDS}
    words = {"kind": "recording", "scope": "take_part", "fact": "pause", "value": "on", "digest": "0" * 64}
    return {"act": act, "at": "2026-01-01T00:00:00.000000Z", **ids, **words, **said}


def test_every_act_has_a_line() -> None:
    """An act without one fails here, and so does a line for an act that nothing writes."""
    assert set(ACTS) - KNOWN == set()
    assert KNOWN - set(ACTS) == set()
    assert sum(len(acts) for acts in NOTHING.values()) == len(HARMLESS)
    assert not HARMLESS & (AGAIN | LOOKED | ASKED.keys() | COUNTED | DECIDES_TOO)
    assert set(ASKED.values()) <= set(TASKS)


@pytest.mark.parametrize("act", sorted(KNOWN))
def test_every_line_is_kept(act: str) -> None:
    """What is to be nothing leaves nothing but that the message was named; everything else is noticed."""
    said = leaf(act, kind="reset" if act.startswith("account") else "recording", reason="wrong_person")
    found = since([said])
    named = list(found.messages)
    if act in HARMLESS:
        assert not any(found.messages.values())
        assert found == Since(messages=dict.fromkeys(named, False), backups=found.backups)
    elif act in LOOKED | DECIDES_TOO:
        assert all(found.messages.values())
    elif act.endswith(".erased"):
        assert act in since_acts.AGAIN  # `core/erasures.py` reads these
    else:
        assert found != Since(messages=dict.fromkeys(named, False))
    if act in ASKED:
        assert list(found.asks.values()) != []


def test_an_act_that_stands_nowhere_is_taken_for_one_that_decided() -> None:
    """A newer version's, or an older one's."""
    assert list(since([leaf("message.unheard_of")]).messages.values()) == [True]


def test_what_was_asked_twice_is_one_task_and_what_is_done_none() -> None:
    """Until it was handed out, done or given up; another person's is another."""
    asked = leaf("stop.asked", outcome="pause")
    assert [ask.kind for ask in since([asked, asked]).asks.values()] == ["asked_to_stop"]
    copy = leaf("own_copy.prepared", request=str(uuid4()))
    assert len(since([copy, leaf("own_copy.prepared", request=str(uuid4()))]).asks) == 2
    assert not since([copy, {**copy, "act": "own_copy.handed_out"}]).asks
    task = leaf("task.added", kind="give_back", task=str(uuid4()))
    assert not since([task, {**task, "act": "task.done"}]).asks


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (leaf("stop.asked", outcome="replace"), "asked_to_replace"),
        (leaf("stop.asked", outcome="call"), "call_me"),
        (leaf("feedback.given", kind="talk_first"), "talk_first"),
        (leaf("feedback.given", kind="feedback"), "again_feedback"),
        (leaf("task.added", kind="not_for_me"), "not_for_me"),
        (leaf("release.revoked", reason="revoked"), None),
        (leaf("notice.failed", outcome="unknown"), "notice_unknown"),
        (leaf("fact.recorded", fact="hold", value="on"), "decide_hold"),
        (leaf("fact.recorded", fact="hold", value="off"), None),
        (leaf("fact.recorded", fact="status", value="died"), "decide_status"),
        (leaf("consent.given", scope="disclose"), "again_words"),
    ],
)
def test_the_task_says_what_was_asked(said: dict[str, Any], kind: str | None) -> None:
    """Where the leaf tells which of several it was."""
    assert [ask.kind for ask in since([said]).asks.values()] == ([kind] if kind else [])
