"""The record's heartbeat and its signature, for workers: an entry at least every so often, and all of them signed.

So a silence in the record is seen, and a newest checkpoint that is old means that nobody signs (steps/freshness.py).
"""

from datetime import timedelta

from prometheus_client import Gauge
from sqlalchemy import text

from exchange.core.model import WORKER
from exchange.steps.freshness import freshness
from exchange.store import record
from exchange.store.service import Service
from exchange.store.unit import unit_of_work

SIGNED = Gauge("exchange_record_signed_timestamp_seconds", "When the newest checkpoint of the record was signed.")

_BEAT_LOCK = 7_401_884
_LAST = text("select at from public.ledger_leaf order by index desc limit 1")


async def sign(service: Service) -> None:
    """Write the heartbeat if it is time, then sign what is new. LedgerBroken, LedgerUnavailable, WrongSetting."""
    await beat(service)
    await record.sign(service)
    signed = (await freshness(service)).signed_at
    if signed is not None:
        SIGNED.set(signed.timestamp())


async def beat(service: Service) -> bool:
    """Write an entry that says that the service runs, if none was written for the set time; whether it did."""
    async with unit_of_work(service, WORKER) as unit:
        await unit.conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _BEAT_LOCK})
        last = await unit.maybe(_LAST)
        silence = timedelta(seconds=service.settings.record_heartbeat_seconds)
        if last is None or last.at + silence > unit.now:
            return False
        unit.leaf("record.heartbeat")
    return True
