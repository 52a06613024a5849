"""A case with two people who take part, made by the real steps, and what intake tests do with it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from exchange.core.model import Actor, ActorKind, Channel, ConsentKind, FactKind, Kind, Method, Role, Side
from exchange.steps import cases, consent, facts, intake, upload, wording
from exchange.store import pieces
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.world import talked

CONTACT = cases.SafeContact(Channel.PHONE, address="made up", hours="mornings")


@dataclass(frozen=True)
class Case:
    """A case, its facilitator, and two people who agreed to take part; `responsible` is prepared."""

    id: UUID
    staff: Actor
    harmed: UUID
    responsible: UUID


async def staff(service: Service, *roles: Role) -> Actor:
    """A member of staff, straight into the table."""
    account = uuid4()
    async with reading(service) as conn:
        row = {"id": account, "login": f"user-{account}", "display_name": "Someone"}
        await conn.execute(insert(t.account).values(**row, roles=[role.value for role in roles]))
    return Actor(ActorKind.STAFF, account, frozenset(roles), stepped_up=True)


async def make_case(service: Service, *, prepared: bool = True) -> Case:
    """A case ready for a message from either side."""
    actor = await staff(service, Role.FACILITATOR)
    case = await cases.open_case(service, actor)
    people = {}
    for side in Side:
        person = await cases.add_participant(
            service, actor, case, side=side, name="Made Up", form_of_name="M.", contact=CONTACT
        )
        said = consent.Said(Method.IN_PERSON, wording.current(ConsentKind.TAKE_PART).id)
        await consent.record(service, actor, person, ConsentKind.TAKE_PART, True, said)
        people[side] = person
    if prepared:
        await talked(service, actor, case, people[Side.RESPONSIBLE])
    for kind, value in ((FactKind.PREPARATION, "done"), (FactKind.RESPONSIBILITY, "accepted")):
        if prepared:
            await facts.record_fact(service, actor, case, kind, value, participant=people[Side.RESPONSIBLE])
    return Case(case, actor, people[Side.HARMED], people[Side.RESPONSIBLE])


async def begin(service: Service, case: Case, kind: Kind = Kind.LETTER) -> UUID:
    """A message from the responsible to the harmed person, begun by staff."""
    people = {"author": case.responsible, "recipient": case.harmed}
    return await intake.begin_message(service, case.staff, case.id, **people, kind=kind)


async def put_in(service: Service, case: Case, kind: Kind, *files: tuple[str, bytes]) -> UUID:
    """Begin, upload and send a message."""
    message = await begin(service, case, kind)
    for position, (name, data) in enumerate(files):
        made = await upload.begin_upload(
            service, case.staff, message, size=len(data), untrusted_name=name, position=position
        )
        await upload.append(service, case.staff, made, 0, chunked(data))
    await intake.finish(service, case.staff, message)
    return message


async def chunked(data: bytes, size: int = 262_144) -> AsyncIterator[bytes]:
    """`data` as a socket would give it."""
    for start in range(0, len(data), size):
        await asyncio.sleep(0)
        yield data[start : start + size]


async def broken(data: bytes, size: int = 262_144) -> AsyncIterator[bytes]:
    """`data`, then a lost connection."""
    async for chunk in chunked(data, size):
        yield chunk
    raise ConnectionResetError


async def stored_pieces(service: Service, upload_id: UUID) -> list[tuple[int, int, int]]:
    """(number, start, size) of what is durable."""
    async with reading(service) as conn:
        return [(row.number, row.start, row.size) for row in await pieces.pieces_of(conn, upload_id)]


async def read_back(service: Service, upload_id: UUID) -> bytes:
    """The original as a worker reads it."""
    async with reading(service) as conn:
        row = (await conn.execute(select(t.upload).where(t.upload.c.id == upload_id))).one()
        message = (await conn.execute(select(t.message).where(t.message.c.id == row.message_id))).one()
        opener = await opener_of(service, conn, message.case_id)
        rows = await pieces.pieces_of(conn, upload_id)
    key = opener.open_key(row.key_sealed, "upload.key", upload_id)
    original = pieces.Original(upload_id, message.case_id, message.id, row.received, key)
    return b"".join([plain async for plain, _ in pieces.read_original(service.objects, original, rows)])


async def keys_stored(service: Service, prefix: str = "") -> set[str]:
    """Every object key in the store."""
    return {key async for key, _ in service.objects.list(prefix)}
