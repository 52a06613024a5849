"""From a withdrawal to the last byte of a running stream, as the reader sees it.

    python -m bench.withdraw --streams 100

A film runs through the portal process to a reader who takes about 4 MiB a second. In the middle of it the author takes
the message back. Measured from the moment the withdrawal is asked for, before its transaction begins, to the last byte
that the reader gets. Ends with 1 if any stream outlives a second or is read to its end.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import aiohttp
from sqlalchemy import select

from bench.streams import MIB, Stage, released
from exchange.steps import consent
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.unit import reading
from tests.support.database import cloned, make_template
from tests.support.redeeming import browsers
from tests.support.running import Exchange, running_exchange

SIZE = 24 * MIB
PIECE, PAUSE = 64 * 1024, 0.016


async def one(running: Exchange, stage: Stage, http: aiohttp.ClientSession, wait: float) -> tuple[float, int]:
    """One stream and its withdrawal: seconds to the last byte, bytes read in all."""
    session, cookie, link = await released(stage, SIZE)
    message = await _message_of(stage, link)
    last, got = time.perf_counter(), 0
    address = f"{running.portal}/s/{session}/part/picture"
    async with http.get(address, headers={"Cookie": f"portal={cookie}"}) as answer:
        assert answer.status == 200
        asked = asyncio.create_task(_withdraw_after(stage, message, wait))
        try:
            while piece := await answer.content.read(PIECE):
                got, last = got + len(piece), time.perf_counter()
                await asyncio.sleep(PAUSE)
        except aiohttp.ClientPayloadError:
            pass  # cut, as it must be
        return last - await asked, got


async def _withdraw_after(stage: Stage, message: UUID, wait: float) -> float:
    await asyncio.sleep(wait)
    began = time.perf_counter()
    await consent.withdraw_message(stage.service, stage.lead, message)
    return began


async def _message_of(stage: Stage, link: str) -> UUID:
    async with reading(stage.service) as conn:
        return UUID(str(await conn.scalar(select(t.link.c.message_id).where(t.link.c.id == link))))


async def measure(running: Exchange, streams: int) -> bool:
    """All of them, one after the other, and the figures."""
    after: list[float] = []
    most = 0
    async with running.service() as service, browsers() as http:
        world = await running.case(service)
        stage = Stage(service, world.facilitator, world.case, world.author, world.recipient)
        for number in range(streams):
            seconds, got = await one(running, stage, http, 0.3 + 0.03 * (number % 10))
            after.append(seconds)
            most = max(most, got)
            if number % 10 == 9:
                print(f"{number + 1} streams, slowest {max(after):.2f} s", flush=True)
    print(f"{streams} streams: last byte {statistics.median(after):.2f} s after the withdrawal (median), ", end="")
    print(f"at most {max(after):.2f} s; at most {most / MIB:.1f} of {SIZE / MIB:.0f} MiB were read")
    return max(after) <= 1.0 and most < SIZE


def main() -> int:
    """Start, measure, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg", durable=False) as server:
        make_template(server)
        with cloned(server) as url, running_exchange(url, Path(folder), ("portal", "console")) as running:
            return 0 if asyncio.run(measure(running, asked.streams)) else 1


if __name__ == "__main__":
    sys.exit(main())
