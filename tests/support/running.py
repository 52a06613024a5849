"""The service as it runs: `exchange portal`, `console` and `worker` as processes over a fresh database."""

import asyncio
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp

from exchange.core.model import OPERATOR, Actor, Channel, Role, Side
from exchange.settings import Settings
from exchange.steps import accounts, cases, setup, team
from exchange.steps.cases import SafeContact
from exchange.store.service import Service, open_service
from exchange.supervise import ProcessTree, exchange_command
from tests.support.database import role_urls
from tests.support.ports import free_port
from tests.support.world import PASSWORD, World, record_everything, staff

ROLES = {
    "fern": Role.FACILITATOR,
    "sage": Role.FACILITATOR,
    "reed": Role.FACILITATOR,
    "rowan": Role.SUPERVISOR,
    "hazel": Role.AUDITOR,
    "linden": Role.ADMINISTRATOR,
}
NAMES = {Side.HARMED: "Wilhelmina Plantedname", Side.RESPONSIBLE: "Bartholomew Plantedname"}
FORMS = {Side.HARMED: "Willow", Side.RESPONSIBLE: "Barley"}
CONTACTS = {Side.HARMED: "willow.planted@people.example", Side.RESPONSIBLE: "01632 960 987"}
READY_SECONDS = 90.0
UNHURRIED = dict.fromkeys(("requests_per_minute", "knocks_per_minute", "tries_per_link", "references_per_minute"), 0)


@dataclass
class Account:
    """A member of staff who can sign in."""

    login: str
    actor: Actor
    secret: str
    spent: int = 0

    def code(self) -> str:
        """What their authenticator app shows now, or next: a code counts once, and a clock may be a step ahead."""
        self.spent = max(int(time.time()) // 30, self.spent + 1)
        while self.spent > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        return pyotp.TOTP(self.secret).generate_otp(self.spent)


@dataclass(frozen=True)
class Exchange:
    """A running service. `portal` and `console` are its addresses, on two host names for their cookies."""

    settings: Settings
    portal: str
    console: str
    accounts: dict[str, Account]
    tree: ProcessTree
    metrics: tuple[int, ...] = ()
    ports: dict[str, int] = field(default_factory=dict)
    """By name, where each process of a site listens itself; where there are several, the addresses are a balancer's."""

    def is_ready(self, name: str) -> bool:
        """Whether this process of a site answers at its own port."""
        return answers(f"http://127.0.0.1:{self.ports[name]}")

    async def restart(self, name: str, *, signals: int = 1) -> float:
        """End one process as a supervisor does, start it again, wait until it is ready; how long it took to end.

        In the main thread: a process ends with the thread that started it (`supervise`).
        """
        (child,) = [one for one in self.tree.children if one.name == name]
        assert child.process is not None
        began = time.monotonic()
        for _ in range(signals):
            child.process.terminate()
            await asyncio.sleep(0.2)
        while child.process.poll() is None:
            assert time.monotonic() < began + READY_SECONDS, "it does not end"
            await asyncio.sleep(0.02)
        ended = time.monotonic()
        assert child.process.returncode == 0
        child.start()
        while not await asyncio.to_thread(self.is_ready, name):
            assert time.monotonic() < ended + READY_SECONDS, child.tail()
            await asyncio.sleep(0.1)
        return ended - began

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Service]:
        """The same database and objects, for what a test prepares or looks up."""
        async with open_service(self.settings, with_keys=True) as opened:
            yield opened

    async def case(self, service: Service, *, custody: bool = False) -> World:
        """A case with two people in which everything the gate asks is recorded."""
        people = {login: account.actor for login, account in self.accounts.items()}
        lead = people["fern"]
        case = await cases.open_case(service, lead)
        ids = {
            side: await cases.add_participant(
                service, lead, case, side=side, name=NAMES[side], form_of_name=FORMS[side],
                custody=custody and side is Side.HARMED,
                contact=SafeContact(Channel.EMAIL, address=CONTACTS[side]),
            )
            for side in Side
        }  # fmt: skip
        world = World(
            service=service, facilitator=lead, second=people["sage"], supervisor=people["rowan"],
            auditor=people["hazel"], administrator=people["linden"], stranger=people["reed"],
            case=case, author=ids[Side.RESPONSIBLE], recipient=ids[Side.HARMED],
        )  # fmt: skip
        await team.assign(service, world.supervisor, case, world.second.id)
        await record_everything(world)
        return world


@contextmanager
def running_exchange(
    database: str, folder: Path, names: Sequence[str] = ("portal", "console", "worker"), **values: Any
) -> Iterator[Exchange]:
    """Found a service, start its processes, wait until both sites are ready; end them by their ids.

    Every process serves its metrics on a port of its own. Several of a site (`portal-1`, `portal-2`) stand behind a
    balancer (`round_robin`) at the site's address.
    """
    ports = {name: free_port() for name in names if not name.startswith("worker")}
    front = {kind: _front([name for name in ports if kind_of(name) == kind], ports) for kind in ("portal", "console")}
    settings = Settings.load(
        folder=folder / "service", scratch=folder / "scratch", demo=True, **role_urls(database),
        portal_port=front["portal"], console_port=front["console"], **{**UNHURRIED, **values},
    )  # fmt: skip
    setup.make_keys(settings)
    found = asyncio.run(_found(settings))
    tree = ProcessTree(folder / "logs")
    told = [free_port() for _ in names]
    sites = {"portal": settings.portal_url, "console": settings.console_url}
    running = Exchange(settings, *sites.values(), found, tree, tuple(told), ports)
    try:
        for name, metrics in zip(names, told, strict=True):
            tree.start(name, exchange_command(kind_of(name)), _environment(settings, name, ports, metrics))
        for kind, port in front.items():
            behind = [str(ports[name]) for name in ports if kind_of(name) == kind]
            if len(behind) > 1:
                command = [sys.executable, "-m", "tests.support.round_robin", str(port), *behind]
                tree.start(f"{kind}-front", command, os.environ)
        tree.wait_until(lambda: all(map(running.is_ready, ports)), READY_SECONDS)
        tree.wait_until(lambda: all(answers(sites[kind]) for kind in {*map(kind_of, ports)}), READY_SECONDS)
        yield running
    finally:
        tree.stop()


def kind_of(name: str) -> str:
    """`portal` of `portal-2`."""
    return name.partition("-")[0]


def several(numbers: str) -> tuple[str, ...]:
    """Names for so many portals, consoles and workers: `2,2,3`."""
    counted = zip(("portal", "console", "worker"), numbers.split(","), strict=True)
    return tuple(f"{kind}-{number}" for kind, many in counted for number in range(1, int(many) + 1))


def _front(names: list[str], ports: dict[str, int]) -> int:
    """The port of a site: its process's own, or that of what stands before several of them."""
    return ports[names[0]] if len(names) == 1 else free_port()


def _environment(settings: Settings, name: str, ports: dict[str, int], metrics: int) -> dict[str, str]:
    """What one of several processes of a kind is told: a port of its own, and the address that all of them share."""
    kind = kind_of(name)
    own = {f"EXCHANGE_{kind.upper()}_PORT": str(ports[name])} if name in ports else {}
    return settings.environments()[kind] | own | {"EXCHANGE_METRICS_PORT": str(metrics)}


async def _found(settings: Settings) -> dict[str, Account]:
    made = {}
    async with open_service(settings, with_keys=True) as service:
        await setup.found_service(service, demo=True, name="Letter Bridge")
        for login, role in ROLES.items():
            actor = await staff(service, login, role)
            assert actor.id
            enrolment = await accounts.enrol(service, OPERATOR, actor.id)
            made[login] = Account(login, actor, enrolment.secret)
    return made


def answers(site: str) -> bool:
    """Whether a site is ready."""
    try:
        with urllib.request.urlopen(f"{site}/readyz", timeout=2) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


__all__ = ["PASSWORD", "Account", "Exchange", "answers", "running_exchange", "several"]
