"""From where a request comes: the connection's other end, or what one of our own proxies says of it.

`X-Forwarded-For` can be written by anybody, so it counts only on a connection from a configured proxy, and there only
its last entries: the first one from the right that is no proxy of ours. An address is used to count and is kept
nowhere. A household or cell with IPv6 has a /64 of its own and counts as one.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

from exchange.web.frame.state import PROXIES

Network = IPv4Network | IPv6Network
LONGEST = 2000


def networks(listed: str) -> tuple[Network, ...]:
    """Addresses and networks from a list with commas, as `EXCHANGE_TRUSTED_PROXIES` has it. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in listed.split(",") if part.strip())


def address_of(request: web.Request) -> str:
    """The address that counts for this request, "" where the connection has none."""
    return client_of(request.remote or "", request.headers.getall("X-Forwarded-For", []), request.app[PROXIES])


def client_of(peer: str, untrusted_forwarded: Iterable[str], proxies: tuple[Network, ...]) -> str:
    """The first address from the right that is no proxy of ours; the nearest known one where the list is broken."""
    found = _read(peer)
    hops = ",".join(untrusted_forwarded)[-LONGEST:].split(",")
    while found is not None and hops and _is_ours(found, proxies):
        further = _read(hops.pop().strip())
        if further is None:
            break
        found = further
    return peer if found is None else _counted(found)


def _read(untrusted: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(untrusted)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_ours(address: IPv4Address | IPv6Address, proxies: tuple[Network, ...]) -> bool:
    return any(address in network for network in proxies)


def _counted(address: IPv4Address | IPv6Address) -> str:
    return str(ip_network((int(address) >> 64 << 64, 64)) if isinstance(address, IPv6Address) else address)
