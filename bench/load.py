"""Many people watching at once and staff at work, with every process restarted in the middle.

    python -m bench.load --viewers 1000 --users 20 --minutes 5

Two portals and two consoles. Each viewer has a link of their own to a film, and reads it as a player does: an
open-ended range, ten seconds ahead of what is shown, at 1.5 Mbit/s, from the beginning again at its end; a line
that broke is taken up at the other portal. Each member of staff opens a page every five seconds. Prints stalls
(the ten seconds ran empty), lines that broke, answers that no player goes on from, times of pages, and of each
process CPU and memory. Ends with 1 where anything stalled or failed.

Viewers go to both portals in turn by themselves, as a load balancer would send them; pages go through one. Files
of films lie in a temporary folder: `--mib` each.
"""

import argparse
import asyncio
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp.connector import AddrInfoType

from bench.streams import MIB, Process, Stage, released
from exchange.memory import open_many_files
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.service import Service
from tests.support.console_site import session_cookie
from tests.support.database import cloned, make_template
from tests.support.running import Exchange, running_exchange, several

RATE = 1_500_000 / 8
AHEAD_SECONDS = 10.0
READ = 64 * 1024
RECEIVED_AHEAD = 128 * 1024
VIEWERS_A_CASE = 10
READING_SECONDS = 5.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Viewer:
    """One player: where its film is, and what happened to it."""

    urls: Sequence[str]
    cookie: str = field(repr=False)
    size: int
    at: int = 0
    turn: int = 0
    stalls: int = 0
    broke: int = 0
    faults: list[int] = field(default_factory=list)
    began: float = 0.0
    got: int = 0

    async def watch(self, http: aiohttp.ClientSession, until: float) -> None:
        """Until this time of the loop."""
        now = asyncio.get_running_loop().time
        self.began = now()
        while now() < until and len(self.faults) < 3:
            try:
                async with asyncio.timeout_at(until):
                    await self._range(http)
                self.at %= self.size
            except TimeoutError:
                return
            except aiohttp.ClientError:
                self.broke += 1
                self.turn += 1
                await asyncio.sleep(0.25)

    async def _range(self, http: aiohttp.ClientSession) -> None:
        headers = {"Cookie": f"portal={self.cookie}", "Range": f"bytes={self.at}-"}
        async with http.get(self.urls[self.turn % 2], headers=headers, allow_redirects=False) as answer:
            if answer.status != 206:
                self.faults.append(answer.status)
                return
            while data := await answer.content.read(READ):
                self.at, self.got = self.at + len(data), self.got + len(data)
                await self._shown()

    async def _shown(self) -> None:
        """Count it if the screen stood still meanwhile; read no further than ten seconds ahead."""
        now = asyncio.get_running_loop().time()
        ahead = self.got / RATE - (now - self.began)
        if ahead < -AHEAD_SECONDS:
            self.stalls += 1
            self.began, self.got = now, 0
        elif ahead > 0:
            await asyncio.sleep(ahead)


@dataclass
class Pages:
    """Staff at work: milliseconds of each page, and answers that were none."""

    took: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def work(self, url: str, cookie: str, paths: Sequence[str], number: int, until: float) -> None:
        """One member of staff, until this time of the loop."""
        chance = random.Random(number)
        async with aiohttp.ClientSession(
            cookies={"console": cookie}, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as client:
            while asyncio.get_running_loop().time() < until:
                await asyncio.sleep(READING_SECONDS * chance.uniform(0.2, 1.8))
                await self._visit(client, url + chance.choice(paths))

    async def _visit(self, client: aiohttp.ClientSession, url: str) -> None:
        began = time.perf_counter()
        try:
            async with client.get(url, allow_redirects=False) as answer:
                await answer.read()
                if answer.status != 200:
                    self.faults.append(f"{answer.status} {url}")
        except aiohttp.ClientError as error:
            self.faults.append(type(error).__name__)
        self.took.append((time.perf_counter() - began) * 1000)


@dataclass
class Watched:
    """A process of the service by its name: CPU seconds and sizes in MiB, over its lives."""

    name: str
    pid: int = 0
    cpu: float = 0.0
    sizes: list[float] = field(default_factory=list)
    before: float = 0.0

    def look(self, pid: int) -> None:
        """Now; a process that was started anew begins at nothing."""
        with suppress(OSError, StopIteration):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used = (int(words[11]) + int(words[12])) / TICKS
            self.cpu += used - self.before if pid == self.pid else 0.0
            self.pid, self.before = pid, used
            self.sizes.append(Process(self.name, pid).size())


async def prepared(running: Exchange, service: Service, asked: argparse.Namespace) -> tuple[list[Viewer], list[str]]:
    """Everybody with a film before them, and the console's pages about them."""
    viewers: list[Viewer] = []
    paths = ["/", "/cases"]
    size = asked.mib * MIB
    portals = [f"http://localhost:{running.ports[name]}" for name in ("portal-1", "portal-2")]
    for number in range(asked.viewers):
        if number % VIEWERS_A_CASE == 0:
            world = await running.case(service)
            stage = Stage(service, world.facilitator, world.case, world.author, world.recipient)
            paths.append(f"/cases/{world.case}")
        session, cookie, _ = await released(stage, size)
        urls = [f"{portal}/s/{session}/part/picture" for portal in portals]
        viewers.append(Viewer(urls, cookie, size, turn=number))
    return viewers, paths


async def measure(running: Exchange, asked: argparse.Namespace) -> bool:
    """Everything at once, and what came of it."""
    async with running.service() as service, players() as http:
        viewers, paths = await prepared(running, service, asked)
        fern = running.accounts["fern"].actor.id
        assert fern
        cookies = [await session_cookie(service, fern) for _ in range(asked.users)]
        print(f"{asked.viewers} viewers and {asked.users} members of staff are ready", flush=True)
        pages, watched = Pages(), {name: Watched(name) for name in (*running.ports, "console-front")}
        until = asyncio.get_running_loop().time() + asked.minutes * 60
        looking = asyncio.create_task(_look(running, watched))
        restarting = asyncio.create_task(_restart(running, asked.minutes * 30))
        await asyncio.gather(
            *(viewer.watch(http, until) for viewer in viewers),
            *(pages.work(running.console, one, paths, number, until) for number, one in enumerate(cookies)),
        )
        await restarting
        looking.cancel()
    return report(asked, viewers, pages, list(watched.values()))


def players() -> aiohttp.ClientSession:
    """As many connections as wanted, none with the megabytes that the kernel would hold on this machine's own wire."""

    def narrow(address: AddrInfoType) -> socket.socket:
        made = socket.socket(*address[:3])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_AHEAD)
        return made

    many = aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=narrow)
    patience = aiohttp.ClientTimeout(total=None, sock_connect=30)
    return aiohttp.ClientSession(connector=many, cookie_jar=aiohttp.DummyCookieJar(), timeout=patience)


async def _look(running: Exchange, watched: dict[str, Watched]) -> None:
    while True:
        for child in running.tree.children:
            if child.name in watched and child.process:
                watched[child.name].look(child.process.pid)
        await asyncio.sleep(1)


async def _restart(running: Exchange, after: float) -> None:
    """Each process of both sites, one after the other."""
    await asyncio.sleep(after)
    for name in running.ports:
        await running.restart(name)


def report(asked: argparse.Namespace, viewers: list[Viewer], pages: Pages, watched: list[Watched]) -> bool:
    """The figures; whether all went well."""
    stalls, broke = sum(one.stalls for one in viewers), sum(one.broke for one in viewers)
    faults = [status for one in viewers for status in one.faults]
    took = sorted(pages.took)
    print(f"{len(viewers)} viewers, {asked.minutes:g} minutes: {stalls} stalls, {broke} lines broken and gone on with, "
          f"{len(faults)} answers that end a film {sorted(set(faults))}")  # fmt: skip
    if took:
        print(f"{len(took)} pages by {asked.users}: median {took[len(took) // 2]:.0f} ms, "
              f"99th percentile {took[int(len(took) * 0.99)]:.0f} ms, faults {pages.faults[:5]}")  # fmt: skip
    for one in watched:
        if one.sizes:
            print(f"{one.name:14} {one.cpu:7.1f} CPU s, {min(one.sizes):.0f} to {max(one.sizes):.0f} MiB, "
                  f"at the end {one.sizes[-1]:.0f}")  # fmt: skip
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return not (stalls or faults or pages.faults)


def main() -> int:
    """Make, load, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--mib", type=int, default=16, help="of each film")
    asked = parser.parse_args()
    open_many_files()
    with tempfile.TemporaryDirectory(prefix="load-") as name, EmbeddedPostgres(Path(name) / "pg") as server:
        make_template(server)
        values = {"shutdown_notice_seconds": 1.0, "shutdown_seconds": 10.0}
        with cloned(server) as url, running_exchange(url, Path(name), several("2,2,1"), **values) as running:
            return int(not asyncio.run(measure(running, asked)))


if __name__ == "__main__":
    sys.exit(main())
