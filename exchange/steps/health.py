"""Whether the service may answer the public: the checks any process can make, portal included.

`exchange doctor` (exchange/doctor.py) adds those about the machine. A check that crashes is not ok.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.core.errors import ExchangeError, WrongSetting
from exchange.steps import settings as service_settings
from exchange.steps import setup
from exchange.store import roles
from exchange.store.migrate import head
from exchange.store.sealing import follow
from exchange.store.service import Service
from exchange.store.unit import reading

GREEN_SECONDS, RED_SECONDS = 60.0, 5.0
CHECK_SECONDS = 30.0
_known: WeakKeyDictionary[AsyncEngine, tuple[float, bool]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Check:
    """One thing looked at. `wrong` says what is wrong, "" if nothing; `mend` says what to do then."""

    name: str
    wrong: str = ""
    mend: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


Checker = Callable[[Service], Awaitable[Check]]


async def is_green(service: Service) -> bool:
    """Whether the portal may answer the public; looked at once a minute, or every five seconds while not."""
    kept = _known.get(service.engine)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    green = all(check.ok for check in await run(service, ESSENTIAL))
    _known[service.engine] = (time.monotonic() + (GREEN_SECONDS if green else RED_SECONDS), green)
    return green


async def run(service: Service, checkers: tuple[tuple[str, Checker], ...]) -> list[Check]:
    """Make the checks one after another; whatever goes wrong in one is its answer."""
    return [await _one(service, name, checker) for name, checker in checkers]


async def database(service: Service) -> Check:
    """Reachable, and of the newest schema."""
    newest = head()
    async with reading(service) as conn:
        found = (await conn.execute(text("select version_num from alembic_version"))).scalar_one_or_none()
    if found != newest:
        return Check("Database", "Its schema is not of this version.", "Start the newest version once; it migrates.")
    return Check("Database")


async def isolation(service: Service) -> Check:
    """The portal's role reads no key, no account, nothing sealed: our own role in the portal, named elsewhere."""
    name = "Portal's rights"
    async with reading(service) as conn:
        found = await roles.reached(conn, None if service.keys is None else roles.PORTAL)
    if found:
        return Check(
            name,
            f"The portal's database role can read {', '.join(found)}.",
            f"Give the portal the URL of the role {roles.PORTAL}: EXCHANGE_PORTAL_DATABASE_URL.",
        )
    return Check(name)


async def require_isolated(service: Service) -> None:
    """Raise `WrongSetting` unless the portal's rights could be looked at and are as narrow as they must be."""
    (found,) = await run(service, (("Portal's rights", isolation),))
    if not found.ok:
        raise WrongSetting(f"The portal does not start. {found.wrong} {found.mend}")


async def objects(service: Service) -> Check:
    """What is put in comes out again, and can be removed."""
    key, content = f"doctor/{secrets.token_hex(16)}", secrets.token_bytes(64)
    await service.objects.put(key, content)
    try:
        back = await service.objects.get(key)
    finally:
        await service.objects.delete(key)
    if back != content:
        return Check("Object store", "It gave back other bytes than were put in.", "Do not use it; look for the fault.")
    return Check("Object store")


async def founded(service: Service) -> Check:
    """The service was set up."""
    if not await setup.is_founded(service):
        return Check("Set-up", "This service was not set up yet.", "Run: exchange init")
    return Check("Set-up")


async def recovery(service: Service) -> Check:
    """The recovery sheet was printed and a word of it typed back, for the root key that is in use."""
    async with reading(service) as conn:
        found = await service_settings.row(conn, setup.CONFIRMED)
        in_use = await follow(service, conn) if service.keys is not None else ""
    if service.settings.demo:
        return Check("Recovery sheet")
    if found is None:
        return Check("Recovery sheet", "Nobody has confirmed the recovery sheet.", "Run: exchange init")
    if service.keys is not None and in_use != found.value:
        return Check("Recovery sheet", "The confirmed sheet is of another root key.", "Run: exchange keys confirm")
    return Check("Recovery sheet")


async def public_address(service: Service) -> Check:
    """Both sites are reached by https, on different host names, since cookies cross ports."""
    if service.settings.demo:
        return Check("Public addresses")
    portal, console = (
        await service_settings.portal_address(service),
        await service_settings.console_address(service),
    )
    if not (portal.startswith("https://") and console.startswith("https://")):
        return Check(
            "Public addresses",
            "They do not begin with https://.",
            "Set EXCHANGE_PORTAL_URL and EXCHANGE_CONSOLE_URL.",
        )
    if portal.split("/")[2].partition(":")[0] == console.split("/")[2].partition(":")[0]:
        return Check(
            "Public addresses",
            "Portal and console have the same host name.",
            "Give each a host name of its own.",
        )
    return Check("Public addresses")


async def kind(service: Service) -> Check:
    """A demonstration is run as one, and no demonstration account is in a real service."""
    demo = await setup.is_demo(service)
    if demo and not service.settings.demo:
        return Check(
            "Demonstration",
            "This folder holds demonstration accounts.",
            "Run exchange init in an empty folder.",
        )
    if service.settings.demo and not demo and await setup.is_founded(service):
        return Check("Demonstration", "EXCHANGE_DEMO is set over a real service.", "Unset EXCHANGE_DEMO.")
    return Check("Demonstration")


ESSENTIAL: tuple[tuple[str, Checker], ...] = (
    ("Database", database),
    ("Portal's rights", isolation),
    ("Object store", objects),
    ("Set-up", founded),
    ("Recovery sheet", recovery),
    ("Public addresses", public_address),
    ("Demonstration", kind),
)
"""Without one of these the portal does not answer the public."""


async def _one(service: Service, name: str, checker: Checker) -> Check:
    try:
        return await asyncio.wait_for(checker(service), CHECK_SECONDS)
    except ExchangeError as error:
        return Check(name, str(error), "Look at the sentence before; then run: exchange doctor")
    except TimeoutError:
        return Check(name, "It did not answer within 30 seconds.", "Look whether it is running and reachable.")
    except Exception as error:  # noqa: BLE001  # a check that crashes is a check that failed
        return Check(name, f"It could not be checked ({type(error).__name__}).", "Look at the service's log.")
