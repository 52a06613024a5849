"""Upload and playback through the running service beside plain aiohttp, and the memory of every process.

    python -m bench.streams --mib 2048 --rounds 3

Starts the demonstration (embedded PostgreSQL, portal, console, two workers) and `bench.plain`, sends the same
bytes to both in turns, and prints medians, ratios of speed and of CPU (of the process that serves, the database's and
the client's not counted), how far each process grew above its idle size, what each further upload takes, and how long a
seek takes in a long film beside a short one.
"""

import argparse
import asyncio
import base64
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
from sqlalchemy import select

from exchange.core import keys, links
from exchange.core.model import TICKS, Actor, ActorKind, Channel, ConsentKind, Event, Kind, Role
from exchange.core.sealed import seal_iter, sealed_length
from exchange.demo import CODE, NOTE, RECEIVES, SAID
from exchange.settings import Settings
from exchange.steps import consent, intake, offer, release, review, tokens, visit
from exchange.steps.revising import make_revision
from exchange.store import tables as t
from exchange.store.parts import SealedPart, announce, part_context, part_key
from exchange.store.sealing import opener_of
from exchange.store.service import Service, open_service
from exchange.store.unit import unit_of_work

MIB = 1024 * 1024
PIECE = 64 * MIB
SEEK, SEEKS = 64 * 1024, 60
BLOCK = os.urandom(4 * MIB)


@dataclass
class Process:
    """One process of the service and its resident size, MiB."""

    name: str
    pid: int
    idle: float = 0.0

    def reset(self) -> None:
        """Forget the peak (Linux: write 5 to clear_refs)."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def size(self, field: str = "VmRSS") -> float:
        """Now (`VmRSS`) or the peak since the reset (`VmHWM`)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(folder: Path) -> tuple[subprocess.Popen[bytes], dict[str, object]]:
    """The demonstration, ready."""
    command = [sys.executable, "-m", "exchange", "demo", "--folder", str(folder / "demo")]
    ports = ["--portal-port", str(free_port()), "--console-port", str(free_port())]
    facts = folder / "facts.json"
    demo = subprocess.Popen([*command, *ports, "--json", str(facts)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 180
    while not facts.exists():
        if demo.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the demonstration did not start")
        time.sleep(0.2)
    time.sleep(2)
    return demo, json.loads(facts.read_text())


def children(parent: int) -> Iterator[Process]:
    """The service's processes: those whose command line names one of ours."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            ours = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent
        except OSError:
            continue
        for name in ("portal", "console", "worker"):
            if ours and name.encode() in words:
                yield Process(name, int(entry.name))


def settings_of(process: Process) -> Settings:
    """The settings the process was started with, from its own environment."""
    pairs = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    for name, _, value in (pair.decode().partition("=") for pair in pairs if pair.startswith(b"EXCHANGE_")):
        os.environ[name] = value
    return Settings.load()


def _console(processes: list[Process]) -> Process:
    """The one whose settings reach everything that a benchmark prepares; the portal's do not."""
    return next(process for process in processes if process.name == "console")


async def body(size: int) -> AsyncIterator[bytes]:
    """`size` bytes in 1 MiB pieces."""
    for start in range(0, size, MIB):
        yield BLOCK[: min(MIB, size - start)]


@dataclass
class Stage:
    """Who acts, in which case."""

    service: Service
    lead: Actor
    case: UUID
    author: UUID
    recipient: UUID

    async def message(self, kind: Kind) -> UUID:
        """A message being put in."""
        return await intake.begin_message(
            self.service, self.lead, self.case, author=self.author, recipient=self.recipient, kind=kind
        )


async def stage_of(service: Service) -> Stage:
    """The demonstration's first case, with its lead freshly confirmed."""
    async with unit_of_work(service, Actor(ActorKind.OPERATOR)) as unit:
        lead = (await unit.one(select(t.account.c.id).where(t.account.c.login == "fern")))[0]
        people = await unit.all(select(t.participant).order_by(t.participant.c.created_at).limit(2))
    side = {row.side: row.id for row in people}
    actor = Actor(ActorKind.STAFF, lead, frozenset({Role.FACILITATOR}), stepped_up=True)
    return Stage(service, actor, people[0].case_id, side["responsible"], side["harmed"])


async def upload(stage: Stage, http: aiohttp.ClientSession, console: str, token: str, size: int) -> float:
    """One tus upload of `size` bytes through the console; seconds."""
    message = await stage.message(Kind.VIDEO)
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    named = {"Upload-Length": str(size), "Upload-Metadata": f"message {_b64(str(message))},filename {_b64('film.mp4')}"}
    async with http.post(f"{console}/api/v1/uploads", headers={**headers, **named}) as made:
        assert made.status == 201, await made.text()
        place = made.headers["Location"]
    place = place if place.startswith("http") else console + place
    began = time.perf_counter()
    for offset in range(0, size, PIECE):
        part = min(PIECE, size - offset)
        patch = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        sized = {**headers, **patch, "Content-Length": str(part)}
        async with http.patch(place, headers=sized, data=body(part)) as done:
            assert done.status == 204, await done.text()
    return time.perf_counter() - began


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def released(stage: Stage, size: int) -> tuple[UUID, str, str]:
    """A released film of `size` random bytes; its session, the cookie and its link's id."""
    message = await stage.message(Kind.VIDEO)
    digest = await sealed_film(stage, message, size)
    await review.approve(stage.service, stage.lead, message, digest, ticks=TICKS, understood="myself")
    about = {"message_id": message}
    await consent.record(
        stage.service, stage.lead, stage.author, ConsentKind.SHARE, True, SAID, message_id=message, digest=digest
    )
    await offer.make_offer(stage.service, stage.lead, message, offer.Terms(NOTE, Channel.PHONE, by_link=False))
    await consent.record(stage.service, stage.lead, stage.recipient, ConsentKind.RECEIVE, True, RECEIVES, **about)
    link = await release.release_by_link(stage.service, stage.lead, message, channel=Channel.EMAIL)
    cookie = links.new_secret()
    session = await visit.claim(stage.service, link.secret, cookie, CODE)
    found = await visit.load(stage.service, cookie, session)
    await visit.is_for_me(stage.service, found, yes=True)
    return session, cookie, str(link.id)


async def sealed_film(stage: Stage, message: UUID, size: int) -> str:
    """One `picture` part of `size` bytes as the newest version; its digest."""
    revision, key = uuid4(), keys.new_data_key()
    context = part_context(stage.case, message, revision, "picture")
    blocks = (BLOCK[: min(len(BLOCK), size - start)] for start in range(0, size, len(BLOCK)))
    await announce(stage.service, [part_key(revision, "picture")])
    await stage.service.objects.put_stream(
        part_key(revision, "picture"), seal_iter(key, context, blocks), sealed_length(size)
    )
    part = SealedPart("picture", "video/mp4", size, "0" * 64, part_key(revision, "picture"), revision)
    async with unit_of_work(stage.service, stage.lead) as unit:
        moved = await unit.move(await unit.message(message), Event.RECEIVE)
        unit.leaf("message.put_in", case=stage.case, message=message, **moved)
        row = await unit.message(message)
        opener = await opener_of(stage.service, unit.conn, stage.case)
        return await make_revision(unit, opener, row, revision, key, [part], event=Event.CLEAN)


async def fetch(http: aiohttp.ClientSession, url: str, cookie: str = "") -> float:
    """Seconds to read a whole answer and throw it away."""
    began, got = time.perf_counter(), 0
    async with http.get(url, headers={"Cookie": f"portal={cookie}"} if cookie else {}) as answer:
        assert answer.status == 200, await answer.text()
        async for chunk in answer.content.iter_any():
            got += len(chunk)
        assert got == answer.content_length
    return time.perf_counter() - began


@dataclass
class Rounds:
    """Seconds, and CPU seconds of the process that served, of each kind, round by round."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)

    async def add(self, name: str, process: Process, timed: Awaitable[float]) -> None:
        """One measurement."""
        before = process.cpu()
        self.seconds.setdefault(name, []).append(await timed)
        self.cpu.setdefault(name, []).append(process.cpu() - before)

    def ratio(self, name: str, found: dict[str, list[float]]) -> float:
        """The median of ours by that of the plain one."""
        return statistics.median(found[name]) / statistics.median(found[f"plain {name}"])


async def measure(asked: argparse.Namespace, facts: dict[str, object], processes: list[Process], url: str) -> None:
    """The rounds, in turns, and the table."""
    size, rounds = asked.mib * MIB, Rounds()
    console, portal = str(facts["console"]), str(facts["portal"])
    by_name = {process.name: process for process in processes}
    async with open_service(settings_of(_console(processes)), with_keys=True) as service, new_client() as http:
        stage = await stage_of(service)
        token = (
            await tokens.create_token(service, Actor(ActorKind.OPERATOR), label="bench", account_id=stage.lead.id)
        ).secret
        session, cookie, _ = await released(stage, size)
        film = f"{portal}/s/{session}/part/picture"
        for process in processes:
            process.idle = process.size()
            process.reset()
        for _ in range(asked.rounds):
            await rounds.add("upload", by_name["console"], upload(stage, http, console, token, size))
            await rounds.add("plain upload", by_name["plain"], _put(http, url, size))
            await rounds.add("playback", by_name["portal"], fetch(http, film, cookie))
            await rounds.add("plain playback", by_name["plain"], fetch(http, url))
        report(asked.mib, rounds, processes)
        await several(stage, http, console, token, by_name["console"])
        short, other, _ = await released(stage, 4 * MIB)
        await seeks(http, (film, cookie, size), (f"{portal}/s/{short}/part/picture", other, 4 * MIB))


async def several(stage: Stage, http: aiohttp.ClientSession, url: str, token: str, console: Process) -> None:
    """How much more memory each further upload takes, eight beside one."""
    one, more = console.size("VmHWM"), 7
    await asyncio.gather(*(upload(stage, http, url, token, PIECE) for _ in range(1 + more)))
    print(f"each further upload {(console.size('VmHWM') - one) / more:+.1f} MiB")


async def seeks(http: aiohttp.ClientSession, *films: tuple[str, str, int]) -> None:
    """64 KiB from anywhere in the long film and in the short one, in turns; medians and their ratio."""
    took: list[list[float]] = [[] for _ in films]
    for number in range(SEEKS):
        for (film, cookie, size), times in zip(films, took, strict=True):
            start = (number * 7_368_787) % (size - SEEK)
            headers = {"Cookie": f"portal={cookie}", "Range": f"bytes={start}-{start + SEEK - 1}"}
            began = time.perf_counter()
            async with http.get(film, headers=headers) as answer:
                assert (answer.status, len(await answer.read())) == (206, SEEK)
            times.append(time.perf_counter() - began)
    long, short = (statistics.median(times) * 1000 for times in took)
    print(f"64 KiB from anywhere: {long:.1f} ms in the long film, {short:.1f} ms in one of 4 MiB, {long / short:.2f}")


async def _put(http: aiohttp.ClientSession, url: str, size: int) -> float:
    began = time.perf_counter()
    async with http.put(url, data=body(size), headers={"Content-Length": str(size)}) as done:
        assert done.status == 200
    return time.perf_counter() - began


def new_client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1800), cookie_jar=aiohttp.DummyCookieJar())


def report(mib: int, rounds: Rounds, processes: list[Process]) -> None:
    """Medians, ratios, memory."""
    for name, times in rounds.seconds.items():
        cpu = statistics.median(rounds.cpu[name]) / mib * 1024
        print(f"{name:15} {mib / statistics.median(times):8.0f} MiB/s {cpu:6.2f} CPU s/GiB")
    for name in ("upload", "playback"):
        speed, cpu = 1 / rounds.ratio(name, rounds.seconds), rounds.ratio(name, rounds.cpu)
        print(f"{name} beside plain: {speed:.2f} of its speed, {cpu:.2f} of its CPU")
    for process in processes:
        grown = process.size("VmHWM") - process.idle
        print(f"{process.name:8} idle {process.idle:6.1f} MiB, peak {grown:+6.1f} MiB")
    print(f"load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Start, measure, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        demo, facts = started(folder)
        plain = subprocess.Popen([sys.executable, "-m", "bench.plain", name, str(port)])
        try:
            processes = [*children(demo.pid), Process("plain", plain.pid)]
            asyncio.run(measure(asked, facts, processes, f"http://127.0.0.1:{port}/"))
        finally:
            plain.terminate()
            demo.send_signal(signal.SIGTERM)
            demo.wait(30)


if __name__ == "__main__":
    main()
