"""Staff in tests: accounts with a second factor, their codes, their sessions, time that passes."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import func, select, text

from exchange.core.model import OPERATOR, Actor, ActorKind, Role
from exchange.steps import accounts, factor, sessions, setup
from exchange.steps.sessions import SignedIn
from exchange.store.service import Service
from exchange.store.unit import reading

PASSWORD = "teapot lantern orchard"


@dataclass(frozen=True)
class Member:
    """An account of a test."""

    id: UUID
    login: str
    secret: str = field(default_factory=pyotp.random_base32)

    def actor(self, *roles: Role, stepped_up: bool = True) -> Actor:
        """Somebody with this account and these roles, without a session."""
        return Actor(ActorKind.STAFF, self.id, frozenset(roles), None, stepped_up)


async def found(service: Service) -> None:
    """A founded demonstration."""
    await setup.found_service(service, demo=service.settings.demo, name="Messages")


async def member(service: Service, login: str, *roles: Role, email: str = "", name: str = "Jo Reed") -> Member:
    """An account with a chosen password and a second factor."""
    secret = pyotp.random_base32()
    account_id = await accounts.create_account(
        service,
        OPERATOR,
        login=login,
        display_name=name,
        roles=roles or [Role.FACILITATOR],
        password=PASSWORD,
        email=email,
        temporary=False,
    )
    await accounts.enrol(service, OPERATOR, account_id, secret=secret)
    return Member(account_id, login, secret)


async def code(service: Service, who: Member, *, steps: int = 0) -> str:
    """The one-time code of the account, `steps` of 30 seconds from now by the database's clock."""
    now = await database_now(service)
    left = 30 - now.timestamp() % 30
    if left < 2:  # the step would end between here and the check
        await asyncio.sleep(left)
        now += timedelta(seconds=left)
    return factor.code_now(who.secret, now + timedelta(seconds=30 * steps))


async def signed_in(service: Service, who: Member) -> SignedIn:
    """A whole sign-in."""
    begun = await sessions.sign_in(service, who.login, PASSWORD, cookie=None)
    return await sessions.confirm_factor(service, begun.session, await code(service, who))


async def database_now(service: Service) -> datetime:
    """The database's clock."""
    async with reading(service) as conn:
        now: datetime = (await conn.execute(select(func.now()))).scalar_one()
        return now


async def pass_time(service: Service, table: str, column: str, by: timedelta) -> None:
    """Let `by` pass for one column: move it into the past in every row."""
    async with reading(service) as conn:
        await conn.execute(text(f"update {table} set {column} = {column} - :by"), {"by": by})  # noqa: S608  # ours


async def leaves(service: Service) -> list[str]:
    """Every leaf of the record as text, oldest first."""
    async with reading(service) as conn:
        return list((await conn.execute(text("select leaf from ledger_leaf order by index"))).scalars())


async def dump(service: Service) -> bytes:
    """Every row of every table of the service as text, for looking whether something is in it."""
    found = []
    async with reading(service) as conn:
        names = text("select tablename from pg_tables where schemaname = 'public'")
        for name in (await conn.execute(names)).scalars().all():
            rows = await conn.execute(text(f'select t::text from "{name}" t'))  # noqa: S608  # ours
            found += rows.scalars().all()
            raw = await conn.execute(text(f'select to_jsonb(t)::text from "{name}" t'))  # noqa: S608  # ours
            found += raw.scalars().all()
    return "\n".join(found).encode()
