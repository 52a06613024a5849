"""The record's heartbeat and its signature, for workers: an entry at least every so often, and all of them signed.

So a silence in the record is seen, and a newest checkpoint that is old means that nobody signs (steps/freshness.py).
"""

from datetime import timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy import text

from exchange.core.errors import ExchangeError
from exchange.core.model import WORKER
from exchange.steps.freshness import freshness
from exchange.store import ledger_copy, record
from exchange.store.ledgerkey import load_signer
from exchange.store.service import Service
from exchange.store.unit import unit_of_work

SIGNED = Gauge("exchange_record_signed_timestamp_seconds", "When the newest checkpoint of the record was signed.")

log = structlog.get_logger()
_BEAT_LOCK = 7_401_884
_LAST = text("select at from public.ledger_leaf order by index desc limit 1")


async def sign(service: Service) -> None:
    """Write the heartbeat if it is time, then sign what is new. LedgerBroken, LedgerUnavailable, WrongSetting."""
    await beat(service)
    await record.sign(service)
    await _copy_out(service)
    signed = (await freshness(service)).signed_at
    if signed is not None:
        SIGNED.set(signed.timestamp())


async def _copy_out(service: Service) -> None:
    """Also outside the database. A store that is away for a while keeps nobody from signing; doctor tells it."""
    try:
        await ledger_copy.add(service, load_signer(service.settings.ledger_key_file).verifier)
    except ExchangeError as error:
        log.warning("record_not_copied", error=type(error).__name__)


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
