"""A message in the wrong case: frozen at once, decided by a supervisor, moved without loss or taken away."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from exchange.core.erasures import moved_away
from exchange.core.errors import BadInput, Conflict, LinkDead, NotAllowed, NotFound, Refused
from exchange.core.model import FactKind, Given, Kind, Method, Role, State
from exchange.steps import bars, concern, consent, erase, hold, intake, misfiled, process, refiling, release, view
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Console, running_console
from tests.support.matrix import second_case
from tests.support.misfiled import WHY, moved, reference, words_of, work
from tests.support.roles import as_portal
from tests.support.staff import leaves
from tests.support.world import LETTER, World, make_world, staff

COOKIE = "M" * 42 + "A"


@pytest.fixture
async def world(service: Service) -> World:
    """The wrong case, in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def right(world: World) -> World:
    """The right case, of another team."""
    return await second_case(world)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The staff's site."""
    async with running_console(service) as running:
        yield running


async def test_what_is_reported_is_frozen_at_once(world: World) -> None:
    """Its link is dead, approval and consents are void, and a supervisor is asked; nobody needs to be on the team."""
    message, link = await world.released()
    visit = await world.visit(link, COOKIE)
    assert (await view.shelf(as_portal(world.service), visit)).parts
    with pytest.raises(BadInput):
        await misfiled.report(world.service, world.facilitator, message, reason=" ")
    one = await misfiled.report(world.service, world.facilitator, message, reason=WHY)
    assert await world.state(message) == State.CONCERN
    with pytest.raises((Refused, LinkDead, NotFound)):
        await view.shelf(as_portal(world.service), visit)
    async with reading(world.service) as conn:
        for table in (t.approval_current, t.share_current, t.receive_current, t.grant):
            assert (await conn.execute(select(table).where(table.c.message_id == message))).first() is None
        alive = select(t.link.c.id).where(t.link.c.message_id == message, t.link.c.state.in_(("live", "claimed")))
        assert (await conn.execute(alive)).first() is None
        kind = await conn.scalar(select(t.concern.c.kind).where(t.concern.c.id == one))
    assert kind == misfiled.KIND


async def test_it_is_told_who_has_seen_what_by_the_record(world: World) -> None:
    """Staff who looked, and the recipient who opened it; that this was asked stands in the record too."""
    message, link = await world.released()
    before = await misfiled.so_far(world.service, world.facilitator, message)
    assert not before.participants
    visit = await world.visit(link, COOKIE)
    shelf = await view.shelf(as_portal(world.service), visit)
    await view.open_for_visitor(as_portal(world.service), visit, shelf.parts[0].name)
    found = await misfiled.so_far(world.service, world.facilitator, message)
    assert found.participants
    assert "view.opened" in [entry.leaf["act"] for entry in found.entries]
    with pytest.raises(NotFound):
        await misfiled.so_far(world.service, world.stranger, message)
    assert json.loads((await leaves(world.service))[-1])["act"] == "record.read"


async def test_moved_it_lies_in_the_right_case_under_its_keys_and_is_gone_here(world: World, right: World) -> None:
    """The same bytes, sealed anew, to be reviewed from the beginning; the old one erased with a certificate."""
    service, old = world.service, await world.approved()
    one = await misfiled.report(service, world.facilitator, old, reason=WHY)
    new = await moved(world, right, one)
    assert (await world.state(old), await world.state(new)) == (State.CONCERN, State.RECEIVING)
    with pytest.raises(Conflict):
        await concern.end_concern(service, world.supervisor, one, outcome="continue", note="x")
    with pytest.raises(Refused):
        await intake.write_letter(service, right.facilitator, new, "Something else")
    assert await work(service) == [True]
    assert await words_of(service, new) == LETTER.encode()
    assert (await world.state(old), await world.state(new)) == (State.ERASED, State.QUARANTINED)
    await process.process_message(service, new)
    row = await world.row(new)
    assert (row.state, row.case_id, row.author_id) == (State.IN_REVIEW, right.case, right.author)
    async with reading(service) as conn:
        erased = (await conn.execute(select(t.erasure).where(t.erasure.c.message_id == old))).one()
        keys = (await conn.execute(select(t.upload.c.key_sealed).where(t.upload.c.message_id == old))).scalars().all()
        ended = (await conn.execute(select(t.concern).where(t.concern.c.id == one))).one()
    assert erased.objects > 0
    assert keys == [None]
    assert (ended.outcome, ended.ended_by) == ("moved", world.supervisor.id)
    assert await work(service) == []


async def test_the_record_of_each_case_names_nothing_of_the_other(world: World, right: World) -> None:
    """No leaf of the one case holds a person, a message or the id of the other."""
    one = await misfiled.report(world.service, world.facilitator, await world.letter(), reason=WHY)
    await moved(world, right, one)
    await work(world.service)
    told = [json.loads(leaf) for leaf in await leaves(world.service)]
    async with reading(world.service) as conn:
        rows = (await conn.execute(select(t.message.c.id, t.message.c.case_id))).all()
    of = {
        str(case): {str(case), *(str(row.id) for row in rows if row.case_id == case)}
        for case in (world.case, right.case)
    }
    of[str(world.case)] |= {str(world.author), str(world.recipient)}
    of[str(right.case)] |= {str(right.author), str(right.recipient)}
    for leaf in told:
        for case, others in ((world.case, of[str(right.case)]), (right.case, of[str(world.case)])):
            if leaf.get("case") == str(case):
                assert not others & set(re.findall(r"[0-9a-f-]{36}", json.dumps(leaf))), leaf
    assert [leaf["outcome"] for leaf in told if leaf["act"] == "misfiled.ended"] == ["moved", "moved"]
    assert len(moved_away(told)) == 1


async def test_under_the_wrong_person_it_moves_within_its_case(world: World) -> None:
    """And not to where it lies already."""
    one = await misfiled.report(world.service, world.facilitator, await world.letter(), reason=WHY)
    with pytest.raises(BadInput):
        await moved(world, world, one)
    with pytest.raises(BadInput):
        await moved(world, world, one, author=world.recipient, recipient=world.recipient)
    new = await moved(world, world, one, author=world.recipient, recipient=world.author)
    assert await work(world.service) == [True]
    row = await world.row(new)
    assert (row.author_id, row.recipient_id) == (world.recipient, world.author)


async def test_what_somebody_in_the_case_has_seen_is_decided_by_two(world: World, right: World) -> None:
    """The supervisor who reported it may not; another one may. What nobody saw one may decide alone."""
    service, boss = world.service, world.supervisor
    unseen = await misfiled.report(service, boss, await world.letter(), reason=WHY)
    await misfiled.remove(service, boss, unseen, reason=WHY)
    message, _ = await world.released()
    await release.revoke(service, world.facilitator, message)
    printed = await release.print_pack(service, world.facilitator, message)
    assert printed
    one = await misfiled.report(service, boss, message, reason=WHY)
    for act in (moved(world, right, one), misfiled.remove(service, boss, one, reason=WHY)):
        with pytest.raises(Refused, match="another supervisor"):
            await act
    assert await world.state(message) == State.CONCERN
    other = await staff(service, "aspen", Role.SUPERVISOR)
    await misfiled.remove(service, other, one, reason="Her sister knows of it.")
    assert await world.state(message) == State.ERASED
    async with reading(service) as conn:
        row = (await conn.execute(select(t.concern_note).where(t.concern_note.c.concern_id == one))).one()
        said = (await opener_of(service, conn, world.case)).open(row.text_sealed, "concern_note.text", row.id)
    assert (said, row.account_id) == ("Her sister knows of it.", other.id)


async def test_only_a_supervisor_decides_and_only_about_cases_they_may_see(world: World, right: World) -> None:
    """A reason is needed; a case that is barred or is not there is answered alike; nothing is changed by a refusal."""
    service = world.service
    message = await world.letter()
    one = await misfiled.report(service, world.facilitator, message, reason=WHY)
    there = {"reference": await reference(right), "author": right.author, "recipient": right.recipient}
    for who in (world.facilitator, world.auditor, world.administrator, world.stranger):
        with pytest.raises((NotAllowed, NotFound)):
            await misfiled.move(service, who, one, **there, reason=WHY)
        with pytest.raises((NotAllowed, NotFound)):
            await misfiled.remove(service, who, one, reason=WHY)
    with pytest.raises(BadInput):
        await moved(world, right, one, reason="")
    with pytest.raises(BadInput):
        await moved(world, right, one, author=world.author)
    with pytest.raises(BadInput) as nowhere:
        await moved(world, right, one, reference="C-22222")
    chief = await staff(service, "alder", Role.SUPERVISOR)
    await bars.set_bar(service, chief, right.case, world.supervisor.id, reason="A neighbour.")
    with pytest.raises(BadInput) as barred:
        await moved(world, right, one)
    assert str(nowhere.value) == str(barred.value)
    assert await world.state(message) == State.CONCERN
    async with reading(service) as conn:
        assert (await conn.execute(select(t.refiling))).first() is None


async def test_rule_10_nothing_is_moved_to_where_nothing_may_be_put_in(world: World, right: World) -> None:
    """Not prepared there: it stays frozen here, whole."""
    await right.fact(FactKind.PREPARATION, "not_done", right.author)
    message = await world.letter()
    one = await misfiled.report(world.service, world.facilitator, message, reason=WHY)
    with pytest.raises(Refused):
        await moved(world, right, one)
    assert await world.state(message) == State.CONCERN
    assert await words_of(world.service, message) == LETTER.encode()


async def test_a_legal_hold_keeps_it_where_it_is(world: World, right: World) -> None:
    """Neither removed nor erased after a copy: frozen until the hold is lifted, and then moved by itself."""
    service, message = world.service, await world.letter()
    one = await misfiled.report(service, world.facilitator, message, reason=WHY)
    new = await moved(world, right, one)
    await hold.place_hold(service, world.supervisor, world.case, "A claim")
    with pytest.raises(Refused):
        await work(service)
    assert (await world.state(message), await world.state(new)) == (State.CONCERN, State.RECEIVING)
    await hold.lift_hold(service, world.supervisor, world.case, "Over")
    assert await refiling.ask_again(service) == 0  # its job waits already
    assert await work(service) == [True]
    assert await words_of(service, new) == LETTER.encode()


async def test_a_move_is_called_off_by_erasing_what_was_begun(world: World, right: World) -> None:
    """The old one stays, frozen and whole, and is decided about again."""
    service, message = world.service, await world.letter()
    one = await misfiled.report(service, world.facilitator, message, reason=WHY)
    await erase.erase_message(service, world.supervisor, await moved(world, right, one))
    assert await work(service) == [False]
    assert await words_of(service, message) == LETTER.encode()
    new = await moved(world, right, one)
    assert await work(service) == [True]
    assert await words_of(service, new) == LETTER.encode()


async def test_what_was_dictated_is_read_back_there_too(world: World, right: World) -> None:
    """So that no letter is shared because of a move that its author never heard."""
    service = world.service
    message = await intake.begin_message(
        service, world.facilitator, world.case, author=world.author, recipient=world.recipient, kind=Kind.LETTER
    )
    await intake.write_letter(service, world.facilitator, message, "As she said it.", given=Given.PHONE)
    await intake.finish(service, world.facilitator, message)
    await process.process_message(service, message)
    one = await misfiled.report(service, world.facilitator, message, reason=WHY)
    new = await moved(world, right, one)
    await work(service)
    await process.process_message(service, new)
    await right.approve(new)
    said = Said(Method.PHONE, "share-2026-01")
    with pytest.raises(BadInput, match="read it back"):
        await consent.record(
            service, right.facilitator, right.author, consent.ConsentKind.SHARE, True, said,
            message_id=new, digest=await world.digest(new),
        )  # fmt: skip


async def test_the_pages_lead_from_the_report_to_the_move(world: World, right: World, console: Console) -> None:
    """A facilitator reports it; a supervisor finds the right case and its people, and decides."""
    service, message = world.service, await world.letter()
    lead, boss = await console.as_(world.facilitator), await console.as_(world.supervisor)
    _, page = await lead.get(f"/messages/{message}")
    assert f"/messages/{message}/misfiled" in page
    status, page = await lead.get(f"/messages/{message}/misfiled")
    assert "Nobody, by the record." in page
    assert (await lead.send(f"/messages/{message}/misfiled"))[0] == 422
    status, _, where = await lead.send(f"/messages/{message}/misfiled", reason=WHY)
    assert status == 303
    assert (await lead.get(f"{where}/misfiled"))[0] == 403
    _, page = await boss.get(where)
    assert "It lies in the wrong case" in page
    status, page = await boss.get(f"{where}/misfiled?reference=C-22222")
    assert (status, "There is no case of that reference which you may see." in page) == (422, True)
    asked = f"{where}/misfiled?reference={await reference(right)}"
    _, page = await boss.get(asked)
    assert "Othershort harmed" in page
    given = {"reference": await reference(right), "author": right.author, "recipient": right.recipient}
    assert (await boss.send(f"{where}/misfiled/move", asked, **given))[0] == 422
    assert (await boss.send(f"{where}/misfiled/move", asked, **given, reason=WHY))[2] == where
    assert await work(service) == [True]
    _, page = await boss.get(where)
    assert "Moved to where it belongs, and erased here" in page
