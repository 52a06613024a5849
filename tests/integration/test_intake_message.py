"""Beginning and sending a message: who may, when, and what stands in the record (RULES 1, 2, 10)."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update

from exchange.core import keys
from exchange.core.errors import BadInput, LinkDead, NotAllowed, NotFound, Refused
from exchange.core.model import Actor, ActorKind, Event, Kind, Role, State
from exchange.steps import intake, upload
from exchange.steps.putting_in import Visitor
from exchange.store import tables as t
from exchange.store.reaper import reap
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from tests.support.putting_in import (
    Case,
    begin,
    broken,
    chunked,
    keys_stored,
    make_case,
    put_in,
    read_back,
    staff,
)


async def message_of(service: Service, message: UUID) -> Any:
    """The row of a message."""
    async with reading(service) as conn:
        return (await conn.execute(select(t.message).where(t.message.c.id == message))).one()


async def leaves(service: Service) -> list[dict[str, Any]]:
    """Every leaf of the record, oldest first."""
    async with reading(service) as conn:
        found = (await conn.execute(text("select leaf from ledger_leaf order by index"))).scalars()
        return [json.loads(bytes(leaf) if not isinstance(leaf, str) else leaf) for leaf in found]


async def visit(service: Service, case: Case, person: UUID) -> tuple[Actor, Visitor]:
    """An open session of a person on a `submit` link, straight into the tables."""
    link, session = uuid4(), uuid4()
    async with reading(service) as conn:
        row = {"id": link, "case_id": case.id, "participant_id": person, "purpose": "submit"}
        await conn.execute(insert(t.link).values(**row, state="claimed", lookup_hash=link.bytes))
        await conn.execute(insert(t.portal_session).values(id=session, link_id=link, cookie_hash=session.bytes))
    return Actor(ActorKind.PARTICIPANT, person, session=session), Visitor(link, keys.new_data_key())


async def test_a_typed_letter_is_sent(service: Service) -> None:
    """A letter is begun, typed, sent, quarantined, and a worker is asked; each stands in the record."""
    case = await make_case(service)
    message = await begin(service, case)
    made = await intake.write_letter(service, case.staff, message, "Dear M.\r\nI am sorry.")
    reference = await intake.finish(service, case.staff, message)
    row = await message_of(service, message)
    assert (row.state, row.reference, row.put_in_by) == (State.QUARANTINED, reference, case.staff.id)
    assert await read_back(service, made) == b"Dear M.\nI am sorry."
    acts = [leaf["act"] for leaf in await leaves(service) if leaf.get("message") == str(message)]
    assert acts == ["message.begun", "upload.begun", "message.put_in", "original.received"]
    async with reading(service) as conn:
        jobs = (await conn.execute(text("select task_name, args from procrastinate_jobs"))).all()
    assert ("process_message", {"message": str(message)}) in [tuple(job) for job in jobs]


async def test_typing_again_replaces_what_was_typed(service: Service) -> None:
    """Only the newest typed text is part of what is sent."""
    case = await make_case(service)
    message = await begin(service, case)
    await intake.write_letter(service, case.staff, message, "first")
    last = await intake.write_letter(service, case.staff, message, "second")
    await intake.finish(service, case.staff, message)
    async with reading(service) as conn:
        query = select(t.upload.c.id).where(t.upload.c.message_id == message, t.upload.c.state == "complete")
        assert list((await conn.execute(query)).scalars()) == [last]


@pytest.mark.parametrize("text", ["", "  \n\t ", "x" * 200_001])
async def test_an_empty_or_endless_letter_gets_a_sentence(service: Service, text: str) -> None:
    """Bad input says what to do and leaves nothing behind."""
    case = await make_case(service)
    message = await begin(service, case)
    with pytest.raises(BadInput, match=r"empty|longer"):
        await intake.write_letter(service, case.staff, message, text)
    with pytest.raises(BadInput, match="Nothing has been put in"):
        await intake.finish(service, case.staff, message)


async def test_rule_10_preparation_first(service: Service) -> None:
    """Who is responsible puts nothing in before preparation and acceptance; the harmed person may."""
    case = await make_case(service, prepared=False)
    with pytest.raises(Refused) as refused:
        await begin(service, case)
    assert {reason.code for reason in refused.value.reasons} == {"preparation", "responsibility"}  # type: ignore[attr-defined]
    people = {"author": case.harmed, "recipient": case.responsible}
    assert await intake.begin_message(service, case.staff, case.id, **people, kind=Kind.LETTER)
    async with reading(service) as conn:
        assert len((await conn.execute(select(t.message))).all()) == 1


async def test_who_may_put_in(service: Service) -> None:
    """Staff of other cases see nothing, other roles neither, and people must be two of the case."""
    case, other = await make_case(service), await make_case(service)
    with pytest.raises(NotFound):
        await begin(service, replace(case, staff=other.staff))
    with pytest.raises(NotFound):
        await begin(service, replace(case, staff=await staff(service, Role.ADMINISTRATOR)))
    with pytest.raises(NotAllowed):
        await begin(service, replace(case, staff=Actor(ActorKind.WORKER)))
    with pytest.raises(BadInput):
        await begin(service, replace(case, harmed=other.harmed))
    with pytest.raises(BadInput):
        await begin(service, replace(case, harmed=case.responsible))
    message = await begin(service, case)
    with pytest.raises(NotFound):
        await upload.begin_upload(service, other.staff, message, size=1)


async def test_unfinished_files_stop_the_sending(service: Service) -> None:
    """A message is sent only when every file has arrived; a file taken away does not count."""
    case = await make_case(service)
    message = await begin(service, case, Kind.AUDIO)
    made = await upload.begin_upload(service, case.staff, message, size=10)
    await upload.append(service, case.staff, made, 0, chunked(b"half."))
    with pytest.raises(BadInput, match="not arrived"):
        await intake.finish(service, case.staff, message)
    await upload.drop_upload(service, case.staff, made)
    for _ in range(2):
        whole = await upload.begin_upload(service, case.staff, message, size=4)
        await upload.append(service, case.staff, whole, 0, chunked(b"full"))
    with pytest.raises(BadInput, match="one file"):
        await intake.finish(service, case.staff, message)


async def test_nothing_is_added_after_sending(service: Service) -> None:
    """A sent message takes neither a file nor a second sending."""
    case = await make_case(service)
    message = await put_in(service, case, Kind.LETTER, ("a.txt", b"words"))
    with pytest.raises(Refused):
        await upload.begin_upload(service, case.staff, message, size=1)
    with pytest.raises(Refused):
        await intake.finish(service, case.staff, message)


async def test_the_author_through_a_link(service: Service, portal_service: Service) -> None:
    """In a process without keys the author uploads, loses the connection, goes on, and sends once."""
    case = await make_case(service)
    actor, visitor = await visit(service, case, case.responsible)
    people = {"author": case.responsible, "recipient": case.harmed}
    portal = portal_service
    message = await intake.begin_message(portal, actor, case.id, **people, kind=Kind.LETTER)
    assert message == await intake.begin_message(portal, actor, case.id, **people, kind=Kind.LETTER)
    made = await upload.begin_upload(portal, actor, message, size=9, visitor=visitor)
    with pytest.raises(ConnectionResetError):
        await upload.append(portal, actor, made, 0, broken(b"Dear "), visitor=visitor)
    await upload.append(portal, actor, made, 5, chunked(b"Max."), visitor=visitor)
    seen = []

    async def stop_link(unit: Any, row: Any) -> None:
        seen.append(row.id)

    await intake.finish(portal, actor, message, also=stop_link)
    assert (seen, await read_back(service, made)) == ([message], b"Dear Max.")
    async with reading(service) as conn:
        row = (await conn.execute(select(t.upload).where(t.upload.c.id == made))).one()
        link = (await conn.execute(select(t.link).where(t.link.c.id == visitor.link))).one()
    assert (row.key_wrapped, row.account_id, link.state) == (None, None, "done")
    with pytest.raises(LinkDead):
        await intake.begin_message(portal, actor, case.id, **people, kind=Kind.LETTER)


async def test_a_link_reaches_its_own_message_only(service: Service) -> None:
    """A visitor neither speaks for another person nor touches what staff or another link put in."""
    case = await make_case(service)
    actor, visitor = await visit(service, case, case.harmed)
    with pytest.raises(NotFound):
        await intake.begin_message(
            service, actor, case.id, author=case.responsible, recipient=case.harmed, kind=Kind.LETTER
        )
    people = {"author": case.harmed, "recipient": case.responsible}
    by_staff = await intake.begin_message(service, case.staff, case.id, **people, kind=Kind.LETTER)
    with pytest.raises(NotFound):
        await upload.begin_upload(service, actor, by_staff, size=1, visitor=visitor)
    mine = await intake.begin_message(service, actor, case.id, **people, kind=Kind.LETTER)
    made = await upload.begin_upload(service, actor, mine, size=4, visitor=visitor)
    with pytest.raises(NotFound):
        await upload.append(service, case.staff, made, 0, chunked(b"hack"))
    with pytest.raises(NotAllowed):
        await upload.begin_upload(service, actor, mine, size=4)


async def test_put_in_again_begins_the_next_round(service: Service) -> None:
    """A rejected message takes a new original; the first stays, sealed."""
    case = await make_case(service)
    message = await put_in(service, case, Kind.LETTER, ("a.txt", b"words"))
    async with unit_of_work(service, case.staff) as unit:
        moved = await unit.move(await unit.message(message), Event.REJECT)
        unit.leaf("message.rejected", message=message, **moved)
    await intake.put_in_again(service, case.staff, message)
    with pytest.raises(BadInput, match="Nothing has been put in"):
        await intake.finish(service, case.staff, message)
    await intake.write_letter(service, case.staff, message, "better words")
    await intake.finish(service, case.staff, message)
    row = await message_of(service, message)
    assert (row.state, row.round, len(await keys_stored(service, "upload/"))) == (State.QUARANTINED, 2, 2)


async def test_a_replacement_supersedes_what_was_rejected(service: Service) -> None:
    """Rule 8: sending a replacement ends a message that came back."""
    case = await make_case(service)
    old = await put_in(service, case, Kind.LETTER, ("a.txt", b"words"))
    async with unit_of_work(service, case.staff) as unit:
        moved = await unit.move(await unit.message(old), Event.REJECT)
        unit.leaf("message.rejected", message=old, **moved)
    new = await intake.begin_message(
        service,
        case.staff,
        case.id,
        author=case.responsible,
        recipient=case.harmed,
        kind=Kind.LETTER,
        replaces=old,
    )
    await intake.write_letter(service, case.staff, new, "better")
    await intake.finish(service, case.staff, new)
    assert (await message_of(service, old)).state == State.SUPERSEDED


async def later(service: Service) -> None:
    """Two hours and eight days pass for what waits to be reaped."""
    async with reading(service) as conn:
        await conn.execute(text("update reap set at = at - interval '2 hours', after = after - interval '2 hours'"))
        await conn.execute(update(t.upload).values(expires_at=t.upload.c.expires_at - text("interval '8 days'")))


async def test_the_reaper_takes_what_nobody_owns(service: Service) -> None:
    """I5: dropped, expired and orphaned objects go; what was acknowledged and sent stays readable (I1)."""
    case = await make_case(service)
    sent = await put_in(service, case, Kind.LETTER, ("a.txt", b"words"))
    message = await begin(service, case)
    dropped = await upload.begin_upload(service, case.staff, message, size=4)
    await upload.append(service, case.staff, dropped, 0, chunked(b"drop"))
    await upload.drop_upload(service, case.staff, dropped)
    half = await upload.begin_upload(service, case.staff, message, size=10)
    await upload.append(service, case.staff, half, 0, chunked(b"half"))
    async with reading(service) as conn:
        await conn.execute(text("insert into reap (object_key) values ('revision/none/text')"))
    await service.objects.put("revision/none/text", b"half a product")
    assert (await reap(service)).objects == 1
    assert len(await keys_stored(service)) == 3
    await later(service)
    found = await reap(service)
    assert (found.uploads, len(await keys_stored(service))) == (1, 1)
    async with reading(service) as conn:
        kept = (await conn.execute(select(t.upload.c.id).where(t.upload.c.message_id == sent))).scalar_one()
        left = (await conn.execute(text("select count(*) from reap"))).scalar_one()
    assert (await read_back(service, kept), left) == (b"words", 0)
