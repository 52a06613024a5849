"""The record under load: acts from 64 connections, and the check of a million entries.

    python -m bench.ledger --seconds 10 --leaves 1000000

Each act is one as the service does it: `unit_of_work` as the console's database role over a migrated, durable
PostgreSQL, a row of state changed and a leaf written in one transaction, and the leaf in its place before the next
begins. The check is `exchange audit verify` as an auditor runs it, a process of its own over an export in a file; its
time, CPU and peak memory are those the kernel counted.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import insert

from exchange.core.export import Header, note_line
from exchange.core.ledger import Peaks, leaf_hash
from exchange.core.model import Actor, ActorKind
from exchange.core.notes import Checkpoint, KeySigner
from exchange.settings import Settings
from exchange.store import tables
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import make_engine, plain_url
from exchange.store.migrate import upgrade
from exchange.store.objects import open_objects
from exchange.store.roles import CONSOLE
from exchange.store.service import Service
from exchange.store.unit import unit_of_work

ORIGIN = "bench.example/record"
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500  # small: the kernel counts what this process holds at the fork as the check's own


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--without-fsync", action="store_true", help="to see what the disk costs")
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the database and the export lie")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-ledger-", dir=asked.folder) as place:
        folder = Path(place)
        if asked.seconds:
            print(appends(folder, asked))
        if asked.leaves:
            print(checked(folder, asked.leaves))


def fields(draw: random.Random) -> dict[str, Any]:
    """A leaf like that of an access, the longest that is written often."""

    def some() -> UUID:
        return UUID(int=draw.getrandbits(128))

    named = ("case", "message", "session", "release", "link", "consent_share", "consent_receive", "approval")
    return {"act": "view.opened", "actor": {"kind": "participant", "id": some()}, "part": "page-1",
            "digest": draw.randbytes(32).hex(), **{name: some() for name in named},
            "consent_take_part": [some(), some()]}  # fmt: skip


def appends(folder: Path, asked: argparse.Namespace) -> str:
    """Acts per second, all connections together."""
    seconds, connections, processes = asked.seconds, asked.connections, asked.processes
    with EmbeddedPostgres(folder / "postgres", durable=not asked.without_fsync) as server:
        upgrade(server.url)
        spawn = multiprocessing.get_context("spawn")
        ready, answers = spawn.Barrier(processes), spawn.Queue()
        arguments = (server.url_as(CONSOLE), connections // processes, seconds, ready, answers)
        clients = [spawn.Process(target=_client, args=arguments) for _ in range(processes)]
        for client in clients:
            client.start()
        found = [answers.get(timeout=seconds + 300) for _ in clients]
        for client in clients:
            client.join()
        with psycopg.connect(plain_url(server.url)) as conn:
            (size,) = conn.execute("select size from ledger_head").fetchone() or (0,)
    took = sorted(one for some, _ in found for one in some)
    assert size >= len(took)
    middle, late = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
    return (
        f"{connections} connections: {len(took) / seconds:,.0f} acts/s for {seconds:.0f} s, median {middle:,.0f} ms, "
        f"99th of 100 {late:,.0f} ms, slowest {took[-1] * 1000:,.0f} ms, {size:,} entries, "
        f"{sum(cpu for _, cpu in found) / len(took) * 1000:.1f} ms of CPU each beside PostgreSQL's, "
        f"load {os.getloadavg()[0]:.1f}, fsync {'off' if asked.without_fsync else 'on'}"
    )


def _client(url: str, connections: int, seconds: float, ready: Any, answers: Any) -> None:
    answers.put(asyncio.run(_acting(url, connections, seconds, ready)))


async def _acting(url: str, connections: int, seconds: float, ready: Any) -> tuple[list[float], float]:
    """How long each act of this process took until it was committed and placed, and the CPU seconds of all."""
    engine = make_engine(url, pool_size=connections + 1)
    settings = Settings.load(folder=Path("unused"), database_url=url)
    service = Service(engine, open_objects(settings), settings)
    opened = await asyncio.gather(*(engine.connect() for _ in range(connections)))
    for conn in opened:
        await conn.close()
    await asyncio.to_thread(ready.wait)
    until, took, spent = time.monotonic() + seconds, list[float](), time.process_time()

    async def one(number: int) -> None:
        draw = random.Random(number * 7919 + os.getpid())
        while (started := time.monotonic()) < until:
            await _act(service, draw)
            took.append(time.monotonic() - started)

    await asyncio.gather(*(one(number) for number in range(connections)))
    spent = time.process_time() - spent
    await engine.dispose()
    return took, spent


async def _act(service: Service, draw: random.Random) -> None:
    """What opening a part of a message writes."""
    leaf = fields(draw)
    actor = Actor(ActorKind.PARTICIPANT, leaf.pop("actor")["id"])
    async with unit_of_work(service, actor) as unit:
        noted = {"session_id": leaf["session"], "part_id": leaf["message"], "grant_id": leaf["release"]}
        await unit.change(insert(tables.access_leaf).values(**noted))
        unit.leaf(leaf.pop("act"), **leaf)


def checked(folder: Path, leaves: int) -> str:
    """Seconds, CPU seconds and peak memory of `exchange audit verify`."""
    signer, path = KeySigner.generate(ORIGIN), folder / "record.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(export(signer, leaves))
    megabytes = path.stat().st_size / 1e6
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "exchange.cli_audit", "verify", str(path), "--key", signer.verifier.vkey]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        f"check of {leaves:,} entries ({megabytes:,.0f} MB): {took:.1f} s, {cpu:.1f} CPU s, "
        f"peak {after.ru_maxrss / 1024:.0f} MiB"
    )


def export(signer: KeySigner, leaves: int) -> Iterator[str]:
    """A complete export."""
    draw, peaks = random.Random(7), Peaks()
    yield Header(signer.name, leaves, leaves).line
    for start in range(0, leaves, BATCH):
        numbers = range(start, min(start + BATCH, leaves))
        texts = [_leaf(draw, START + timedelta(milliseconds=n)) for n in numbers]
        peaks = peaks.extend(leaf_hash(text.encode()) for text in texts)
        yield from (f'{{"i":{n},"leaf":{json.dumps(text)}}}\n' for n, text in zip(numbers, texts, strict=True))
    yield note_line(Checkpoint(signer.name, leaves, peaks.root()).signed(signer))


def _leaf(draw: random.Random, at: datetime) -> str:
    """As `core.leaf.dated` writes it, without looking whether it may be written: that takes minutes for a million."""
    leaf = {**fields(draw), "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "v": 1}
    return json.dumps(leaf, default=str, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
