"""Upload and playback through the running service over an S3 server, beside the minio client's own put and get.

    python -m bench.bucket --mib 256 --rounds 3

The server is OpenStack Swift on this machine (`tests/support/swift.py`), so it takes of the same processors. The same
bytes go through the console and back out of the portal, and in turns by the client alone, as it comes: parts of its own
size, three at a time. What comes back is counted, not kept. Prints medians and the ratios of speed.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from minio import Minio

from bench.streams import BLOCK, MIB, Stage, fetch, new_client, released, upload
from exchange.core.model import Actor, ActorKind
from exchange.steps import tokens
from exchange.store.embedded import EmbeddedPostgres
from tests.support.database import cloned, make_template
from tests.support.running import Exchange, running_exchange
from tests.support.swift import Swift, swift_server

BUCKET = "plain"


def put(client: Minio, film: Path) -> None:
    """By the client alone, from a file."""
    client.fput_object(BUCKET, "film", str(film))


def get(client: Minio, film: Path) -> None:
    """By the client alone, to its end."""
    answer = client.get_object(BUCKET, "film")
    try:
        got = sum(len(chunk) for chunk in answer.stream(MIB))
    finally:
        answer.close()
        answer.release_conn()
    assert got == film.stat().st_size


async def timed(act: Callable[[Minio, Path], None], client: Minio, film: Path) -> float:
    """Seconds, in a thread."""
    began = time.perf_counter()
    await asyncio.to_thread(act, client, film)
    return time.perf_counter() - began


async def measure(running: Exchange, client: Minio, film: Path, asked: argparse.Namespace) -> None:
    """The rounds, in turns, and the table."""
    size = asked.mib * MIB
    took: dict[str, list[float]] = {name: [] for name in ("put in", "plain put", "played", "plain get")}
    async with running.service() as service, new_client() as http:
        world = await running.case(service)
        stage = Stage(service, world.facilitator, world.case, world.author, world.recipient)
        made = await tokens.create_token(service, Actor(ActorKind.OPERATOR), label="bench", account_id=stage.lead.id)
        session, cookie, _ = await released(stage, size)
        for _ in range(asked.rounds):
            took["put in"].append(await upload(stage, http, running.console, made.secret, size))
            took["plain put"].append(await timed(put, client, film))
            took["played"].append(await fetch(http, f"{running.portal}/s/{session}/part/picture", cookie))
            took["plain get"].append(await timed(get, client, film))
    for name, times in took.items():
        print(f"{name:10} {asked.mib / statistics.median(times):6.0f} MiB/s  rounds "
              + ", ".join(f"{asked.mib / one:.0f}" for one in times))  # fmt: skip
    for ours, plain in (("put in", "plain put"), ("played", "plain get")):
        print(f"{ours}: {statistics.median(took[plain]) / statistics.median(took[ours]):.2f} of the speed of {plain}")
    print(f"load {os.getloadavg()[0]:.1f}")


def _own(swift: Swift) -> Minio:
    client = Minio(swift.endpoint, swift.access_key, swift.secret_key, secure=False, region="us-east-1")
    client.make_bucket(BUCKET)
    return client


def main() -> None:
    """Start, measure, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bucket-") as name:
        folder = Path(name)
        with (folder / "film").open("wb") as film:
            film.writelines(BLOCK[:MIB] for _ in range(asked.mib))
        with swift_server(folder / "swift") as swift, EmbeddedPostgres(folder / "pg") as server:
            make_template(server)
            told = swift.settings("sealed")
            with cloned(server) as url, running_exchange(url, folder, ("portal", "console"), **told) as running:
                asyncio.run(measure(running, _own(swift), folder / "film", asked))


if __name__ == "__main__":
    main()
