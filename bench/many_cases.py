"""A service with many cases, and how long every page of its console takes with twenty people at work.

    python -m bench.many_cases --cases 5000

makes the service (fifty facilitators, six messages a case; `--only-make` stops there and prints how long that took),
starts a real console process over it, and lets `--users` signed-in people visit every page of theirs, again and again
in a new order, each reading for `--reading` seconds between two pages. Prints, for each page, how many queries it asks,
how often it was visited, the median and the 99th percentile in milliseconds; ends with 1 where a page is slower than
`--goal` milliseconds at the 99th percentile or answers with a fault.

`--keep FOLDER` keeps what was made there and takes it from there the next time. `--alone` has one visitor instead, who
opens every page so often and waits for each: what a page costs in CPU milliseconds, in the console's process and in
the database's, which says the same on a machine that does other things too.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from bench.page_cost import costs_of, database_cpu, told
from exchange.settings import Settings
from exchange.steps import setup
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.migrate import upgrade
from exchange.store.roles import CONSOLE, PORTAL
from exchange.store.service import Service, open_service
from exchange.supervise import ProcessTree, exchange_command
from tests.support.many import Many, made_before, make_many
from tests.support.many_pages import Page, pages_of, queries_of, visiting
from tests.support.ports import free_port
from tests.support.running import READY_SECONDS, UNHURRIED, answers

SETTLED_SECONDS = 15
"""By then a process has made ready what it compiles once; visits to one that has just started are not measured."""


async def make(settings: Settings, asked: argparse.Namespace, *, anew: bool) -> dict[Page, int]:
    """The service, and how many queries each page of its console asks."""
    async with open_service(settings, with_keys=True) as service:
        many = await _make(service, asked) if anew else await made_before(service)
        return {} if asked.only_make or asked.alone else await queries_of(service, await pages_of(many))


async def _make(service: Service, asked: argparse.Namespace) -> Many:
    began = time.monotonic()
    many = await make_many(service, cases=asked.cases, facilitators=asked.facilitators)
    print(f"{asked.cases} cases made in {time.monotonic() - began:.0f} s", flush=True)
    return many


async def alone(settings: Settings, server: EmbeddedPostgres, asked: argparse.Namespace) -> None:
    """What each page costs, the dearest first."""
    async with open_service(settings, with_keys=True) as service:
        pages = [page for page in await pages_of(await made_before(service)) if asked.only in page.route]
        costs = await costs_of(service, pages, asked.visits, lambda: database_cpu(server.folder))
    print(told(costs))


@contextmanager
def console(settings: Settings, folder: Path) -> Iterator[str]:
    """The address of a console process of its own."""
    tree = ProcessTree(folder / "logs")
    try:
        tree.start("console", exchange_command("console"), settings.environments()["console"])
        tree.wait_until(lambda: answers(settings.console_url), READY_SECONDS)
        time.sleep(SETTLED_SECONDS)
        yield settings.console_url
    finally:
        tree.stop()


async def load(settings: Settings, url: str, queries: dict[Page, int], asked: argparse.Namespace) -> int:
    """Visit, and tell; how many pages missed the goal."""
    async with open_service(settings, with_keys=True) as service:
        times = await visiting(service, url, list(queries), asked)
    late = 0
    print(f"{'page':58} {'queries':>7} {'visits':>6} {'p50 ms':>7} {'p99 ms':>7}")
    for page in sorted(queries, key=lambda one: -times[one].at(0.99)):
        found = times[page]
        late += found.at(0.99) > asked.goal or found.faults > 0
        told = f"{page.role} {page.route}"
        print(f"{told:58} {queries[page]:7} {len(found.took):6} {found.at(0.5):7.0f} {found.at(0.99):7.0f}"
              + (f"  {found.faults} faults" if found.faults else ""))  # fmt: skip
    together = sorted(took for found in times.values() for took in found.took)
    print(f"{len(together)} visits by {asked.users} people: p50 {together[len(together) // 2]:.0f} ms, "
          f"p99 {together[int(len(together) * 0.99)]:.0f} ms; {late} pages over {asked.goal} ms; "
          f"load {os.getloadavg()[0]:.1f} before {asked.load_before:.1f}")  # fmt: skip
    return late


def main() -> int:
    """Make, start, visit, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--facilitators", type=int, default=50)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--visits", type=int, default=100, help="of each page, by everybody together")
    parser.add_argument("--reading", type=float, default=5.0, help="seconds between two pages of one person")
    parser.add_argument("--goal", type=float, default=200.0, help="milliseconds at the 99th percentile")
    parser.add_argument("--only-make", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder to keep the service in, and to take it from")
    parser.add_argument("--alone", action="store_true", help="CPU of each page, with one visitor")
    parser.add_argument("--only", default="", help="with --alone: pages whose route has this in it")
    asked = parser.parse_args()
    asked.load_before = os.getloadavg()[0]
    with nullcontext(asked.keep) if asked.keep else tempfile.TemporaryDirectory() as name:
        folder = Path(name).absolute()
        anew = not (folder / "made").exists()
        with EmbeddedPostgres(folder / "pg", durable=bool(asked.keep)) as server:
            settings = settings_of(server, folder)
            upgrade(server.url)
            if anew:
                setup.make_keys(settings)
            queries = asyncio.run(make(settings, asked, anew=anew))
            (folder / "made").touch()
            if asked.alone:
                asyncio.run(alone(settings, server, asked))
            if asked.only_make or asked.alone:
                return 0
            with console(settings, folder) as url:
                return int(asyncio.run(load(settings, url, queries, asked)) > 0)


def settings_of(server: EmbeddedPostgres, folder: Path) -> Settings:
    """The service in a folder, over its own database, each process in its own role."""
    return Settings.load(
        folder=folder / "service", scratch=folder / "scratch", demo=True, console_port=free_port(), **UNHURRIED,
        step_up_seconds=3600,  # a page that asks for the second factor again is another page
        owner_database_url=server.url, database_url=server.url_as(CONSOLE), portal_database_url=server.url_as(PORTAL),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
