"""The long campaign over the gate: random walks against the real steps on PostgreSQL (`make soak`).

    python -m bench.soak --walks 100000 --processes 2 --seed 1

Every process has its own embedded PostgreSQL. A surprise prints the walk with its seed and ends with 1.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from exchange.settings import Settings
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.rootkey import FileRootKey
from exchange.store.service import open_service
from tests.support.database import cloned, make_template, role_urls
from tests.support.walk import campaign
from tests.support.world import make_world

BATCH = 2500


async def _walk(url: str, folder: Path, seed: int, walks: int) -> Counter[str]:
    settings = Settings.load(folder=folder, scratch=folder / "scratch", demo=True, **role_urls(url))
    settings.root_key_file.parent.mkdir(mode=0o700, parents=True)
    FileRootKey.create(settings.root_key_file)
    async with open_service(settings, with_keys=True) as service:
        return await campaign(await make_world(service), seed=seed, walks=walks, per_stage=60)


def run(seed: int, walks: int) -> Counter[str]:
    """One process: batches of walks, each batch on a fresh database."""
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg", durable=False) as server:
        make_template(server)
        for start in range(0, walks, BATCH):
            with cloned(server) as url:
                place = Path(folder) / str(start)
                total += asyncio.run(_walk(url, place, seed + start, min(BATCH, walks - start)))
                print(f"seed {seed}: {total['walks']} walks, read {total['read:yes']}", flush=True)
    return total


def main() -> int:
    """Share the walks among the processes and print the sum."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--walks", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    share, began, total = asked.walks // asked.processes, time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(asked.processes) as pool:
        jobs = [pool.submit(run, asked.seed + 10_000_000 * n, share) for n in range(asked.processes)]
        for job in as_completed(jobs):
            total += job.result()
    seconds = time.monotonic() - began
    acts = sum(count for name, count in total.items() if name.endswith((":done", ":refused")))
    print(f"{total['walks']} walks, {acts} acts, {seconds:.0f} s")
    print(f"reads allowed {total['read:yes']}, refused {total['read:no']}, against the second opinion 0")
    return 0


if __name__ == "__main__":
    sys.exit(main())
