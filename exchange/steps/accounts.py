"""Staff accounts: made, given roles, reset, closed. By an administrator with a fresh second factor, or on
the command line of the machine.

A password given by somebody else is good for seven days and for nothing but choosing one's own; a second
factor is set up at the first sign-in, in that very session. Whoever loses roles, password or account loses
sessions and tokens at once. One open administrator always remains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, select, text, update

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotAllowed, Refused, StepUpNeeded
from exchange.core.model import Actor, ActorKind, Role
from exchange.steps import factor, passwords
from exchange.steps.factor import Enrolment
from exchange.steps.sessions import Session, adopt_factor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

PASSWORD_DAYS = 7
_ONE_AT_A_TIME = 7_401_884


@dataclass(frozen=True)
class Account:
    """One member of staff, as lists show them; no secret."""

    id: UUID
    login: str
    display_name: str
    email: str
    roles: frozenset[Role]
    active: bool
    enrolled: bool
    password_temporary: bool
    has_password: bool
    """False where it is signed in to at the organisation's provider only."""
    language: str
    created_at: datetime


async def create_account(
    service: Service,
    actor: Actor,
    *,
    login: str,
    display_name: str,
    roles: Iterable[Role],
    password: str,
    email: str = "",
    temporary: bool = True,
) -> UUID:
    """A new account; its id. `temporary`: the password must be changed within seven days.

    Raises BadInput (field login, display_name, roles, password, email), Conflict where the login is taken.
    """
    access.require_administrator(actor)
    login = login_name(login)
    stored = await passwords.hashed(passwords.check(password, login))
    account_id = uuid4()
    values = {
        "display_name": person_name(display_name),
        "email": email_address(email),
        "roles": _roles(roles),
        "password_hash": stored,
        "password_until": func.now() + timedelta(days=PASSWORD_DAYS) if temporary else None,
    }
    try:
        async with unit_of_work(service, actor) as unit:
            await unit.add(t.account, id=account_id, login=login, **values)
            unit.leaf("account.created", account=account_id, role=values["roles"])
    except Conflict as error:
        raise Conflict("There is an account with this sign-in name already.") from error
    return account_id


async def accounts(service: Service, actor: Actor) -> list[Account]:
    """All accounts by name, closed ones last."""
    _may_see(actor)
    async with reading(service) as conn:
        rows = await conn.execute(select(t.account).order_by(t.account.c.active.desc(), t.account.c.login))
        return [_account(row) for row in rows]


async def account_by_login(service: Service, actor: Actor, login: str) -> Account:
    """One account. `NotFound` where there is none."""
    _may_see(actor)
    async with unit_of_work(service, actor) as unit:
        return _account(await unit.one(select(t.account).where(t.account.c.login == login_name(login))))


async def set_roles(service: Service, actor: Actor, account_id: UUID, *, roles: Iterable[Role]) -> None:
    """Give exactly these roles; sessions end, so that none goes on with old ones."""
    access.require_administrator(actor)
    wanted = _roles(roles)
    async with unit_of_work(service, actor) as unit:
        before = await _one(unit, account_id)
        if not {Role.FACILITATOR, Role.SUPERVISOR} & set(wanted):
            await _looks_after_nothing(unit, account_id)
        await unit.change(_update(account_id).values(roles=wanted))
        await _administrator_remains(unit, before)
        await _end_everything(unit, account_id)
        unit.leaf("account.changed", account=account_id, kind="roles", role=wanted)


async def set_details(
    service: Service, actor: Actor, account_id: UUID, *, display_name: str, email: str, language: str = "en"
) -> None:
    """Change name, e-mail and language."""
    access.require_administrator(actor)
    name = person_name(display_name)
    if language not in ("en", "cy"):
        raise BadInput("Choose English or Welsh.", field="language")
    async with unit_of_work(service, actor) as unit:
        await _one(unit, account_id)
        details = {"display_name": name, "email": email_address(email), "language": language}
        await unit.change(_update(account_id).values(**details))
        unit.leaf("account.changed", account=account_id, kind="details")


async def reset(service: Service, actor: Actor, account_id: UUID, *, password: str | None = None) -> str:
    """A new temporary password and no second factor, passkey, recovery code or link to a provider; sessions and tokens
    end. The password, to hand over."""
    access.require_administrator(actor)
    async with reading(service) as conn:
        login = (await conn.execute(select(t.account.c.login).where(t.account.c.id == account_id))).scalar()
    given = passwords.check(password or passwords.temporary(), login or "")
    stored = await passwords.hashed(given)
    async with unit_of_work(service, actor) as unit:
        await _one(unit, account_id)
        until = func.now() + timedelta(days=PASSWORD_DAYS)
        cleared = {"totp_wrapped": None, "totp_pending": None, "wrong_attempts": 0, "wait_until": None}
        await unit.change(
            _update(account_id).values(password_hash=stored, password_until=until, active=True, **cleared)
        )
        for other_way in (t.passkey, t.recovery_code, t.sign_on):
            await unit.change(delete(other_way).where(other_way.c.account_id == account_id))
        await _end_everything(unit, account_id)
        unit.leaf("account.changed", account=account_id, kind="reset")
    return given


async def deactivate(service: Service, actor: Actor, account_id: UUID) -> None:
    """Close the account: sessions and tokens end at once. `reset` opens it again.

    Refused while it leads or covers a case: `leaving.hand_over_and_close` does both in one step.
    """
    if actor.kind is not ActorKind.OPERATOR:
        access.require(actor, Permission.ADMINISTER)
    async with unit_of_work(service, actor) as unit:
        before = await _one(unit, account_id)
        await _looks_after_nothing(unit, account_id)
        await close_in(unit, before)
        unit.leaf("account.changed", account=account_id, kind="deactivated")


async def close_in(unit: Unit, before: Row[Any]) -> None:
    """Close an account whose row is locked; its sessions and tokens end. The caller writes the leaf."""
    await unit.change(_update(before.id).values(active=False))
    await _administrator_remains(unit, before)
    await _end_everything(unit, before.id)


async def _looks_after_nothing(unit: Unit, account_id: UUID) -> None:
    if await near.leads_or_covers(unit.conn, account_id):
        raise Refused("This person looks after cases. Hand them over first: the page about leaving does it at once.")


async def enrol(service: Service, actor: Actor, account_id: UUID, *, secret: str | None = None) -> Enrolment:
    """Set up a second factor for somebody from the machine's command line (demo, first administrator)."""
    if actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed
    async with unit_of_work(service, actor) as unit:
        row = await _one(unit, account_id)
        enrolment = factor.new_enrolment(row.login, secret)
        kept = await factor.wrapped(service, unit.conn, account_id, enrolment.secret)
        await unit.change(_update(account_id).values(totp_wrapped=kept, totp_pending=None))
        unit.leaf("account.changed", account=account_id, kind="factor")
    return enrolment


async def begin_enrolment(service: Service, session: Session) -> Enrolment:
    """A new second factor for the session's own account; it counts once `confirm_factor` or
    `replace_factor` took a code of it. An account that has one needs a fresh step-up."""
    if session.enrolled and not session.stepped_up:
        raise StepUpNeeded
    enrolment = factor.new_enrolment(session.login)
    async with unit_of_work(service, Actor(ActorKind.STAFF, session.account_id)) as unit:
        row = await _one(unit, session.account_id)
        if row.totp_wrapped is not None and not session.stepped_up:
            raise StepUpNeeded
        mine = {"session": session.id}
        pending = await factor.wrapped(service, unit.conn, session.account_id, enrolment.secret, **mine)
        await unit.change(_update(session.account_id).values(totp_pending=pending))
        unit.leaf("account.changed", account=session.account_id, kind="factor_begun", session=session.id)
    return enrolment


async def pending_enrolment(service: Service, session: Session) -> Enrolment | None:
    """What `begin_enrolment` gave in this session, to show again; None where nothing is being set up."""
    async with reading(service) as conn:
        mine = select(t.account.c.totp_pending).where(t.account.c.id == session.account_id)
        blob = (await conn.execute(mine)).scalar_one_or_none()
    secret = await factor.pending(service, session.account_id, blob, session.id)
    return factor.new_enrolment(session.login, secret) if secret else None


async def replace_factor(service: Service, session: Session, untrusted_code: str) -> None:
    """Take over the factor that `begin_enrolment` began for an account that had one already."""
    if not session.actor.stepped_up:
        raise StepUpNeeded
    async with unit_of_work(service, session.actor) as unit:
        right = await adopt_factor(unit, session, untrusted_code, replacing=True)
    if not right:
        raise BadInput("This code is not right. Enter the one of the new set-up.", field="code")


async def choose_password(service: Service, session: Session, *, old_password: str, new_password: str) -> None:
    """Change one's own password; other sessions and all tokens end. BadInput: old_password, password."""
    if not session.second_factor:
        raise StepUpNeeded
    new = passwords.check(new_password, session.login)
    async with reading(service) as conn:
        mine = select(t.account.c.password_hash).where(t.account.c.id == session.account_id)
        stored = (await conn.execute(mine)).scalar_one()
    if not await passwords.matches(old_password, stored):
        raise BadInput("The old password is not right.", field="old_password")
    if await passwords.matches(new, stored):
        raise BadInput("Choose a password that is not the old one.", field="password")
    made = await passwords.hashed(new)
    async with unit_of_work(service, Actor(ActorKind.STAFF, session.account_id)) as unit:
        await unit.change(_update(session.account_id).values(password_hash=made, password_until=None))
        await _end_everything(unit, session.account_id, but=session.id)
        unit.leaf("account.changed", account=session.account_id, kind="password")


def _may_see(actor: Actor) -> None:
    if actor.kind is not ActorKind.OPERATOR:
        access.require(actor, Permission.ADMINISTER)


async def _one(unit: Unit, account_id: UUID) -> Row[Any]:
    return await unit.one(select(t.account).where(t.account.c.id == account_id).with_for_update())


async def _administrator_remains(unit: Unit, before: Row[Any]) -> None:
    """Refused where the last who could administer is no more; one such change at a time."""
    if Role.ADMINISTRATOR not in before.roles:
        return
    await unit.conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
    left = select(t.account.c.id).where(t.account.c.active, t.account.c.roles.contains([Role.ADMINISTRATOR.value]))
    if await unit.maybe(left) is None:
        raise Refused("One open account must remain that may administer the service. Nothing was changed.")


async def _end_everything(unit: Unit, account_id: UUID, *, but: UUID | None = None) -> None:
    """Sessions end, tokens are revoked."""
    s, k = t.account_session, t.api_token
    ending = update(s).where(s.c.account_id == account_id, s.c.ended_at.is_(None))
    if but is not None:
        ending = ending.where(s.c.id != but)
    await unit.change(ending.values(ended_at=func.now()))
    await unit.change(
        update(k).where(k.c.account_id == account_id, k.c.revoked_at.is_(None)).values(revoked_at=func.now())
    )


def _update(account_id: UUID) -> Any:
    return update(t.account).where(t.account.c.id == account_id)


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        display_name=row.display_name,
        email=row.email or "",
        roles=frozenset(map(Role, row.roles)),
        active=row.active,
        enrolled=row.totp_wrapped is not None,
        password_temporary=row.password_until is not None,
        has_password=row.password_hash is not None,
        language=row.language,
        created_at=row.created_at,
    )


def login_name(untrusted: str) -> str:
    """A sign-in name in its normal form. Raises BadInput (field login)."""
    login = untrusted.strip().casefold()
    if not 2 <= len(login) <= 100 or not all(char.isalnum() or char in "._@+-" for char in login):
        raise BadInput("A sign-in name has 2 to 100 letters, digits, dots or hyphens.", field="login")
    return login


def person_name(untrusted: str) -> str:
    """A name to show. Raises BadInput (field display_name)."""
    value = " ".join(untrusted.split())
    if not value or len(value) > 100 or not value.isprintable():
        raise BadInput("Enter the person's name.", field="display_name")
    return value


def email_address(untrusted: str) -> str | None:
    """An address for staff mail, None for an empty one. Raises BadInput (field email)."""
    value = untrusted.strip()
    if not value:
        return None
    name, at, host = value.rpartition("@")
    plain = value.isascii() and value.isprintable() and " " not in value and "," not in value
    if not (name and at and "." in host and plain and len(value) <= 200):
        raise BadInput("Enter an e-mail address such as name@example.org.", field="email")
    return value


def _roles(roles: Iterable[Role]) -> list[str]:
    wanted = sorted({Role(role).value for role in roles})
    if not wanted:
        raise BadInput("Choose at least one role.", field="roles")
    return wanted
