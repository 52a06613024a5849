"""Closing a case: what is open, what becomes of it; and follow-up afterwards. The closing itself is its state."""

from uuid import UUID

from exchange.core import closing as rule
from exchange.core.access import Permission
from exchange.core.closing import What, Word
from exchange.steps import closing
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Moment, Words
from exchange.web.api.shapes import Word as Code


class OpenThing(Answer):
    """One thing. `about`: its id; `choices`: what may be decided, none where it must be ended where it belongs."""

    what: What
    about: UUID
    state: str
    choices: list[Word]
    decided: Word | None
    settled: bool


class OpenThings(Answer):
    """Everything that is open in a case. It can be closed when all of it is settled."""

    open: list[OpenThing]


class OneDecision(Asked):
    """What becomes of one thing."""

    what: What
    about: UUID
    word: Word


class Decisions(Asked):
    """What becomes of some things, all or nothing."""

    decisions: list[OneDecision]


class FollowUp(Asked):
    """How people are after closing. `again`: when they are asked once more."""

    value: Code
    words: Words
    again: Moment | None = None


async def still_open(call: Call) -> OpenThings:
    """What is open in a case, and what was decided about it."""
    found = await closing.read(call.service, call.actor, call.id("case"))
    things = []
    for one in found.found:
        made = found.made.get((one.what, one.about))
        told = {"what": one.what, "about": one.about, "state": one.state, "choices": list(rule.choices(one))}
        told |= {"decided": made.word if made else None, "settled": rule.settled(one, made)}
        things.append(OpenThing.model_validate(told))
    return OpenThings(open=things)


async def decide(call: Call, asked: Decisions) -> None:
    """Decide what becomes of what is open when the case is closed. Nothing moves before that."""
    words = {(one.what, one.about): one.word for one in asked.decisions}
    await closing.decide(call.service, call.actor, call.id("case"), words)


async def follow_up(call: Call, asked: FollowUp) -> None:
    """Write down how people are after closing; with that the follow-up is done, or asked again on another day."""
    await closing.follow_up(call.service, call.actor, call.id("case"), **asked.model_dump())


ENDPOINTS = [
    Endpoint("GET", "/cases/{case}/closing", still_open, Permission.CASE_SEE),
    Endpoint("PUT", "/cases/{case}/closing", decide, Permission.CASE_SETTLE, status=204),
    Endpoint("POST", "/cases/{case}/follow-up", follow_up, Permission.FACT, status=204),
]
