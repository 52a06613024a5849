"""The record under load: appends from 64 connections, and the check of a million entries.

    python -m bench.ledger --seconds 10 --leaves 1000000

Appends go through `store.ledger.append`, each in its own durable transaction of a real PostgreSQL, so with the head
of the record locked until the commit is on disk. The check is `exchange audit verify` as an auditor runs it, a process
of its own over an export in a file; its time, CPU and peak memory are those the kernel counted.
"""

import argparse
import asyncio
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
from sqlalchemy.ext.asyncio import create_async_engine

from exchange.core.export import Header, leaf_line, note_line
from exchange.core.leaf import dated
from exchange.core.ledger import Peaks, leaf_hash
from exchange.core.notes import Checkpoint, KeySigner
from exchange.store import ledger
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import driver_url, plain_url

ORIGIN = "bench.example/record"
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500  # small: the kernel counts what this process holds at the fork as the check's own


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--one-call", action="store_true", help="commit within the call: no round trip while locked")
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
    """Appends per second, all connections together."""
    seconds, connections, processes = asked.seconds, asked.connections, asked.processes
    with EmbeddedPostgres(folder / "postgres") as server:
        url = server.url
        with psycopg.connect(plain_url(url)) as conn:
            conn.execute(ledger.ddl().encode())
        spawn = multiprocessing.get_context("spawn")
        ready, answers = spawn.Barrier(processes), spawn.Queue()
        arguments = (url, connections // processes, seconds, asked.one_call, ready, answers)
        clients = [spawn.Process(target=_client, args=arguments) for _ in range(processes)]
        for client in clients:
            client.start()
        found = [answers.get(timeout=seconds + 300) for _ in clients]
        for client in clients:
            client.join()
        with psycopg.connect(plain_url(url)) as conn:
            (size,) = conn.execute("select size from ledger_head").fetchone() or (0,)
    done, slowest = sum(count for count, _ in found), max(worst for _, worst in found)
    assert size >= done
    return (
        f"{connections} connections: {done / seconds:,.0f} appends/s for {seconds:.0f} s, "
        f"slowest {slowest * 1000:,.0f} ms, {size:,} entries"
    )


def _client(url: str, connections: int, seconds: float, one_call: bool, ready: Any, answers: Any) -> None:
    answers.put(asyncio.run(_appending(url, connections, seconds, one_call, ready)))


async def _appending(url: str, connections: int, seconds: float, one_call: bool, ready: Any) -> tuple[int, float]:
    """How many appends this process committed in that time, and the slowest (seconds); begins with the others."""
    engine = create_async_engine(driver_url(url), pool_size=connections, max_overflow=0)
    if one_call:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    opened = await asyncio.gather(*(engine.connect() for _ in range(connections)))
    await asyncio.to_thread(ready.wait)
    until, took = time.monotonic() + seconds, list[float]()

    async def one(number: int) -> None:
        draw, conn = random.Random(number * 7919 + os.getpid()), opened[number]
        while (started := time.monotonic()) < until:
            async with conn.begin():
                await ledger.append(conn, [fields(draw)])
            took.append(time.monotonic() - started)

    await asyncio.gather(*(one(number) for number in range(connections)))
    for conn in opened:
        await conn.close()
    await engine.dispose()
    return len(took), max(took, default=0.0)


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
        texts = [dated(fields(draw), START + timedelta(milliseconds=n)) for n in numbers]
        peaks = peaks.extend(leaf_hash(text.encode()) for text in texts)
        yield from (leaf_line(number, text) for number, text in zip(numbers, texts, strict=True))
    yield note_line(Checkpoint(signer.name, leaves, peaks.root()).signed(signer))


if __name__ == "__main__":
    main()
