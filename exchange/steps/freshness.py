"""How old the newest checkpoint of the record is: while nobody signs acts go on, but content is not shown for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import RecordNotSigned
from exchange.settings import Settings
from exchange.store.service import Service
from exchange.store.unit import Unit, reading

_SIGNED = text(
    "select public.ledger_signed_at() as signed, clock_timestamp() as read_at,"
    " (select min(at) from public.service_setting) as began"
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`late`: somebody must look; `stopped`: no content is shown. Before any checkpoint `age` is the service's."""

    signed_at: datetime | None
    age: timedelta
    late: bool
    stopped: bool


async def freshness(service: Service) -> Freshness:
    """Of the record as it is now; fresh where nothing was ever set up."""
    async with reading(service) as conn:
        return await _freshness(conn, service.settings)


async def require_fresh(unit: Unit) -> None:
    """Before content is opened: raise `RecordNotSigned` where the newest checkpoint is too old for that."""
    if (await _freshness(unit.conn, unit.service.settings)).stopped:
        raise RecordNotSigned


async def _freshness(conn: AsyncConnection, settings: Settings) -> Freshness:
    row = (await conn.execute(_SIGNED)).one()
    since = row.signed or row.began
    age = max(row.read_at - since, timedelta(0)) if since else timedelta(0)
    late = timedelta(seconds=settings.checkpoint_late_seconds)
    stop = timedelta(seconds=settings.checkpoint_stop_seconds)
    return Freshness(row.signed, age, age > late, age > stop)
