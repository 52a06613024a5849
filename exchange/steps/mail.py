"""The neutral e-mail to staff: how many items wait, and where to sign in. No name, no reference, no kind.

Once per working day and account, and at once when a concern was raised. Nothing here is part of an act: what
cannot be sent is said by `doctor` and tried again by the next run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.model import Role
from exchange.steps import settings as service_settings
from exchange.store import near
from exchange.store import tables as t
from exchange.store.mailer import MailError, MailServer, deliver
from exchange.store.read import waiting_count
from exchange.store.service import Service
from exchange.store.unit import now_of, reading

FROM_HOUR, TO_HOUR = 8, 18
STATE = "mail_state"

_WORDS = {
    "en": ("{n} item waits", "{n} items wait", "Something needs you now", "Please sign in:"),
    "cy": ("Mae {n} eitem yn aros", "Mae {n} eitem yn aros", "Mae angen eich sylw nawr", "Mewngofnodwch:"),
}


@dataclass(frozen=True)
class Sent:
    """What one run did."""

    sent: int = 0
    failed: int = 0


async def server_of(service: Service) -> MailServer | None:
    """The mail server: from the environment, else as stored; None where none is set."""
    stored, env = await service_settings.read(service), service.settings
    if env.smtp_host:
        secret = env.smtp_password.get_secret_value() if env.smtp_password else ""
        place = (env.smtp_host, env.smtp_port, env.smtp_user, secret, env.smtp_starttls)
    elif stored.mail_host:
        async with reading(service) as conn:
            secret = await service_settings.mail_password(service, conn)
        place = (stored.mail_host, stored.mail_port, stored.mail_user, secret, stored.mail_starttls)
    else:
        return None
    sender = env.mail_from or stored.mail_from
    return MailServer(*place, sender, stored.sender_name, env.bounce_address) if sender else None


async def send_daily(service: Service, *, now: datetime | None = None) -> Sent:
    """Tell everybody for whom something waits, once per working day between 8 and 18. Safe to run often.

    `now`: aware; by default the database's clock.
    """
    async with reading(service) as conn:
        clock = now or await now_of(conn)
        mine = select(t.account.c.id).where(t.account.c.active, t.account.c.email.is_not(None))
        everybody = list((await conn.execute(mine)).scalars())
    local = clock.astimezone(service.settings.zone)
    hours = (await service_settings.read(service)).hours
    if not hours.working(local.date()) or not FROM_HOUR <= local.hour < TO_HOUR:
        return Sent()
    counts = {account: await waiting_count(service, account) for account in everybody}
    today = datetime.combine(local.date(), time(), local.tzinfo)
    return await _send(service, counts, "daily", since=today, at=clock)


async def notify_concern(service: Service, concern_id: UUID) -> Sent:
    """Tell every supervisor and the case's team that something needs them now. Safe to repeat.

    Raises `MailError` where somebody could not be told, so that the job is run again.
    """
    return await _at_once(service, f"concern:{concern_id}", _case_of_concern(concern_id))


async def notify_emergency(service: Service, emergency_id: UUID) -> Sent:
    """Tell the same people that a case was opened in an emergency, or that somebody asks to. Safe to repeat.

    Whoever asked is not told. Raises `MailError` as above.
    """
    e = t.emergency
    one = select(e.c.case_id).where(e.c.id == emergency_id).scalar_subquery()
    async with reading(service) as conn:
        asked_by = (await conn.execute(select(e.c.account_id).where(e.c.id == emergency_id))).scalar_one()
    return await _at_once(service, f"emergency:{emergency_id}", one, but=asked_by)


async def _at_once(service: Service, kind: str, case: Any, *, but: UUID | None = None) -> Sent:
    async with reading(service) as conn:
        people = [one for one in await _overseers(conn, case) if one != but]
        clock = await now_of(conn)
    ever = datetime(2000, 1, 1, tzinfo=UTC)
    done = await _send(service, dict.fromkeys(people, 1), kind, since=ever, at=clock)
    if done.failed:
        raise MailError
    return done


async def _send(service: Service, counts: dict[UUID, int], kind: str, *, since: datetime, at: datetime) -> Sent:
    server = await server_of(service)
    due = {account: count for account, count in counts.items() if count > 0}
    if server is None or not due:
        if due:
            await _note(service, "No mail server is set, so staff were not told that something waits.")
        return Sent(failed=0)
    sent, failure = 0, ""
    for account, count in due.items():
        try:
            sent += await _send_one(service, server, account, count, kind, since=since, at=at)
        except MailError as error:
            failure = str(error)
    await _note(service, failure)
    return Sent(sent, failed=int(bool(failure)))


async def _send_one(
    service: Service,
    server: MailServer,
    account: UUID,
    count: int,
    kind: str,
    *,
    since: datetime,
    at: datetime,
) -> int:
    """1 if it was sent, 0 if it had been. The account's row is held, so two workers send it once."""
    m = t.mail_sent
    async with reading(service) as conn:
        held = select(t.account).where(t.account.c.id == account).with_for_update(skip_locked=True)
        row = (await conn.execute(held)).first()
        before = select(m.c.id).where(m.c.account_id == account, m.c.kind == kind, m.c.at >= since)
        if row is None or (await conn.execute(before)).first() is not None:
            return 0
        subject, text = _text(row, count, kind, await service_settings.console_address(service))
        await deliver(server, row.email, subject, text)
        await conn.execute(insert(m).values(account_id=account, kind=kind, count=count, at=at))
    return 1


def _text(account: Row[Any], count: int, kind: str, address: str) -> tuple[str, str]:
    one, many, now, sign_in = _WORDS.get(account.language, _WORDS["en"])
    subject = (one if count == 1 else many).format(n=count) if kind == "daily" else now
    return subject, f"{subject}.\n\n{sign_in} {address}\n"


def _case_of_concern(concern_id: UUID) -> Any:
    c, m = t.concern, t.message
    return select(m.c.case_id).join(c, c.c.message_id == m.c.id).where(c.c.id == concern_id).scalar_subquery()


async def _overseers(conn: AsyncConnection, case: Any) -> Iterable[UUID]:
    """Accounts with an address: every supervisor, the case's team and its cover; nobody who is barred from it."""
    a = t.assignment
    team = select(a.c.account_id).where(a.c.case_id == case, a.c.until.is_(None))
    cover = select(t.cases.c.cover_id).where(t.cases.c.id == case)
    told = or_(
        t.account.c.roles.contains([Role.SUPERVISOR.value]),
        t.account.c.id.in_(team),
        t.account.c.id.in_(cover),
    )
    mine = select(t.account.c.id).where(t.account.c.active, t.account.c.email.is_not(None), told)
    mine = mine.where(~near.barred(case, t.account.c.id))
    return (await conn.execute(mine)).scalars().all()


async def _note(service: Service, failure: str) -> None:
    """Keep for `doctor` how the last run ended; housekeeping, no act."""
    row = upsert(t.service_setting).values(name=STATE, value={"failure": failure})
    changed = row.on_conflict_do_update(index_elements=["name"], set_={"value": {"failure": failure}, "at": func.now()})
    async with reading(service) as conn:
        await conn.execute(changed)
