"""Passkeys of staff (W3C WebAuthn Level 3): enrolled after a step-up, then a second factor, a step-up, or alone.

A challenge is 32 random bytes, kept as a hash for five minutes, good once, for one purpose and one session.
The site's host and origin come from the settings, never from the request. Alone a passkey counts only where
the device has verified its user. A counter that does not rise means that somebody has a copy: the passkey is
switched off and that stands in the record. An address that is a number (127.0.0.1) cannot have passkeys.
"""

import hashlib
import ipaddress
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from exchange.core.errors import BadInput, NotFound, Refused, SignInRefused, StepUpNeeded
from exchange.core.keys import new_data_key
from exchange.core.links import new_secret
from exchange.core.model import VISITOR, Actor, ActorKind
from exchange.steps import sessions
from exchange.steps import settings as service_settings
from exchange.steps.sessions import Session, SignedIn
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

LASTS = timedelta(minutes=5)
LONGEST = 20_000
MOST = 10
ENROL, FACTOR, ALONE, STEP_UP = "enrol", "factor", "alone", "step_up"
REQUIRED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class Passkey:
    """A passkey as lists show it. `suspended`: switched off, because there seems to be a copy of it."""

    id: UUID
    label: str
    created_at: datetime
    last_used_at: datetime | None
    suspended: bool


@dataclass(frozen=True)
class Place:
    """The site that passkeys are bound to: host name and origin."""

    host: str
    origin: str


async def place_of(service: Service) -> Place | None:
    """Where passkeys work, None where the console's address has no host name."""
    found = urlsplit(await service_settings.console_address(service))
    if not found.hostname:
        return None
    try:
        ipaddress.ip_address(found.hostname)
    except ValueError:
        return Place(found.hostname, f"{found.scheme}://{found.netloc}")
    return None


async def passkeys_of(service: Service, account_id: UUID) -> list[Passkey]:
    """An account's passkeys, oldest first."""
    async with reading(service) as conn:
        rows = (await conn.execute(_of(account_id))).all()
    return [Passkey(r.id, r.label, r.created_at, r.last_used_at, r.suspended_at is not None) for r in rows]


async def may_be_asked(service: Service, account_id: UUID) -> bool:
    """Whether the account has a passkey that counts, and passkeys work at this address."""
    known = await passkeys_of(service, account_id)
    return any(not one.suspended for one in known) and await place_of(service) is not None


async def begin_enrolment(service: Service, session: Session) -> str:
    """Options for `navigator.credentials.create`, as JSON. As guarded as a second factor: after a step-up."""
    if not session.actor.stepped_up:
        raise StepUpNeeded
    place = await _place(service)
    async with reading(service) as conn:
        known = (await conn.execute(_of(session.account_id))).all()
    if len(known) >= MOST:
        raise Refused("You have ten passkeys already. Remove one first.")
    options = generate_registration_options(
        rp_id=place.host,
        rp_name="Message service",
        user_name=session.login,
        user_display_name=session.display_name,
        user_id=session.account_id.bytes,
        challenge=await _challenge(service, ENROL, session),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.credential_id) for row in known],
    )
    return options_to_json(options)


async def enrol(service: Service, session: Session, untrusted_answer: str, *, label: str) -> UUID:
    """Keep a new passkey; its id. Raises BadInput (field label, credential), StepUpNeeded."""
    label = " ".join(label.split())[:60]
    if not label or not label.isprintable():
        raise BadInput("Give the passkey a name, such as the device it is on.", field="label")
    if not session.actor.stepped_up:
        raise StepUpNeeded
    place, row = await _place(service), uuid4()
    async with unit_of_work(service, session.actor) as unit:
        challenge = await _spent(unit, untrusted_answer, ENROL, session.id)
        try:
            made = verify_registration_response(
                credential=untrusted_answer,
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError) as error:
            raise BadInput("This passkey could not be used. Try again.", field="credential") from error
        kept = {"credential_id": made.credential_id, "public_key": made.credential_public_key}
        who = {"account_id": session.account_id, "label": label, "sign_count": made.sign_count}
        await unit.add(t.passkey, id=row, **kept, **who)
        unit.leaf("account.changed", account=session.account_id, kind="passkey_added", key=row)
    return row


async def begin_use(service: Service, session: Session | None) -> str:
    """Options for `navigator.credentials.get`: alone, for the second step of a sign-in that began, or, in a session
    that is open, for a step-up."""
    place, allowed = await _place(service), []
    purpose = ALONE if session is None else STEP_UP if session.second_factor else FACTOR
    if session is not None:
        async with reading(service) as conn:
            mine = (await conn.execute(_of(session.account_id).where(t.passkey.c.suspended_at.is_(None)))).all()
        allowed = [PublicKeyCredentialDescriptor(id=row.credential_id) for row in mine]
    options = generate_authentication_options(
        rp_id=place.host,
        challenge=await _challenge(service, purpose, session),
        allow_credentials=allowed or None,
        user_verification=REQUIRED,
    )
    return options_to_json(options)


async def confirm(service: Service, session: Session, untrusted_answer: str) -> SignedIn:
    """The second factor of a sign-in that began with the password. Raises BadInput, WaitAWhile."""
    cookie = new_secret()
    async with unit_of_work(service, Actor(ActorKind.STAFF, session.account_id)) as unit:
        await sessions.locked_account(unit, session.account_id)
        used = await _used(unit, untrusted_answer, FACTOR, session.id)
        good = used is not None and used.account_id == session.account_id
        if good:
            await sessions.open_in(unit, session.id, session.account_id, cookie, "passkey")
        else:
            await sessions.count_wrong(unit, session.account_id)
    if not good:
        raise BadInput("This passkey could not be used. Enter your code instead.", field="code")
    return await sessions.opened(service, cookie)


async def step_up(service: Service, session: Session, untrusted_answer: str) -> Session:
    """The second factor again, by passkey; as good as `sessions.step_up`. Raises BadInput (code), WaitAWhile."""
    async with unit_of_work(service, session.actor) as unit:
        await sessions.locked_account(unit, session.account_id)
        used = await _used(unit, untrusted_answer, STEP_UP, session.id)
        good = used is not None and used.account_id == session.account_id
        if good:
            await sessions.confirmed(unit, session.id, stepped_up_at=func.now())
            await sessions.forget_wrong(unit, session.account_id)
            unit.leaf("account.stepped_up", account=session.account_id, session=session.id, kind="passkey")
        else:
            await sessions.count_wrong(unit, session.account_id)
    if not good:
        raise BadInput("This passkey could not be used. Enter your code instead.", field="code")
    return replace(session, stepped_up=True)


async def sign_in(service: Service, untrusted_answer: str, *, cookie: str | None) -> SignedIn:
    """A passkey alone: its device has verified the user. `SignInRefused` says nothing more.

    `cookie`: the browser's earlier cookie, whose session ends here.
    """
    fresh = new_secret()
    async with unit_of_work(service, VISITOR) as unit:
        used = await _used(unit, untrusted_answer, ALONE, None)
        if used is not None:
            await sessions.locked_account(unit, used.account_id)
            await sessions.end_of_cookie(unit, cookie)
            begun = await sessions.begin(unit, used.account_id)
            await sessions.open_in(unit, begun.session.id, used.account_id, fresh, "passkey")
        else:
            unit.leaf("account.refused")
    if used is None:
        raise SignInRefused
    return await sessions.opened(service, fresh)


async def remove(service: Service, session: Session, passkey_id: UUID) -> None:
    """Forget one of one's own passkeys, after a step-up. `NotFound` for anybody else's."""
    if not session.actor.stepped_up:
        raise StepUpNeeded
    k = t.passkey
    async with unit_of_work(service, session.actor) as unit:
        mine = delete(k).where(k.c.id == passkey_id, k.c.account_id == session.account_id)
        if not await unit.change(mine):
            raise NotFound
        unit.leaf("account.changed", account=session.account_id, kind="passkey_removed", key=passkey_id)


async def _place(service: Service) -> Place:
    place = await place_of(service)
    if place is None:
        raise Refused("Passkeys need an address with a name. Sign in with your code.")
    return place


async def _challenge(service: Service, purpose: str, session: Session | None) -> bytes:
    """A fresh challenge; old ones are swept. Housekeeping, no act: it opens nothing."""
    made, c = new_data_key(), t.passkey_challenge
    values = {"hash": _hash(made), "purpose": purpose, "session_id": session.id if session else None}
    async with reading(service) as conn:
        await conn.execute(delete(c).where(c.c.at < func.now() - LASTS))
        await conn.execute(insert(c).values(**values))
    return made


async def _spent(unit: Unit, untrusted_answer: str, purpose: str, session: UUID | None) -> bytes:
    """The challenge that the answer names, if it is ours, fresh and unused; it is used now. BadInput."""
    try:
        client = json.loads(untrusted_answer[:LONGEST])["response"]["clientDataJSON"]
        named = base64url_to_bytes(json.loads(base64url_to_bytes(client))["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput from error
    c = t.passkey_challenge
    mine = delete(c).where(c.c.hash == _hash(named), c.c.purpose == purpose, c.c.at > func.now() - LASTS)
    mine = mine.where(c.c.session_id.is_(None) if session is None else c.c.session_id == session)
    if not await unit.change(mine):
        raise BadInput
    return named


async def _used(unit: Unit, untrusted_answer: str, purpose: str, session: UUID | None) -> Row[Any] | None:
    """The passkey that signed, None where nothing of it counts. A copy switches it off."""
    place, k = await _place(unit.service), t.passkey
    try:
        challenge = await _spent(unit, untrusted_answer, purpose, session)
        answer = json.loads(untrusted_answer)
        named = k.c.credential_id == base64url_to_bytes(answer["rawId"])
        row = await unit.maybe(select(k).where(named, k.c.suspended_at.is_(None)).with_for_update())
        if row is None:
            return None
        seen = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # compared below, so that a copy is told from a wrong signature
            require_user_verification=True,
        )
    except (BadInput, WebAuthnException, ValueError, KeyError, TypeError):
        return None
    if max(seen.new_sign_count, row.sign_count) > 0 and seen.new_sign_count <= row.sign_count:
        await unit.change(update(k).where(k.c.id == row.id).values(suspended_at=func.now()))
        unit.leaf("account.passkey_copied", account=row.account_id, key=row.id)
        return None
    await unit.change(update(k).where(k.c.id == row.id).values(sign_count=seen.new_sign_count, last_used_at=func.now()))
    return row


def _of(account_id: UUID) -> Any:
    return select(t.passkey).where(t.passkey.c.account_id == account_id).order_by(t.passkey.c.created_at)


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
