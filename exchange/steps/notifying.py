"""The worker sends notices: asks the rule again, writes down that it tries, hands over, writes down what came of it.

A notice is handed over at most once: after a crash between the two writings nobody knows whether it went, so it is
not sent again but told to the team. Only where the other side certainly took nothing is it tried again, three times
in all. Whatever goes wrong becomes a task; nothing is lost silently.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, func, or_, select, update

from exchange.core import bounces
from exchange.core import notices as rule
from exchange.core.errors import ExchangeError
from exchange.core.model import OPERATOR, WORKER, Actor, Channel
from exchange.steps import mail
from exchange.steps.notices import TASK, facts_of, words_of
from exchange.store import queue
from exchange.store import tables as t
from exchange.store.notices import About
from exchange.store.notify import Fate, GovukNotify, Handed, Notifier, Outgoing, SmtpNotifier
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

log = structlog.get_logger()
MOST_ATTEMPTS = 3
WAIT = timedelta(minutes=15)
LOST_AFTER = timedelta(minutes=10)
"""So long after it was tried without an outcome, whoever tried it is dead."""
ASK_FOR = timedelta(days=3)
"""How long a sender of text messages is asked what became of one."""


@dataclass(frozen=True)
class _Ready:
    """A notice about to leave; its attempt is written down."""

    row: Row[Any]
    by: Notifier
    notice: Outgoing


async def send_notice(service: Service, notice_id: UUID, *, now: datetime | None = None) -> None:
    """Send one notice that is due, if the rule still allows it. Safe to repeat. `now`: for tests, aware."""
    async with unit_of_work(service, WORKER) as unit:
        ready = await _begin(service, unit, notice_id, now or unit.now)
    if ready is None:
        return
    try:
        handed = await ready.by.send(ready.notice)
    except Exception:  # noqa: BLE001  # whatever it was, it may have gone
        handed = Handed.UNKNOWN
    async with unit_of_work(service, WORKER) as unit:
        await _settle(unit, notice_id, handed, now or unit.now)


async def look_after(service: Service) -> None:
    """Every few minutes: what was lost on the way is taken up, and text messages are asked after."""
    n = t.notice
    lost = (n.c.state == "waiting") & (n.c.due_at < func.now() - LOST_AFTER)
    begun = (n.c.state == "trying") & (n.c.tried_at < func.now() - LOST_AFTER)
    gone = (n.c.state == "sent") & (n.c.means == Channel.TEXT) & (n.c.tried_at > func.now() - ASK_FOR)
    async with reading(service) as conn:
        rows = (await conn.execute(select(n).where(or_(lost, begun, gone)).order_by(n.c.asked_at).limit(200))).all()
    for row in rows:
        try:
            if row.state == "waiting":
                await send_notice(service, row.id)
            else:
                await _ask_after(service, row)
        except ExchangeError as error:  # one that cannot be looked after keeps no other from it
            log.warning("notice_not_looked_after", error=type(error).__name__)


async def take_bounce(service: Service, untrusted: bytes, actor: Actor = OPERATOR) -> int:
    """Read an e-mail that came back; how many notices it was about: 0 or 1. Unknown ones change nothing."""
    found = bounces.read(untrusted)
    if not found.failed or not found.tokens:
        return 0
    n = t.notice
    async with reading(service) as conn:
        mine = select(n.c.id).where(n.c.token.in_(found.tokens), n.c.means == Channel.EMAIL)
        known = list((await conn.execute(mine)).scalars())
    done = 0
    for notice_id in known[:1]:
        async with unit_of_work(service, actor) as unit:
            row = await _locked(unit, notice_id)
            if row.state in ("sent", "trying", "unknown"):
                await _end(unit, row, "came_back", "came_back", task="notice_failed")
                done += 1
    return done


async def _begin(service: Service, unit: Unit, notice_id: UUID, now: datetime) -> _Ready | None:
    row = await _locked(unit, notice_id)
    if row.state != "waiting" or row.due_at > now:
        return None
    person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == row.participant_id))
    opener = await opener_of(service, unit.conn, row.case_id)
    about = About(row.participant_id, row.event, row.message_id, row.link_id)
    staff = row.asked_by is not None
    wish, facts = await facts_of(service, unit.conn, opener, person, about, notice=row, by_staff=staff)
    local = now.astimezone(service.settings.zone)
    verdict = rule.explain(facts, local)
    if wish is None or wish.means is None or verdict.at is None:
        await _end(unit, row, "stopped", verdict.reasons[0], task="notice_stopped")
        return None
    if verdict.at > local:
        await _later(unit, row, verdict.at)
        return None
    by = await notifier_of(service, wish.means)
    if by is None:
        await _end(unit, row, "stopped", "not_set_up", task="notice_stopped")
        return None
    words = await words_of(service, wish.words, person.language)
    tried = {"state": "trying", "tried_at": now, "means": wish.means, "wording": words.wording}
    await unit.change(update(t.notice).where(t.notice.c.id == row.id).values(attempts=row.attempts + 1, **tried))
    unit.leaf("notice.tried", **_ids(row), channel=wish.means, wording=words.wording)
    return _Ready(row, by, Outgoing(wish.address, words.subject, words.text, row.token))


async def notifier_of(service: Service, means: Channel) -> Notifier | None:
    """The way of sending by these means, None where this process has not what it needs."""
    if means is Channel.TEXT:
        return GovukNotify(service.settings) if service.settings.text_messages else None
    server = await mail.server_of(service)
    return SmtpNotifier(server) if server else None


async def _settle(unit: Unit, notice_id: UUID, handed: Handed, now: datetime) -> None:
    row = await _locked(unit, notice_id)
    if row.state != "trying":
        return
    if handed is Handed.TAKEN:
        await _went(unit, row, "sent")
        unit.leaf("notice.sent", **_ids(row), channel=row.means)
    elif handed is Handed.REFUSED:
        await _end(unit, row, "failed", "refused", task="notice_failed")
    elif handed is Handed.UNKNOWN:
        await _end(unit, row, "unknown", "unknown", task="notice_unknown")
    elif row.attempts >= MOST_ATTEMPTS:
        await _end(unit, row, "failed", "not_taken", task="notice_failed")
    else:
        await _later(unit, row, now + WAIT * row.attempts)


async def _ask_after(service: Service, row: Row[Any]) -> None:
    """One that was sent, or whose sending nobody saw the end of."""
    fate = None
    if row.means == Channel.TEXT and service.settings.text_messages:
        fate = await GovukNotify(service.settings).fate(row.token)
    if row.state == "sent" and fate in (None, Fate.UNDER_WAY):
        return
    async with unit_of_work(service, WORKER) as unit:
        now = await _locked(unit, row.id)
        if now.state != row.state:
            return
        if fate is Fate.CAME_BACK:
            await _end(unit, now, "came_back", "came_back", task="notice_failed")
        elif fate is None:
            await _end(unit, now, "unknown", "unknown", task="notice_unknown")
        elif fate is Fate.DELIVERED:
            await _went(unit, now, "delivered")
            unit.leaf("notice.delivered", **_ids(row), channel=row.means)
        else:
            await _went(unit, now, "sent")
            unit.leaf("notice.sent", **_ids(row), channel=row.means)


async def _locked(unit: Unit, notice_id: UUID) -> Row[Any]:
    """The notice, its case locked before it."""
    n = t.notice
    await unit.case((await unit.one(select(n.c.case_id).where(n.c.id == notice_id)))[0])
    return await unit.one(select(n).where(n.c.id == notice_id).with_for_update())


async def _end(unit: Unit, row: Row[Any], state: str, outcome: str, *, task: str) -> None:
    """It will not arrive, or nobody knows: the team is told."""
    over = {"state": state, "outcome": outcome, "ended_at": func.now()}
    await unit.change(update(t.notice).where(t.notice.c.id == row.id).values(**over))
    about = {"case_id": row.case_id, "participant_id": row.participant_id, "message_id": row.message_id}
    await unit.add(t.task, kind=task, due_at=unit.now, **about)
    if state == "stopped":
        unit.leaf("notice.stopped", **_ids(row), reason=outcome)
    else:
        unit.leaf("notice.failed", **_ids(row), outcome=outcome)


async def _went(unit: Unit, row: Row[Any], state: str) -> None:
    await unit.change(update(t.notice).where(t.notice.c.id == row.id).values(state=state, ended_at=func.now()))


async def _later(unit: Unit, row: Row[Any], at: datetime) -> None:
    """Wait until then; the rule is asked anew."""
    await unit.change(update(t.notice).where(t.notice.c.id == row.id).values(state="waiting", due_at=at))
    unit.leaf("notice.put_off", **_ids(row), until=at)
    await queue.defer_until(unit.conn, TASK, at, notice=str(row.id))


def _ids(row: Row[Any]) -> dict[str, Any]:
    ids = {"participant": row.participant_id, "message": row.message_id, "link": row.link_id}
    return {"case": row.case_id, "notice": row.id, **ids}
