"""Signing in to the console: password, then second factor, then a session that ends by itself.

Unknown name, wrong password, an account that waits or was closed: one sentence, after the same work. Five
wrong tries (password or code) make the account wait 15 minutes; a right second factor clears the count.
The cookie is a fresh secret at sign-in and again at the second factor; only its hash is kept. A session
ends after `staff_idle_seconds` without use, after twelve hours, or after ten minutes without a second
factor. Every clock is the database's.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, and_, case, func, select, update

from exchange.core.errors import BadInput, LinkDead, NotFound, SignInNeeded, SignInRefused, WaitAWhile
from exchange.core.links import new_secret, session_hash
from exchange.core.model import VISITOR, Actor, ActorKind, Role
from exchange.steps import factor, passwords
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TRIES = 5
WAIT = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
HALF_OPEN = timedelta(minutes=10)
NOTED_EVERY = timedelta(seconds=10)


@dataclass(frozen=True)
class Session:
    """A console session. Until `second_factor`, it opens nothing but the page that asks for the code."""

    id: UUID
    account_id: UUID
    login: str
    display_name: str
    roles: frozenset[Role]
    language: str
    second_factor: bool
    enrolled: bool
    """Whether a second factor is set up; if not, it is set up before anything else."""
    password_temporary: bool
    """Whether the password was given by somebody else and must be changed before anything else."""
    stepped_up: bool
    created_at: datetime
    last_used_at: datetime
    has_password: bool = True
    """False where the account is signed in to at the organisation's provider only."""

    @property
    def actor(self) -> Actor:
        """Who acts. `SignInNeeded` before the second factor, or while a given password stands."""
        if not self.second_factor or self.password_temporary:
            raise SignInNeeded
        return Actor(ActorKind.STAFF, self.account_id, self.roles, self.id, self.stepped_up)


@dataclass(frozen=True)
class SignedIn:
    """A session with the cookie that was made for it; the cookie is nowhere else."""

    session: Session
    cookie: str = field(repr=False)


async def sign_in(service: Service, untrusted_login: str, untrusted_password: str, *, cookie: str | None) -> SignedIn:
    """Check the password and begin a session without second factor. `SignInRefused` says nothing more.

    `cookie`: the browser's earlier cookie, whose session ends here, or None.
    """
    async with reading(service) as conn:
        found = (await conn.execute(_by_login(untrusted_login))).first()
    known = await passwords.matches(untrusted_password, found.password_hash if found else None)
    signed: SignedIn | None = None
    async with unit_of_work(service, VISITOR) as unit:
        if known and found and await _may_try(unit, found.id, found.password_hash):
            await end_of_cookie(unit, cookie)
            signed = await begin(unit, found.id)
            unit.leaf("account.password_given", account=found.id, session=signed.session.id)
        else:
            await count_wrong(unit, found.id if found else None)
    if signed is None:
        raise SignInRefused
    return signed


async def confirm_factor(service: Service, session: Session, untrusted_code: str) -> SignedIn:
    """The second factor: the session opens, with a new cookie. A first factor being set up is kept by it.

    Raises BadInput for a wrong or used code, WaitAWhile while the account waits.
    """
    cookie = new_secret()
    values = {"second_factor": True, "stepped_up_at": func.now(), "cookie_hash": session_hash(cookie)}
    await _confirm(service, session, untrusted_code, "account.signed_in", values)
    return await opened(service, cookie)


async def step_up(service: Service, session: Session, untrusted_code: str) -> Session:
    """The second factor again, good for `step_up_seconds`. Errors as in `confirm_factor`."""
    session.actor  # noqa: B018  # raises unless the session is open
    await _confirm(service, session, untrusted_code, "account.stepped_up", {"stepped_up_at": func.now()})
    return replace(session, stepped_up=True)


async def load(service: Service, untrusted_cookie: str | None) -> Session | None:
    """The session of a cookie, or None where there is none or it has ended; notes its use."""
    mine = _mine(untrusted_cookie)
    if not mine:
        return None
    async with reading(service) as conn:
        row = (await conn.execute(_live(service).where(*mine))).first()
        if row is not None and row.read_at - row.last_used_at > NOTED_EVERY:
            used = update(t.account_session).where(t.account_session.c.id == row.id)
            await conn.execute(used.values(last_used_at=func.now()))
    return None if row is None else _session(service, row)


async def sign_out(service: Service, untrusted_cookie: str | None) -> None:
    """End the cookie's session; one that has ended already is no error."""
    session = await load(service, untrusted_cookie)
    if session is None:
        return
    async with unit_of_work(service, Actor(ActorKind.STAFF, session.account_id)) as unit:
        await _end(unit, t.account_session.c.id == session.id)
        unit.leaf("account.signed_out", account=session.account_id, session=session.id)


async def sessions_of(service: Service, actor: Actor) -> list[Session]:
    """The actor's own open sessions, newest first."""
    s = t.account_session
    async with reading(service) as conn:
        rows = await conn.execute(_live(service).where(s.c.account_id == actor.id).order_by(s.c.created_at.desc()))
        return [_session(service, row) for row in rows]


async def revoke(service: Service, actor: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions. `NotFound` for anybody else's."""
    s = t.account_session
    async with unit_of_work(service, actor) as unit:
        if not await _end(unit, s.c.id == session_id, s.c.account_id == actor.id):
            raise NotFound
        unit.leaf("account.signed_out", account=actor.id, session=session_id)


async def sign_out_everywhere(service: Service, actor: Actor) -> int:
    """End every session of the actor's own account, this one too, and those that have not got past the password;
    how many. Tokens for scripts stay: each is ended by itself."""
    async with unit_of_work(service, actor) as unit:
        ended = await _end(unit, t.account_session.c.account_id == actor.id)
        unit.leaf("account.signed_out", account=actor.id, kind="everywhere", count=ended)
    return ended


async def spend_code(unit: Unit, account_id: UUID, untrusted_code: str) -> bool:
    """Whether the code is the account's and new; marks it as used, or counts a wrong try. Locks the account.

    Raises WaitAWhile while the account waits.
    """
    row = await locked_account(unit, account_id)
    secret = await factor.unwrapped(unit.service, account_id, row.totp_wrapped) if row.totp_wrapped else ""
    return await _spend(unit, row, secret, untrusted_code)


async def adopt_factor(unit: Unit, session: Session, untrusted_code: str, *, replacing: bool) -> bool:
    """As `spend_code`, for a factor that this session is setting up: its first right code makes it count."""
    row = await locked_account(unit, session.account_id)
    secret = await factor.pending(unit.service, row.id, row.totp_pending, session.id)
    if secret is None and replacing:
        return False  # begun in another browser, or not at all
    if secret is None or (row.totp_wrapped is not None and not replacing):
        raise SignInNeeded
    if not await _spend(unit, row, secret, untrusted_code):
        return False
    kept = await factor.wrapped(unit.service, unit.conn, row.id, secret)
    await unit.change(_account(row.id).values(totp_wrapped=kept, totp_pending=None))
    unit.leaf("account.changed", account=row.id, kind="factor")
    return True


async def end_of_cookie(unit: Unit, untrusted_cookie: str | None) -> None:
    """End the session that a browser had before; none is no error. The caller writes the leaf."""
    await _end(unit, *_mine(untrusted_cookie))


async def locked_account(unit: Unit, account_id: UUID) -> Row[Any]:
    """The account, locked. SignInNeeded for a closed one, WaitAWhile while it waits."""
    row = await unit.one(select(t.account).where(t.account.c.id == account_id).with_for_update())
    if not row.active:
        raise SignInNeeded
    if row.wait_until and row.wait_until > unit.now:
        raise WaitAWhile
    return row


async def _spend(unit: Unit, row: Row[Any], secret: str, untrusted_code: str) -> bool:
    step = factor.step_of(secret, untrusted_code, unit.now, row.totp_last) if secret else None
    if step is None:
        await count_wrong(unit, row.id)
        return False
    await unit.change(_account(row.id).values(totp_last=step, wrong_attempts=0, wait_until=None))
    return True


async def open_in(
    unit: Unit, session_id: UUID, account_id: UUID, cookie: str, kind: str, *, fresh: bool = True
) -> None:
    """Open a session that began, under a new cookie, and record how. `fresh`: it counts as a step-up too.

    SignInNeeded where it has ended meanwhile.
    """
    values: dict[str, Any] = {"second_factor": True, "cookie_hash": session_hash(cookie)}
    if fresh:
        values["stepped_up_at"] = func.now()
    await confirmed(unit, session_id, **values)
    await forget_wrong(unit, account_id)
    unit.leaf("account.signed_in", account=account_id, session=session_id, kind=kind)


async def confirmed(unit: Unit, session_id: UUID, **values: Any) -> None:
    """Note in a session what a second factor did for it; SignInNeeded where it has ended meanwhile."""
    mine = update(t.account_session).where(t.account_session.c.id == session_id, t.account_session.c.ended_at.is_(None))
    if not await unit.change(mine.values(**values, last_used_at=func.now())):
        raise SignInNeeded


async def opened(service: Service, cookie: str) -> SignedIn:
    """The session of a cookie that was just made. SignInNeeded where it has ended meanwhile."""
    found = await load(service, cookie)
    if found is None:
        raise SignInNeeded
    return SignedIn(found, cookie)


async def _confirm(service: Service, session: Session, untrusted_code: str, act: str, values: dict[str, Any]) -> None:
    async with unit_of_work(service, Actor(ActorKind.STAFF, session.account_id)) as unit:
        if session.enrolled:
            right = await spend_code(unit, session.account_id, untrusted_code)
        else:
            right = await adopt_factor(unit, session, untrusted_code, replacing=False)
        if right:
            await confirmed(unit, session.id, **values)
            unit.leaf(act, account=session.account_id, session=session.id)
    if not right:
        raise BadInput("This code is not right, or it was used before. Wait for the next one.", field="code")


async def _may_try(unit: Unit, account_id: UUID, password_hash: str) -> bool:
    """Whether the account still stands as it was read before the slow part, now locked."""
    row = await unit.one(select(t.account).where(t.account.c.id == account_id).with_for_update())
    waits = row.wait_until is not None and row.wait_until > unit.now
    lapsed = row.password_until is not None and row.password_until <= unit.now
    return bool(row.active and row.password_hash == password_hash and not waits and not lapsed)


async def begin(unit: Unit, account_id: UUID) -> SignedIn:
    """A session that opens nothing yet, with its cookie. The caller writes the leaf: by what it began."""
    cookie, session_id = new_secret(), uuid4()
    await unit.add(t.account_session, id=session_id, account_id=account_id, cookie_hash=session_hash(cookie))
    row = await unit.one(_live(unit.service).where(t.account_session.c.id == session_id))
    return SignedIn(_session(unit.service, row), cookie)


async def count_wrong(unit: Unit, account_id: UUID | None) -> None:
    """One wrong try; the fifth makes the account wait. The same work where there is no account."""
    a = t.account
    full = a.c.wrong_attempts + 1 >= TRIES
    waits = and_(a.c.wait_until.is_not(None), a.c.wait_until > func.now())
    counted = (
        _account(account_id or uuid4())
        .where(~waits)
        .values(
            wrong_attempts=case((full, 0), else_=a.c.wrong_attempts + 1),
            wait_until=case((full, func.now() + WAIT), else_=a.c.wait_until),
        )
    )
    await unit.change(counted)
    unit.leaf("account.refused", account=account_id)


async def forget_wrong(unit: Unit, account_id: UUID) -> None:
    """A right second factor clears the count. The caller writes the leaf."""
    await unit.change(_account(account_id).values(wrong_attempts=0, wait_until=None))


async def _end(unit: Unit, *which: Any) -> int:
    if not which:
        return 0
    s = t.account_session
    return await unit.change(update(s).where(s.c.ended_at.is_(None), *which).values(ended_at=func.now()))


def _by_login(untrusted_login: str) -> Select[Any]:
    login = untrusted_login.replace("\x00", "")[:200].strip().casefold()
    return select(t.account.c.id, t.account.c.password_hash).where(t.account.c.login == login)


def _account(account_id: UUID) -> Any:
    return update(t.account).where(t.account.c.id == account_id)


def _mine(untrusted_cookie: str | None) -> tuple[Any, ...]:
    try:
        return (t.account_session.c.cookie_hash == session_hash(untrusted_cookie or ""),)
    except LinkDead:
        return ()


def _live(service: Service) -> Select[Any]:
    """Sessions that have not ended, of accounts that are open, with the account's columns."""
    s, a = t.account_session, t.account
    idle = timedelta(seconds=service.settings.staff_idle_seconds)
    columns = (a.c.login, a.c.display_name, a.c.roles, a.c.language, a.c.totp_wrapped, a.c.password_until)
    return (
        select(s, *columns, a.c.password_hash, func.now().label("read_at"))
        .join(a, a.c.id == s.c.account_id)
        .where(s.c.ended_at.is_(None), a.c.active, s.c.last_used_at > func.now() - idle)
        .where(s.c.created_at > func.now() - LONGEST)
        .where(s.c.second_factor | (s.c.created_at > func.now() - HALF_OPEN))
    )


def _session(service: Service, row: Row[Any]) -> Session:
    fresh = timedelta(seconds=service.settings.step_up_seconds)
    return Session(
        id=row.id,
        account_id=row.account_id,
        login=row.login,
        display_name=row.display_name,
        roles=frozenset(map(Role, row.roles)),
        language=row.language,
        second_factor=row.second_factor,
        enrolled=row.totp_wrapped is not None,
        password_temporary=row.password_until is not None,
        stepped_up=row.stepped_up_at is not None and row.stepped_up_at + fresh > row.read_at,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        has_password=row.password_hash is not None,
    )
