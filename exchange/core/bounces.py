"""Reads what a mail server sends back when an e-mail could not be delivered (RFC 3464). Pure; input is hostile.

Only the token that stands in our own envelope sender or Message-ID is taken from it, and whether delivery failed
for good. Anybody can write such a message, so the token is 128 random bits that nobody but the receiving side has
seen: without a known one nothing follows.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

LARGEST = 1024 * 1024
_TOKEN = re.compile(r"\b([0-9a-f]{32})@|\+([0-9a-f]{32})@")
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "X-Envelope-To")
_MOST_PARTS = 50
_MOST_TOKENS = 8


@dataclass(frozen=True)
class Bounce:
    """Tokens that it names, and whether it says that delivery has failed for good."""

    tokens: frozenset[str]
    failed: bool


def read(untrusted: bytes) -> Bounce:
    """What a delivery report says; nothing, where it is none, is too large or cannot be understood."""
    nothing = Bounce(frozenset(), False)
    if len(untrusted) > LARGEST:
        return nothing
    try:
        # compat32 parses headers least, so has least to stumble over
        message = message_from_bytes(untrusted, policy=compat32)
        return Bounce(_tokens(message), _failed(message))
    except Exception:  # noqa: BLE001  # a parser that stumbles over hostile input has read nothing
        return nothing


def _parts(message: Message) -> list[Message]:
    found = []
    for part in message.walk():
        found.append(part)
        if len(found) == _MOST_PARTS:
            break
    return found


def _tokens(message: Message) -> frozenset[str]:
    """From whom it was addressed to (our envelope sender), and from the e-mail that it quotes."""
    told = [str(value) for name in _ADDRESSED for value in message.get_all(name, [])]
    for part in _parts(message)[1:]:
        told += [str(value) for value in part.get_all("Message-ID", [])]
        if part.get_content_type() == "text/rfc822-headers":
            told += re.findall(r"(?im)^message-id:(.*)$", str(part.get_payload()))
    found = [one or other for text in told for one, other in _TOKEN.findall(text)]
    return frozenset(found[:_MOST_TOKENS])


def _failed(message: Message) -> bool:
    """Whether some recipient's fields say `failed` (RFC 3464 section 2.3.3) with a permanent status (5.x.x)."""
    if message.get_content_type() != "multipart/report":
        return False
    for report in _parts(message):
        if report.get_content_type() != "message/delivery-status":
            continue
        for fields in report.get_payload():
            if not isinstance(fields, Message):
                break
            action = str(fields.get("Action", "")).strip().lower()
            if action == "failed" and str(fields.get("Status", "5")).strip().startswith("5"):
                return True
    return False
