"""How often one address, or one link, may try (SECURITY "The portal, links, sessions"; ASVS 5.0.0 2.4.1, 6.3.1).

Allowances refill evenly and are kept in the memory of each process: no address is written anywhere, and what holds
across processes, the count of wrong codes, is in the database. Two of them count for an address:

- every request but those for static files and health, so that one client cannot keep a process busy alone;
- "knocks": unsafe requests to a PUBLIC route, which try a link, a code, a password, or leave something behind.

A link's own allowance is counted by the hash of whatever was pasted, whether or not such a link exists. Leaving
the page, signing out and changing the language are never held up. References of cases that a member of
staff names in an emergency are counted for the account, wherever it sits, whether or not there is such a case.
"""

from dataclasses import dataclass, field
from time import monotonic

from aiohttp import web

from exchange.core.errors import TooOften
from exchange.web.frame.address import address_of
from exchange.web.frame.routing import PUBLIC, Handler, route_of
from exchange.web.frame.state import PACE, SAFE_METHODS

FREE = ("/static/", "/healthz", "/readyz", "/exit", "/language", "/sign-out")
MOST_KEPT = 50_000


@dataclass
class Allowance:
    """`per_minute` tries for each key, all at once or spread; 0 means as many as they like."""

    per_minute: int
    _left: dict[object, tuple[float, float]] = field(default_factory=dict, repr=False)

    def take(self, key: object, now: float) -> bool:
        """Whether the key may try once more at `now` (seconds of any steady clock)."""
        if self.per_minute <= 0:
            return True
        left, since = self._left.get(key, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + (now - since) * self.per_minute / 60)
        if len(self._left) >= MOST_KEPT and key not in self._left:
            self._forget(now)
        self._left[key] = (max(0.0, left - 1), now)
        return left >= 1

    def _forget(self, now: float) -> None:
        """Whoever has not tried for a minute has their whole allowance again, so nothing need be kept of them."""
        self._left = {key: kept for key, kept in self._left.items() if now - kept[1] < 60}
        if len(self._left) >= MOST_KEPT:  # a flood from everywhere: rather forget than grow
            self._left.clear()


@dataclass
class Pace:
    """The allowances of one site."""

    requests: Allowance
    knocks: Allowance
    links: Allowance
    references: Allowance


@web.middleware
async def pace_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 429 what comes too often from one address, before anything is read or looked up."""
    if not request.path.startswith(FREE):
        pace, address, now = request.app[PACE], address_of(request), monotonic()
        route = route_of(request)
        knocks = request.method not in SAFE_METHODS and route is not None and route.permission is PUBLIC
        if not pace.requests.take(address, now) or (knocks and not pace.knocks.take(address, now)):
            raise TooOften
    return await handler(request)


def try_link(request: web.Request, key: bytes) -> None:
    """Count one try of what `key` stands for; raises TooOften alike for links that exist and that do not."""
    if not request.app[PACE].links.take(key, monotonic()):
        raise TooOften


def try_reference(request: web.Request, account: object) -> None:
    """Count one reference of a case that this account named from outside its team; raises TooOften."""
    if not request.app[PACE].references.take(account, monotonic()):
        raise TooOften
