"""Rotating the root key over many cases while others open and make cases (`python -m bench.rotation --cases 10000`).

Prints the seconds, how many wraps were made anew, what was opened and made meanwhile, errors, and how many objects
of the store were written again. Ends with 1 unless errors and rewritten bodies are both 0.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from exchange.core.model import OPERATOR
from exchange.settings import Settings
from exchange.steps import rootkeys
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.rootkey import FileRootKey
from exchange.store.service import open_service
from tests.support.database import cloned, make_template
from tests.support.many_keys import Traffic, bodies, make_many, open_one


async def measure(url: str, folder: Path, count: int, readers: int) -> int:
    settings = Settings.load(folder=folder, database_url=url, scratch=folder / "scratch", demo=True)
    settings.root_key_file.parent.mkdir(mode=0o700, parents=True)
    FileRootKey.create(settings.root_key_file)
    assert settings.objects_folder is not None
    async with AsyncExitStack() as stack:
        service, *others = [
            await stack.enter_async_context(open_service(settings, with_keys=True)) for _ in range(1 + readers)
        ]
        began = time.monotonic()
        cases = await make_many(service, count)
        print(f"{count} cases made in {time.monotonic() - began:.1f} s", flush=True)
        before, traffic = bodies(settings.objects_folder), Traffic()
        tasks = [asyncio.create_task(traffic.read(other, cases, n)) for n, other in enumerate(others)]
        tasks.append(asyncio.create_task(traffic.write(others[0])))
        began, done = time.monotonic(), 0
        await rootkeys.switch(service, OPERATOR, rootkeys.ring_of(service).source_of("file").make())
        async for progress in rootkeys.rewrap(service, OPERATOR):
            done = progress.done
        await rootkeys.settle(service, OPERATOR)
        took, traffic.stopped = time.monotonic() - began, True
        await asyncio.gather(*tasks)
        unopened = [case for case in cases if not await open_one(others[0], case)]
        after = bodies(settings.objects_folder)
    rewritten = sum(after.get(path) != kept for path, kept in before.items())
    print(
        f"{done} wraps in {took:.1f} s; meanwhile {traffic.opened} opened, {traffic.made} cases made;"
        f" errors {len(traffic.errors)}, unopened afterwards {len(unopened)},"
        f" bodies rewritten {rewritten} of {len(before)}"
    )
    return 1 if traffic.errors or unopened or rewritten else 0


def main() -> int:
    """Everything in a folder of its own that is gone afterwards."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg", durable=True) as server:
        make_template(server)
        with cloned(server) as url:
            return asyncio.run(measure(url, Path(folder) / "service", asked.cases, asked.readers))


if __name__ == "__main__":
    sys.exit(main())
