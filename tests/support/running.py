"""The service as it runs: `exchange portal`, `console` and `worker` as processes over a fresh database."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
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

    Every process serves its metrics on a port of its own.
    """
    ports = free_port(), free_port()
    settings = Settings.load(
        folder=folder / "service", scratch=folder / "scratch", demo=True, **role_urls(database),
        portal_port=ports[0], console_port=ports[1], **{**UNHURRIED, **values},
    )  # fmt: skip
    setup.make_keys(settings)
    found = asyncio.run(_found(settings))
    tree = ProcessTree(folder / "logs")
    environments = settings.environments()
    try:
        told = [free_port() for _ in names]
        for name, port in zip(names, told, strict=True):
            environment = environments[name.split("-")[0]] | {"EXCHANGE_METRICS_PORT": str(port)}
            tree.start(name, exchange_command(name), environment)
        sites = {"portal": settings.portal_url, "console": settings.console_url}
        started = [sites[name] for name in names if name in sites]
        tree.wait_until(lambda: all(answers(site) for site in started), READY_SECONDS)
        yield Exchange(settings, *sites.values(), found, tree, tuple(told))
    finally:
        tree.stop()


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


__all__ = ["PASSWORD", "Account", "Exchange", "answers", "running_exchange"]
