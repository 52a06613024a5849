"""After a restore: messages stand where the record says that something stopped them, or are looked at again.

What was frozen by a concern, withheld or taken back since the backup is so again, though the words of it are lost.
Everything else that was decided about goes back to be reviewed. Each step may be run again.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from exchange.core.gate import SHAREABLE, TRANSITIONS
from exchange.core.model import OPERATOR, Event, FactKind, State
from exchange.core.since import WITHHELD, Since
from exchange.core.since_acts import Leaf
from exchange.steps import consent
from exchange.steps.appeals import must_be_told
from exchange.steps.restored import GONE, is_there, newest_digest, put_fact, somebody
from exchange.steps.revoke import void_decisions
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

HOLD_TASK = "decide_hold"
DECISION = {"review.withheld": "withhold", "review.retracted": "retract"}


async def messages(service: Service, since: Since) -> int:
    """Freeze, withhold and take back what was, and look again at everything else that was decided about; how many."""
    done = 0
    for message_id, decisive in sorted(since.messages.items()):
        done += await _message(service, since, message_id, decisive=decisive)
    return done


async def _message(service: Service, since: Since, message_id: UUID, *, decisive: bool) -> int:
    async with unit_of_work(service, OPERATOR) as unit:
        if not await is_there(unit, t.message, message_id):
            await _unknown(unit, since.concerns.get(message_id))
            return 0
        message = await unit.message(message_id)
        if message.state in GONE:
            return 0
        await _kind(unit, since, message)
        if message_id in since.withdrawn and (State(message.state), Event.WITHDRAW) in TRANSITIONS:
            await consent.withdraw(unit, message)
            message = await unit.message(message_id)
        outcome, moved = "as_it_was", {"state_to": str(message.state)}
        if decisive and message.state not in GONE:
            await void_decisions(unit, message)
            outcome, moved = await _again(unit, since, message)
        named = {"case": message.case_id, "message": message.id, "digest": await newest_digest(unit, message.id)}
        unit.leaf("message.restored", outcome=outcome, **named, **moved)
        return 1


async def _again(unit: Unit, since: Since, message: Row[Any]) -> tuple[str, dict[str, str]]:
    """Frozen, withheld or reviewed again: the outcome, and what the leaf says of the state."""
    concern = since.concerns.get(message.id)
    if concern is not None:
        return "frozen", await _freeze(unit, message, concern)
    if since.states.get(message.id) == WITHHELD:
        return WITHHELD, await _withhold(unit, message, since.withheld.get(message.id))
    if message.state in SHAREABLE and not message.never_sent:
        return "look_again", await unit.move(message, Event.REVISE)
    return "look_again", {"state_to": str(message.state)}


async def _freeze(unit: Unit, message: Row[Any], leaf: Leaf) -> dict[str, str]:
    """The concern itself, with the id by which the record names it; what was seen or heard is lost."""
    if (State(message.state), Event.RAISE_CONCERN) not in TRANSITIONS:
        if message.state != State.CONCERN:  # still being put in: then all of the case waits
            await _unknown(unit, leaf)
        return {"state_to": str(message.state)}
    moved = await unit.move(message, Event.RAISE_CONCERN, state_before=message.state)
    row, opener = UUID(leaf["concern"]), await opener_of(unit.service, unit.conn, message.case_id)
    said = {"kind": leaf["reason"], "note_sealed": opener.seal("", "concern.note", row)}
    about = {"case_id": message.case_id, "message_id": message.id}
    await unit.add(t.concern, id=row, **about, raised_by=await somebody(unit, leaf), **said)
    return moved


async def _withhold(unit: Unit, message: Row[Any], leaf: Leaf | None) -> dict[str, str]:
    """Not to be shared, by whoever decided that; its author is told, and may appeal."""
    if message.state == State.WITHHELD:
        return {"state_to": WITHHELD}
    for event in (Event.WITHHOLD, Event.RETRACT, Event.END_CONCERN_WITHHELD):
        if (State(message.state), event) in TRANSITIONS and not message.never_sent:
            moved = await unit.move(message, event)
            await _review(unit, message, leaf)
            await must_be_told(unit, message)
            return moved
    return {"state_to": str(message.state)}


async def _review(unit: Unit, message: Row[Any], leaf: Leaf | None) -> None:
    """Whoever withheld it must not decide the appeal: so the decision is there again, without its reason."""
    if leaf is not None and "review" in leaf and not await is_there(unit, t.review, UUID(leaf["review"])):
        who = {"account_id": await somebody(unit, leaf), "assigned": False}
        about = {"message_id": message.id, "digest": leaf.get("digest"), "decision": DECISION[leaf["act"]]}
        await unit.add(t.review, id=UUID(leaf["review"]), **about, **who)


async def _unknown(unit: Unit, concern: Leaf | None) -> None:
    """A concern about what the backup cannot freeze: the whole case is held until a supervisor has decided."""
    if concern is not None and await is_there(unit, t.cases, UUID(concern["case"])):
        await put_fact(unit, UUID(concern["case"]), FactKind.HOLD, "on", HOLD_TASK)


async def _kind(unit: Unit, since: Since, message: Row[Any]) -> None:
    """A letter that became a recording before anything was put in; what has something in it stays as it is."""
    kind, u = since.kinds.get(message.id), t.upload
    begun = select(u.c.id).where(u.c.message_id == message.id, u.c.state != "gone").limit(1)
    if kind is not None and message.state == State.RECEIVING and await unit.maybe(begun) is None:
        await unit.change(update(t.message).where(t.message.c.id == message.id).values(kind=kind))
