"""What every page says about the service: name, phone, hours, support lines, demonstration or not.

The facts are kept in the database (administration may change them); each process reads them again now and
then through the `facts` callable given to `base_application`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from exchange.web.frame.hours import Opening
from exchange.web.frame.i18n import N_, gettext

# names of the first settings that have a translation; a charity's own name is the same in every language
FIRST_NAMES = (N_("In danger, the emergency services"),)
SiteName = Literal["portal", "console"]
REFRESH_SECONDS = 30.0


class SiteSettings(Protocol):
    """The part of the settings that the frame reads; nothing here is a secret."""

    @property
    def timezone(self) -> str: ...
    @property
    def portal_url(self) -> str: ...
    @property
    def console_url(self) -> str: ...
    @property
    def demo(self) -> bool: ...
    @property
    def trusted_proxies(self) -> str: ...
    @property
    def requests_per_minute(self) -> int: ...
    @property
    def knocks_per_minute(self) -> int: ...
    @property
    def tries_per_link(self) -> int: ...
    @property
    def references_per_minute(self) -> int: ...
    @property
    def mirrored_language(self) -> bool: ...


@dataclass(frozen=True)
class SupportLine:
    """A help line that people can ring, outside this service."""

    name: str
    phone: str

    @classmethod
    def parse(cls, text: str) -> "SupportLine":
        """Read `Name: phone`; without a colon the whole text is the name."""
        name, colon, phone = text.rpartition(":")
        return cls(name.strip(), phone.strip()) if colon else cls(text.strip(), "")

    @property
    def shown(self) -> str:
        """The name in the language of the request, where it is one of the lines that a new service starts with."""
        return gettext(self.name)

    @property
    def tel(self) -> str:
        """The number as a `tel:` address."""
        return tel(self.phone)


@dataclass(frozen=True)
class ServiceFacts:
    """What administration says about the service. The defaults are neutral and name no real service."""

    service_name: str = "Message service"
    phone: str = "01632 960 001"
    opening: str = "Mon-Fri 08:00-20:00; Sat-Sun 09:00-17:00"
    support_lines: tuple[str, ...] = ("Victim Support: 08 08 16 89 111", "Samaritans: 116 123")
    exit_url: str = "https://www.bbc.co.uk/weather"

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "ServiceFacts":
        """Facts from stored settings by the same names; missing ones keep their default.

        Raises ValueError for opening hours that cannot be read.
        """
        known = {name: stored[name] for name in cls.__dataclass_fields__ if stored.get(name)}
        if "support_lines" in known:
            known["support_lines"] = tuple(known["support_lines"])
        facts = cls(**known)
        Opening.parse(facts.opening)
        return facts


LoadFacts = Callable[[], Awaitable[ServiceFacts]]


@dataclass
class Site:
    """One of the two sites, as its layout shows it."""

    name: SiteName
    zone: ZoneInfo
    secure: bool
    demo: bool
    load: LoadFacts | None = None
    facts: ServiceFacts = field(default_factory=ServiceFacts)
    stale_at: float = 0.0

    async def refresh(self) -> None:
        """Read the facts again if they are older than half a minute; keep the old ones if that fails."""
        if self.load and monotonic() >= self.stale_at:
            self.stale_at = monotonic() + REFRESH_SECONDS
            self.facts = await self.load()

    @property
    def service_name(self) -> str:
        """The neutral name in header and title."""
        return self.facts.service_name

    @property
    def phone(self) -> str:
        """The service's number as people say it."""
        return self.facts.phone

    @property
    def tel(self) -> str:
        """The service's number as a `tel:` address."""
        return tel(self.facts.phone)

    @property
    def opening(self) -> Opening:
        """When the phone is answered."""
        return Opening.parse(self.facts.opening)

    @property
    def support_lines(self) -> tuple[SupportLine, ...]:
        """Help lines outside the service."""
        return tuple(SupportLine.parse(line) for line in self.facts.support_lines)

    @property
    def exit_url(self) -> str:
        """The neutral page to which *Exit this page* leads."""
        return self.facts.exit_url


def tel(phone: str) -> str:
    """A phone number as a `tel:` address, digits and a leading plus only."""
    return "tel:" + "".join(c for c in phone if c.isdigit() or c == "+")


def site_from(settings: SiteSettings, name: SiteName, load: LoadFacts | None = None) -> Site:
    """One site; cookies are `__Host-` and HSTS is sent when its address is https."""
    url = settings.portal_url if name == "portal" else settings.console_url
    return Site(name, ZoneInfo(settings.timezone), url.startswith("https:"), settings.demo, load)
