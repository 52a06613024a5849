"""What a facilitator is told about a link (DESIGN section 8): wrong codes, a lock-out, a dead link that was tried.

- The third wrong code in a row: a task; the fifth: also a wait of 15 minutes; the tenth: the link is locked, and a
  task of its own says that a new one must be made. The message is never burned.
- Whoever tries a link that has ended, by any hands and with any code, makes a task: it may have been intercepted.
- One open task of a kind per person: pressing twice does not nag twice.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, select, update

from exchange.core.errors import BadInput, LinkDead, WaitAWhile
from exchange.steps.revoke import end_link
from exchange.store import tables as t
from exchange.store.unit import Unit

ALERT_AFTER, WAIT_AFTER, LOCK_AFTER, WAIT_MINUTES = 3, 5, 10, 15
WRONG_CODE = "That is not the code. Check it and try again; capitals, spaces and hyphens do not matter."
TRIED, ASKED, WRONG, LOCKED = "link_tried", "link_asked", "wrong_attempts", "link_locked"


async def count_wrong(unit: Unit, link: Row[Any]) -> Exception:
    """One more wrong code for a locked row: the answer, and what it does to the link."""
    attempts = link.wrong_attempts + 1
    values: dict[str, Any] = {"wrong_attempts": attempts}
    answer: Exception = BadInput(WRONG_CODE, field="code")
    if attempts >= LOCK_AFTER:
        answer = LinkDead()
        await end_link(unit, link, "locked")
        await tell_team(unit, link, LOCKED)
    elif attempts % WAIT_AFTER == 0:
        values["wait_until"] = unit.now + timedelta(minutes=WAIT_MINUTES)
        answer = WaitAWhile()
    if attempts >= ALERT_AFTER:
        await tell_team(unit, link, WRONG)
    await unit.change(update(t.link).where(t.link.c.id == link.id).values(**values))
    unit.leaf("link.refused", case=link.case_id, link=link.id, attempts=attempts)
    return answer


async def tell_team(unit: Unit, link: Row[Any], kind: str) -> None:
    """A task for the case's team about this link's person, unless one of the kind is open."""
    if await unit.maybe(open_task(link.participant_id, kind)) is None:
        await unit.add(
            t.task,
            case_id=link.case_id,
            message_id=link.message_id,
            participant_id=link.participant_id,
            kind=kind,
            due_at=unit.now,
        )
        unit.leaf("task.added", case=link.case_id, participant=link.participant_id, kind=kind)


def open_task(participant: Any, kind: str) -> Select[Any]:
    """The SELECT of an open task of this kind about a person: their id, or the column that holds it."""
    known = t.task.c.participant_id == participant, t.task.c.kind == kind, t.task.c.done_at.is_(None)
    return select(t.task.c.id).where(*known)
