"""For tests of notices: a service that can send them, what a person says is safe, reports that come back."""

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from exchange.core.model import OPERATOR, Channel
from exchange.core.notices import SafeHours
from exchange.steps import notices, settings
from exchange.store import tables as t
from exchange.store.notices import Wish
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.world import World

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)  # ten o'clock in London too
ADDRESS = "planted.inbox@people.example"
NUMBER = "07700 900 111"
WORDS = "notice-something-2026-01"
ENGLISH = "There is something for you. You can ring us on 01632 960 001, or use the link you have."
WELSH = "Mae rhywbeth i chi. Gallwch ein ffonio ar 01632 960 001, neu ddefnyddio'r ddolen sydd gennych."
WEEKDAYS = SafeHours(frozenset(range(5)), time(9), time(12))
ALWAYS = SafeHours(frozenset(range(7)), time(), time())
SAFE = Wish(Channel.EMAIL, ADDRESS, WEEKDAYS, WORDS)


async def post_office(service: Service, port: int) -> None:
    """The service hands its mail over at this port."""
    await settings.save(
        service, OPERATOR, mail_host="127.0.0.1", mail_port=port, mail_starttls=False, mail_from="service@example.org"
    )


async def says_safe(world: World, person: UUID, **changes: Any) -> None:
    """What the person said is safe was recorded: by default e-mail, on weekdays from nine to twelve."""
    wish = Wish(**(vars(SAFE) | changes))
    await notices.record_wish(world.service, world.facilitator, person, wish)


async def history(world: World, person: UUID) -> list[Any]:
    """The person's notices, newest first."""
    return (await notices.standing(world.service, world.facilitator, person)).history


async def reasons(world: World, person: UUID) -> tuple[str, ...]:
    """Why notices are off for this person; none, if they are on."""
    return (await notices.standing(world.service, world.facilitator, person)).verdict.reasons


async def tasks(world: World) -> list[str]:
    """What waits for the team because of notices."""
    async with reading(world.service) as conn:
        query = select(t.task.c.kind).where(t.task.c.kind.like("notice_%"), t.task.c.done_at.is_(None))
        return sorted((await conn.execute(query)).scalars())


def report(to: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A delivery report (RFC 3464) to this envelope sender."""
    lines = [
        "From: MAILER-DAEMON@mx.example.org", f"To: {to}", "Subject: Undelivered Mail", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"', "",
        "--B", "Content-Type: text/plain", "", f"<{ADDRESS}>: user unknown", "",
        "--B", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.org", "",
        f"Final-Recipient: rfc822; {ADDRESS}", f"Action: {action}", f"Status: {status}", "", "--B--", "",
    ]  # fmt: skip
    return "\n".join(lines).encode()
