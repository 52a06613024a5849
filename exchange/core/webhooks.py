"""What other systems are told of: four kinds of event, by references alone, signed as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, version 1.0.0: the headers
`webhook-id`, `webhook-timestamp`, `webhook-signature`; HMAC-SHA-256 ("v1") over `id.timestamp.body` with a secret of
32 bytes that is spelled `whsec_` and base64. A body says which kind, when, and the references of the case, the message
or the referral that it is about: no name, no id, no word of anybody.

An address is https with a host name; what the name stands for is judged when it is called (`may_call`): public
addresses, and inner networks that the operator has named. This machine itself never, outside a demonstration.
"""

import base64
import hmac
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

from exchange.core.errors import BadInput
from exchange.core.keys import new_data_key
from exchange.core.model import State


class Told(StrEnum):
    """What is told."""

    REFERRAL = "referral.received"
    WAITING = "message.waiting_for_review"
    RELEASED = "message.released"
    CLOSED = "case.closed"
    TEST = "service.test"


EVENTS = (Told.REFERRAL, Told.WAITING, Told.RELEASED, Told.CLOSED)
"""What an administrator can choose; a test is sent by hand."""
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 300, 600, 840, 1200))
"""How long after each try that failed the next one is made; after the last nothing is tried by itself."""
MOST_FAILED = 20
"""After so many tries in a row that failed a webhook is stopped, and administrators are told."""
LONGEST_ADDRESS = 500
PREFIX = "whsec_"

_STATES = {State.IN_REVIEW.value: Told.WAITING, State.RELEASED.value: Told.RELEASED}
_ACTS = {"referral.received": Told.REFERRAL, "case.closed": Told.CLOSED}
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_THROUGH = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96", "fec0::/10")))
"""IPv6 in which an IPv4 address is wrapped (translation, tunnels that end elsewhere), and site-local addresses."""


def event_of(leaf: Mapping[str, Any]) -> Told | None:
    """What an entry of the record means to other systems; None for nearly all."""
    return _ACTS.get(leaf["act"]) or _STATES.get(leaf.get("state_to", ""))


def checked_address(untrusted: str) -> str:
    """An address that events may be sent to, as it is kept. BadInput (address)."""
    text = untrusted.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadInput("This is not an address.", field="address") from None
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise BadInput("Enter an address that begins with https://", field="address")
    if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise BadInput("Leave out names and passwords and everything after #.", field="address")
    if not _HOST.fullmatch(host) or _is_number(host):
        raise BadInput("The address needs the name of a host, not a number.", field="address")
    if len(text) > LONGEST_ADDRESS:
        raise BadInput("This address is too long.", field="address")
    return text


def may_call(untrusted_address: str, inner: Collection[Network], *, demo: bool) -> bool:
    """Whether a connection may be made to this address (its number, as the name was resolved)."""
    try:
        found = ip_address(untrusted_address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast:
        return demo and found.is_loopback and _inside(found, inner)
    if _inside(found, inner):
        return True
    return found.is_global and not any(found in one for one in _THROUGH)


def new_secret() -> str:
    """A fresh secret as people are shown it."""
    return PREFIX + base64.b64encode(new_data_key()).decode("ascii")


def body(told: Told, at: datetime, data: Mapping[str, str]) -> bytes:
    """What is sent. `at`: when it happened."""
    said = {"type": told.value, "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "data": dict(data)}
    return json.dumps(said, separators=(",", ":"), sort_keys=True).encode("ascii")


def headers(secret: str, message_id: str, now: datetime, sent: bytes) -> dict[str, str]:
    """The three headers of one try; `now` is the time of the try."""
    stamp = str(int(now.timestamp()))
    signed = f"{message_id}.{stamp}.".encode("ascii") + sent
    made = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, sha256)
    signature = "v1," + base64.b64encode(made).decode("ascii")
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def next_try(failed: int) -> timedelta | None:
    """How long to wait after so many tries that failed; None: given up."""
    return WAITS[failed - 1] if failed <= len(WAITS) else None


def _inside(found: Address, networks: Collection[Network]) -> bool:
    return any(found.version == one.version and found in one for one in networks)


def _is_number(host: str) -> bool:
    """Also in the forms that old resolvers take: 127.1, 0x7f000001, 2130706433."""
    return bool(re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)", host.rsplit(".", 1)[-1]))
