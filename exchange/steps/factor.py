"""The second factor of staff: time-based one-time codes (RFC 6238; SHA-1, 6 digits, 30 seconds).

The secret lies wrapped by the root key provider, bound to its account. A code is good for one step before
and after now (database clock), once: `account.totp_last` is the newest step used. Wrong codes count
with wrong passwords; five make the account wait.
"""

import asyncio
import hmac
import io
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.errors import NotAllowed, Unreadable
from exchange.core.sealed import context
from exchange.store.sealing import SERVICE, follow
from exchange.store.service import Service

STEP_SECONDS = 30
DRIFT_STEPS = 1
ISSUER = "Message service"


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app is shown once: the secret in base32, its `otpauth:` address, a QR as SVG."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


def new_enrolment(login: str, secret: str | None = None, issuer: str = ISSUER) -> Enrolment:
    """A fresh secret of 160 bits (or the one given, base32) for the account."""
    secret = secret or pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    drawn = io.BytesIO()
    segno.make_qr(uri).save(drawn, kind="svg", scale=5, border=4, xmldecl=False)
    return Enrolment(secret, uri, drawn.getvalue().decode())


def qr_text(uri: str) -> str:
    """The QR for a terminal."""
    drawn = io.StringIO()
    segno.make_qr(uri).terminal(out=drawn, compact=True)
    return drawn.getvalue()


async def wrapped(
    service: Service, conn: AsyncConnection, account_id: UUID, secret: str, *, session: UUID | None = None
) -> bytes:
    """The secret for `account.totp_wrapped`, or, bound to the session setting it up, for `totp_pending`.

    `NotAllowed` in the portal.
    """
    if service.keys is None:
        raise NotAllowed
    await follow(service, conn)
    return await asyncio.to_thread(service.keys.provider.wrap, secret.encode(), where(account_id, session))


async def unwrapped(service: Service, account_id: UUID, untrusted_blob: bytes, *, session: UUID | None = None) -> str:
    """The secret again; `Unreadable` if it is another account's or was begun in another session."""
    if service.keys is None:
        raise NotAllowed
    found = await asyncio.to_thread(service.keys.provider.unwrap, untrusted_blob, where(account_id, session))
    return found.decode()


async def pending(service: Service, account_id: UUID, untrusted_blob: bytes | None, session: UUID) -> str | None:
    """The secret that this session is setting up; None where nothing is, or where another session began it."""
    try:
        return await unwrapped(service, account_id, untrusted_blob, session=session) if untrusted_blob else None
    except Unreadable:
        return None


def step_of(secret: str, untrusted_code: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is, if it is near `now` and newer than step `after`; else None."""
    code = "".join(char for char in untrusted_code[:40] if char.isalnum())
    current = int(now.timestamp()) // STEP_SECONDS
    good = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if same and step > after:
            good = step
    return good


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step."""
    return pyotp.TOTP(secret).generate_otp(step)


def code_now(secret: str, now: datetime) -> str:
    """The current six digits: the demonstration shows them on its sign-in page, and scripts need them."""
    return code_at(secret, int(now.timestamp()) // STEP_SECONDS)


def where(account_id: UUID, session: UUID | None = None) -> bytes:
    """What the wrap of a second factor is bound to."""
    part = f"account.totp_pending.{session}" if session else "account.totp"
    return context(SERVICE, "", str(account_id), part, "factor")
