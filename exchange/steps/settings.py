"""What administration says about the service: names, phone, hours, support lines, addresses, mail, backup.

One row of `service_setting` per value, changed by an administrator with a leaf that says which (never
what). Read often, so kept for a few seconds per database. The mail password is sealed to the service's key
pair; nothing else here is secret. Environment variables win over what is stored for mail and addresses.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from exchange.core import access
from exchange.core.errors import BadInput
from exchange.core.model import Actor
from exchange.steps.hours import Hours
from exchange.store import tables as t
from exchange.store.sealing import service_opener, service_seal
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

KEEP_SECONDS = 5.0
LONGEST_TEXT = 200
MAIL_PASSWORD = "mail_password_sealed"  # noqa: S105  # the row's name
_COLUMN = "service_setting.mail_password"


@dataclass(frozen=True)
class SupportLine:
    """Somebody outside the service to ring: name, number, hours in words (may be empty)."""

    name: str
    phone: str
    hours: str = ""


UK_SUPPORT_LINES = (
    SupportLine("In danger, the emergency services", "999", "day and night"),
    SupportLine("Samaritans", "116 123", "day and night, free"),
    SupportLine("Victim Support", "08 08 16 89 111", "day and night, free"),
)


@dataclass(frozen=True)
class ServiceSettings:
    """All of it, with defaults that name no real service (the phone is from Ofcom's range for drama)."""

    service_name: str = "Message service"
    sender_name: str = "Message service"
    """The neutral name e-mails come from."""
    phone: str = "01632 960 001"
    opening: str = "Mon-Fri 08:00-20:00; Sat-Sun 09:00-17:00"
    closed_days: tuple[date, ...] = ()
    support_lines: tuple[SupportLine, ...] = UK_SUPPORT_LINES
    exit_url: str = "https://www.bbc.co.uk/weather"
    portal_url: str = ""
    console_url: str = ""
    mail_host: str = ""
    mail_port: int = 587
    mail_user: str = ""
    mail_starttls: bool = True
    mail_from: str = ""
    backup_place: str = ""
    demo: bool = field(default=False)

    @property
    def hours(self) -> Hours:
        """Opening hours with their closed days."""
        return Hours.parse(self.opening, self.closed_days)

    def reopens_at(self, now: datetime) -> datetime | None:
        """When the phone is answered next; `now` in the service's zone."""
        return self.hours.reopens_at(now)


_NAMES = tuple(one.name for one in fields(ServiceSettings))
_kept: WeakKeyDictionary[AsyncEngine, tuple[float, ServiceSettings]] = WeakKeyDictionary()


async def read(service: Service, *, fresh: bool = False) -> ServiceSettings:
    """The settings as they are, at most five seconds old unless `fresh`."""
    kept = _kept.get(service.engine)
    if kept and kept[0] > time.monotonic() and not fresh:
        return kept[1]
    async with reading(service) as conn:
        found = await _read(conn)
    _kept[service.engine] = (time.monotonic() + KEEP_SECONDS, found)
    return found


async def service_words(service: Service) -> dict[str, Any]:
    """What `web.frame.site.ServiceFacts.read` takes: service_name, phone, opening, support_lines, exit_url.

    Each support line is "name (hours): number".
    """
    found = await read(service)
    names = ("service_name", "phone", "opening", "exit_url")
    lines = tuple(
        f"{line.name} ({line.hours}): {line.phone}" if line.hours else f"{line.name}: {line.phone}"
        for line in found.support_lines
    )
    return {**{name: getattr(found, name) for name in names}, "support_lines": lines}


async def portal_address(service: Service) -> str:
    """Where the portal is for the public, without a slash at the end."""
    return (await read(service)).portal_url or service.settings.portal_url.rstrip("/")


async def console_address(service: Service) -> str:
    """Where staff sign in, without a slash at the end."""
    return (await read(service)).console_url or service.settings.console_url.rstrip("/")


async def save(service: Service, actor: Actor, **changes: Any) -> ServiceSettings:
    """Change some settings by name (`mail_password` too). BadInput names the field; nothing is then saved."""
    access.require_administrator(actor)
    async with unit_of_work(service, actor) as unit:
        await write(unit, **changes)
    return await read(service, fresh=True)


async def write(unit: Unit, **changes: Any) -> None:
    """The same within a transaction of the caller's, who has checked who asks."""
    password = changes.pop("mail_password", None)
    settings = checked(replace(await _read(unit.conn), **changes))
    stored = _plain(settings)
    for name in changes:
        await put(unit, name, stored[name])
    if password:
        sealed = (await service_seal(unit.conn)).seal(password, _COLUMN, MAIL_PASSWORD)
        await put(unit, MAIL_PASSWORD, base64.b64encode(sealed).decode())
    unit.leaf("service.changed", kind=sorted([*changes, *(["mail_password"] if password else [])]) or None)


async def put(unit: Unit, name: str, value: Any) -> None:
    """Set one row; the caller writes the leaf."""
    row = insert(t.service_setting).values(name=name, value=value)
    await unit.change(row.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": func.now()}))


async def row(conn: AsyncConnection, name: str) -> Any:
    """One row (value, at), or None."""
    columns = (t.service_setting.c.value, t.service_setting.c.at)
    return (await conn.execute(select(*columns).where(t.service_setting.c.name == name))).first()


async def mail_password(service: Service, conn: AsyncConnection) -> str:
    """The stored mail password, opened; "" where none is stored. Needs the keys."""
    found = await row(conn, MAIL_PASSWORD)
    if found is None:
        return ""
    opener = await service_opener(service, conn)
    return opener.open(base64.b64decode(found.value), _COLUMN, MAIL_PASSWORD)


def checked(settings: ServiceSettings) -> ServiceSettings:
    """The settings, trimmed and valid. Raises BadInput with the field."""
    texts: dict[str, Any] = {
        name: " ".join(value.split()) for name, value in vars(settings).items() if isinstance(value, str)
    }
    trimmed = replace(settings, **texts)
    for name, value in vars(trimmed).items():
        if isinstance(value, str) and (len(value) > LONGEST_TEXT or not value.isprintable()):
            raise BadInput("This is too long.", field=name)
    if not trimmed.service_name:
        raise BadInput("Enter the name of the service.", field="service_name")
    if sum(char.isdigit() for char in trimmed.phone) < 3:
        raise BadInput("Enter the phone number of the service.", field="phone")
    _ = trimmed.hours
    addresses: dict[str, Any] = {
        name: _address(getattr(trimmed, name), name) for name in ("portal_url", "console_url", "exit_url")
    }
    if not 1 <= trimmed.mail_port <= 65535:
        raise BadInput("A port is a number from 1 to 65535.", field="mail_port")
    if trimmed.mail_from and "@" not in trimmed.mail_from:
        raise BadInput("Enter an e-mail address such as service@example.org.", field="mail_from")
    for line in trimmed.support_lines:
        if not line.name or not line.phone:
            raise BadInput("A support line has a name and a phone number.", field="support_lines")
    addresses["opening"] = trimmed.hours.text()
    return replace(trimmed, **addresses)


def support_line(untrusted_text: str) -> SupportLine:
    """Read `Name: phone: hours`; the hours may be left out."""
    parts = [part.strip() for part in untrusted_text.split(":", 2)]
    if len(parts) < 2 or not parts[0] or not parts[1]:
        raise BadInput("Write a support line as name: phone: hours", field="support_lines")
    return SupportLine(parts[0], parts[1], parts[2] if len(parts) == 3 else "")


def closed_day(untrusted_text: str) -> date:
    """Read one closed day, 2026-12-25."""
    try:
        return date.fromisoformat(untrusted_text.strip())
    except ValueError:
        raise BadInput("Write closed days like 2026-12-25.", field="closed_days") from None


def _address(untrusted: str, name: str) -> str:
    if untrusted and not untrusted.startswith(("https://", "http://")):
        raise BadInput("An address begins with https://", field=name)
    return untrusted.rstrip("/")


async def _read(conn: AsyncConnection) -> ServiceSettings:
    rows = await conn.execute(select(t.service_setting).where(t.service_setting.c.name.in_(_NAMES)))
    return _from_plain({found.name: found.value for found in rows})


def _plain(settings: ServiceSettings) -> dict[str, Any]:
    """As JSON."""
    plain = asdict(settings)
    plain["closed_days"] = [day.isoformat() for day in settings.closed_days]
    plain["support_lines"] = [asdict(line) for line in settings.support_lines]
    return plain


def _from_plain(stored: Mapping[str, Any]) -> ServiceSettings:
    values = dict(stored)
    if "closed_days" in values:
        values["closed_days"] = tuple(map(date.fromisoformat, values["closed_days"]))
    if "support_lines" in values:
        values["support_lines"] = tuple(SupportLine(**line) for line in values["support_lines"])
    return ServiceSettings(**values)
