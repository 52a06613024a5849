"""What the capacity model is made from: bytes and CPU of a case, a letter, sound and video.

    python -m bench.footprint --cases 200 --seconds 30

Cases lie in a database of their own, once so many and once twice as many; what is told is the difference.
Recordings are made safe one after the other, as a worker does it; CPU is that of all ffmpeg processes below.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import psycopg

import media
from bench.many_cases import settings_of
from bench.recordings import interview, sound
from bench.transcode import watched
from exchange.settings import Settings
from exchange.steps import setup
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.migrate import upgrade
from exchange.store.service import open_service
from tests.support.many import MESSAGES, add_cases, make_many


def size_of(url: str, relation: str = "") -> int:
    """Bytes of the whole database, or of a table with its indexes."""
    asked = f"pg_total_relation_size('{relation}')" if relation else "pg_database_size(current_database())"
    with psycopg.connect(plain_url(url)) as conn:
        row = conn.execute(f"SELECT {asked}").fetchone()  # type: ignore[arg-type]  # our own two words
        assert row is not None
        return int(row[0])


async def database(settings: Settings, url: str, cases: int) -> None:
    """Bytes of a case with its messages, and of the record in it."""
    async with open_service(settings, with_keys=True) as service:
        many = await make_many(service, cases=cases)
        before, record = size_of(url), size_of(url, "ledger_leaf")
        await add_cases(many, cases=cases, seed=2)
    grown, written = size_of(url) - before, size_of(url, "ledger_leaf") - record
    print(f"a case with {MESSAGES} messages: {grown / cases / 1024:.0f} KiB in the database, "
          f"{written / cases / 1024:.0f} of it the record")  # fmt: skip


def recordings(folder: Path, seconds: int) -> None:
    """Bytes in, bytes of what is released, CPU: each for a second."""
    for kind, path in (
        ("video", interview(folder / "film.mp4", seconds)),
        ("audio", sound(folder / "voice.m4a", seconds)),
    ):
        began = time.monotonic()
        with watched() as seen, tempfile.TemporaryDirectory(dir=folder) as scratch:
            media.make(kind, [media.Source(path, path.name)], Path(scratch))
            products = sum(found.stat().st_size for found in Path(scratch).rglob("*") if found.is_file())
        wall = time.monotonic() - began
        came = path.stat().st_size
        print(f"{kind}: {came / seconds / 1000:.0f} kB in and {products / seconds / 1000:.0f} kB out a second, "
              f"{seen.cpu / seconds:.3f} CPU seconds, {wall / seconds:.3f} by the clock")  # fmt: skip


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footprint-") as name:
        folder = Path(name)
        if asked.cases:
            with EmbeddedPostgres(folder / "pg", durable=False) as server:
                settings = settings_of(server, folder)
                upgrade(server.url)
                setup.make_keys(settings)
                asyncio.run(database(settings, server.url, asked.cases))
        recordings(folder, asked.seconds)


if __name__ == "__main__":
    main()
