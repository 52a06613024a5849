"""A service with many cases, made quickly: rows copied into the tables, leaves into the record with their own times.

Everything that a page of the console opens is sealed as the steps seal it. Staff, the service's own keys and the
referrals are made by the real steps.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from sqlalchemy import insert, select

from exchange.core import keys
from exchange.core.leaf import undated
from exchange.core.model import Actor, ActorKind, Role
from exchange.core.rootwrap import name_of
from exchange.steps import referral, setup, signing
from exchange.store import tables as t
from exchange.store.engine import plain_url
from exchange.store.sealing import Opener
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.many_rows import Row, Rows, one_case

MESSAGES = 6  # of each case
ORDER = (
    "key_pair", "cases", "assignment", "participant", "safe_contact", "code", "fact", "message", "revision", "part",
    "review", "consent", "approval_current", "share_current", "receive_current", "offer", "link", "release",
    "concern", "task",
)  # fmt: skip
AT_ONCE = 200
REFERRALS = 25


@dataclass(frozen=True)
class Many:
    """A service with many cases; the facilitator leads some, the supervisor sees all."""

    service: Service
    facilitators: list[Actor]
    supervisor: Actor
    auditor: Actor
    administrator: Actor


async def make_many(service: Service, *, cases: int, facilitators: int = 50, seed: int = 1) -> Many:
    """`cases` cases with six messages each, shared out evenly. `service` has its keys and was not founded before."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Letter Bridge")
    found = await _staff(service, facilitators)
    await add_cases(found, cases=cases, seed=seed)
    for number in range(REFERRALS):
        told = {"reach_by": "phone", "reach_address": "01632 960 555", "about": f"Something that happened {number}"}
        await referral.save_referral(service, told)
    return found


async def add_cases(many: Many, *, cases: int, seed: int = 1) -> None:
    """So many more cases, and the record signed."""
    await asyncio.to_thread(_fill, many, cases, seed)
    await signing.sign(many.service)


async def _staff(service: Service, facilitators: int) -> Many:
    made = [f"facilitator-{number:02d}" for number in range(facilitators)]
    roles = {**dict.fromkeys(made, Role.FACILITATOR), "supervisor": Role.SUPERVISOR, "auditor": Role.AUDITOR,
             "administrator": Role.ADMINISTRATOR}  # fmt: skip
    rows = [{"login": name, "display_name": name.title(), "roles": [role.value]} for name, role in roles.items()]
    async with reading(service) as conn:
        await conn.execute(insert(t.account), rows)
    return await made_before(service)


async def made_before(service: Service) -> Many:
    """The service that `make_many` made in this database."""
    a = t.account
    async with reading(service) as conn:
        rows = (await conn.execute(select(a.c.id, a.c.login, a.c.roles).order_by(a.c.login))).all()
    who = {r.login: Actor(ActorKind.STAFF, r.id, frozenset(map(Role, r.roles)), stepped_up=True) for r in rows}
    leads = [actor for login, actor in who.items() if login.startswith("facilitator-")]
    return Many(service, leads, who["supervisor"], who["auditor"], who["administrator"])


def _fill(many: Many, cases: int, seed: int) -> None:
    url = many.service.settings.owner_database_url
    assert url
    now, leaves = datetime.now(UTC), []
    rows = Rows(seed, now)
    with psycopg.connect(plain_url(url.get_secret_value())) as conn:
        for start in range(0, cases, AT_ONCE):
            for number in range(start, min(cases, start + AT_ONCE)):
                one_case(rows, *_keys(many.service), _team(many, number), MESSAGES, every=number == 0)
            for table in ORDER:
                _copy(conn, table, rows.tables.pop(table, []))
            asyncio.run(_store(many.service, rows.objects))
            leaves += rows.leaves
            rows.tables.clear()
            rows.objects, rows.leaves = [], []
        leaves.sort(key=lambda leaf: leaf[0])
        _copy(conn, "ledger_pending", ({"leaf": undated(leaf), "at": at} for at, leaf in leaves))
        conn.commit()
        while conn.execute("select ledger_place()").fetchone() != (0,):
            conn.commit()
        conn.commit()
        conn.autocommit = True
        conn.execute("analyze")


def _keys(service: Service) -> tuple[Opener, tuple[bytes, str]]:
    assert service.keys
    case: UUID = uuid4()
    pair, wrapped = service.keys.new_case_key(str(case))
    return Opener(case, pair.public, pair.private, keys.new_data_key()), (wrapped, name_of(wrapped))


def _team(many: Many, number: int) -> tuple[UUID, UUID, UUID]:
    """Lead, second and cover in turn, so that everybody has as much."""
    count, stride = len(many.facilitators), 1 + number // len(many.facilitators)
    who = [many.facilitators[(number + more) % count].id for more in (0, stride % (count - 1) + 1)]
    assert who[0]
    assert who[1]
    assert many.supervisor.id
    return who[0], who[1], many.supervisor.id


async def _store(service: Service, objects: list[tuple[str, bytes]]) -> None:
    for start in range(0, len(objects), 32):
        await asyncio.gather(*[service.objects.put(key, data) for key, data in objects[start : start + 32]])


def _copy(conn: psycopg.Connection[Any], table: str, rows: Iterable[Row]) -> None:
    listed = iter(rows)
    first = next(listed, None)
    if first is None:
        return
    names = list(first)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), columns)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write_row([first[name] for name in names])
        for row in listed:
            copy.write_row([row[name] for name in names])
