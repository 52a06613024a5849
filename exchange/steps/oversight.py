"""What an auditor sees at a glance: how often content was opened, and what is unusual. Looking is recorded first."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, ActorKind
from exchange.core.unusual import Kind, Unusual
from exchange.steps import settings as service_settings
from exchange.steps import watching
from exchange.steps.freshness import Freshness, freshness
from exchange.store import ledger_watch, near
from exchange.store.read.names import staff_names
from exchange.store.service import Service
from exchange.store.unit import now_of, reading, unit_of_work

WEEK = 7
USUAL_DAYS = 30
LONGEST_BY_DAY = 31


@dataclass(frozen=True)
class Span:
    """Openings of content from `first` to `last` (days, both counted): by staff, and by participants."""

    first: date
    last: date
    staff: int
    participants: int

    @property
    def total(self) -> int:
        """By anybody."""
        return self.staff + self.participants


@dataclass(frozen=True)
class Overview:
    """Spans without a gap, oldest first; findings, newest first; names of staff by id; how fresh the signature is."""

    spans: list[Span]
    findings: list[Unusual]
    staff: dict[UUID, str]
    signature: Freshness


async def overview(
    service: Service, actor: Actor, *, days: int, case: str | None = None, kind: Kind | None = None
) -> Overview:
    """The last so many days, today included (more than 31: by week); one case or one kind of finding only.

    Raises TooMuch where there is more than can be looked through.
    """
    access.require(actor, Permission.RECORD)
    zone, hours = service.settings.zone, (await service_settings.read(service)).hours
    async with reading(service) as conn:
        now = (await now_of(conn)).astimezone(zone)
    since = _since(now, days)
    async with unit_of_work(service, actor) as unit:
        unit.leaf("record.read", scope="filtered", case=case, since=since, days=days)
    async with reading(service) as conn:
        counted = await ledger_watch.accesses(conn, since, now, str(zone), case)
        found = await watching.of(service).findings(conn, since, hours, zone)
        names = await staff_names(conn)
        barred = {str(one) for one in (await conn.execute(near.barred_cases(actor.id))).scalars()}
    wanted = [
        one
        for one in found
        if one.case not in barred and (not case or one.case == case) and (not kind or one.kind is kind)
    ]
    return Overview(_spans(counted, since.date(), now.date()), wanted[::-1], names, await freshness(service))


async def look_ahead(service: Service) -> None:
    """Look through what the overview shows at first, for nobody: the first auditor after a start waits for no month."""
    hours = (await service_settings.read(service)).hours
    async with reading(service) as conn:
        since = _since((await now_of(conn)).astimezone(service.settings.zone), USUAL_DAYS)
        with suppress(ledger_watch.TooMuch):  # the page says so to whoever asks
            await watching.of(service).findings(conn, since, hours, service.settings.zone)


def _since(now: datetime, days: int) -> datetime:
    return datetime.combine(now.date() - timedelta(days=days - 1), datetime.min.time(), now.tzinfo)


def _spans(counted: list[ledger_watch.OnDay], first: date, last: date) -> list[Span]:
    step = 1 if (last - first).days < LONGEST_BY_DAY else WEEK
    found = []
    while first <= last:
        end = min(last, first + timedelta(days=step - 1))
        within = [one for one in counted if first <= one.day <= end]
        staff = sum(one.count for one in within if one.kind == ActorKind.STAFF)
        found.append(Span(first, end, staff, sum(one.count for one in within) - staff))
        first = end + timedelta(days=1)
    return found
