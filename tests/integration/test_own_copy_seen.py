"""What goes out in a copy is what was looked at, and tells of nobody else (rule 17)."""

import pytest
from sqlalchemy import select

from exchange.core.errors import BadInput, Conflict, Refused
from exchange.core.model import Channel, Side
from exchange.core.own_copy import Part
from exchange.steps import appeals, cases, own_copy, own_copy_making, review, setup
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.integration.test_own_copy import acts, everywhere, into, state_of, taken, words_of
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service)


async def test_what_changed_after_it_was_looked_at_is_in_no_copy(world: World) -> None:
    """Whenever it changes: before the answer, or while the worker is on its way. Then it is looked through again."""
    service, fern = world.service, world.facilitator
    needs = {"name": "Full name responsible", "form_of_name": "Form responsible", "custody": False}
    copy = await own_copy.prepare(service, fern, world.author)
    [details] = [one.row for one in (await own_copy.read(service, fern, copy)).items if one.row.part == Part.DETAILS]
    await own_copy.look_at(service, fern, copy, details.id)
    await cases.change_participant(service, fern, world.author, needs="Sits at 4 Elm Street", **needs)
    with pytest.raises(Conflict, match="changed"):
        await own_copy.decide(service, fern, copy, details.id, inside=True)
    await cases.change_participant(service, fern, world.author, needs="", **needs)
    for item in (await own_copy.read(service, fern, copy)).items:
        await into(world, copy, item.row.id)
    await own_copy.hand_on(service, fern, copy)
    await own_copy.approve(service, world.supervisor, copy, agreed=True)
    await cases.change_participant(service, fern, world.author, needs="Sits at 4 Elm Street", **needs)
    await own_copy_making.make(service, copy)
    row = await state_of(service, copy)
    assert (row.state, row.approved_by, row.checked_by, row.object_key) == ("open", None, None, None)
    again = (await own_copy.read(service, fern, copy)).items
    assert [one.row.part for one in again if one.row.inside is None] == [Part.DETAILS]
    k = t.task.c
    waits = select(k.kind, k.due_at).where(k.done_at.is_(None), k.kind.in_(own_copy_making.TASKS))
    async with reading(service) as conn:
        assert [tuple(one) for one in await conn.execute(waits)] == [("own_copy", row.due_at)]
    assert (await acts(world))[-1] == "own_copy.sent_back"
    with pytest.raises(Refused, match="Look at everything"):
        await own_copy.hand_on(service, fern, copy)
    with pytest.raises(Refused, match="Look at it first"):
        await own_copy.decide(service, fern, copy, details.id, inside=True)
    await into(world, copy, details.id)
    await own_copy.hand_on(service, fern, copy)
    await own_copy.approve(service, world.supervisor, copy, agreed=True)
    await own_copy_making.make(service, copy)
    assert (await state_of(service, copy)).state == "ready"


async def test_rule_17_no_line_of_a_copy_holds_a_name_or_address_of_another(world: World) -> None:
    """Nobody puts it in, and the worker looks again; what both share, and the fixed wordings, are no secret."""
    service, fern = world.service, world.facilitator
    reach = cases.SafeContact(Channel.PHONE, "01632 960 044")
    names = {"name": "Ivy Take Oakwood", "form_of_name": "Ivy"}
    third = await cases.add_participant(service, fern, world.case, side=Side.HARMED, contact=reach, **names)
    mine = {"name": "Full name responsible", "form_of_name": "Form responsible", "custody": False}
    copy = await own_copy.prepare(service, fern, world.author)
    items = {one.row.part: one.row.id for one in (await own_copy.read(service, fern, copy)).items}
    for words in ("Not beside Mrs Oakwood", "ring 01632 960-044 first", "Ask harmed@people.example"):
        await cases.change_participant(service, fern, world.author, needs=words, **mine)
        await own_copy.look_at(service, fern, copy, items[Part.DETAILS])
        with pytest.raises(BadInput, match="somebody else"):
            await own_copy.decide(service, fern, copy, items[Part.DETAILS], inside=True)
    await cases.change_participant(service, fern, world.author, needs="Ivy knows. Moss Lane", **mine)
    for item in items.values():
        await into(world, copy, item)
    await own_copy.hand_on(service, fern, copy)
    await own_copy.approve(service, world.supervisor, copy, agreed=True)
    moved = {"name": "Ivy Moss Oakwood", "form_of_name": "Ivy", "needs": "", "custody": False}
    await cases.change_participant(service, fern, third, **moved, knowing=True)
    await own_copy_making.make(service, copy)
    assert (await state_of(service, copy)).state == "open"


async def test_rule_17_the_reason_for_withholding_is_in_no_copy_but_the_words_that_were_told(world: World) -> None:
    """The reason is for staff and may say of whom they were afraid; not told yet, not even that it was withheld."""
    service, fern = world.service, world.facilitator
    message = await world.letter()
    digest = await world.digest(message)
    await review.withhold(service, fern, message, digest, reason="His sister Oakwood is afraid")
    assert b"afraid" not in everywhere(await taken(world, world.author))
    assert "withhold" not in str(words_of(await taken(world, world.author)))
    await appeals.tell(service, fern, message, words="It cannot be shared as it is.", means=Channel.PHONE)
    whole = await taken(world, world.author)
    assert b"afraid" not in everywhere(whole)
    [decided] = [piece["records"] for piece in words_of(whole) if piece["part"] == Part.DECISIONS]
    assert [one.get("decision") for one in decided] == ["withhold", "withheld"]
    assert decided[1]["reason"] == "It cannot be shared as it is."
