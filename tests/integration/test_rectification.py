"""Somebody says that something about them is wrong: kept with the case, answered within a month."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound
from exchange.steps import erase, rectification
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def open_tasks(world: World) -> list[timedelta]:
    """How long there is for each task to answer somebody."""
    k = t.task
    mine = (k.c.case_id == world.case, k.c.kind == rectification.TASK, k.c.done_at.is_(None))
    async with reading(world.service) as conn:
        return [row.due_at - row.at for row in await conn.execute(select(k.c.due_at, k.c.at).where(*mine))]


async def test_a_request_is_answered_once_and_kept_with_the_case(world: World) -> None:
    """A task of a month for the team; put right or a note beside it; erased with the case; no words in the record."""
    service, fern = world.service, world.facilitator
    with pytest.raises(BadInput):
        await rectification.ask(service, fern, world.author, "details", " ")
    for other, error in ((world.stranger, NotFound), (world.supervisor, NotAllowed)):
        with pytest.raises(error):
            await rectification.ask(service, other, world.author, "details", "One l.")
    first = await rectification.ask(service, fern, world.author, "details", "My name has one l.")
    second = await rectification.ask(service, fern, world.author, "message", "I never said that.")
    assert await open_tasks(world) == [rectification.MONTH] * 2
    with pytest.raises(BadInput):
        await rectification.answer(service, fern, first, "corrected", "")
    await rectification.answer(service, fern, first, "corrected", "It has one l now.")
    assert len(await open_tasks(world)) == 2
    await rectification.answer(service, world.second, second, "note", "We hear it in the recording.")
    assert await open_tasks(world) == []
    with pytest.raises(Conflict):
        await rectification.answer(service, fern, second, "corrected", "Another answer.")
    found = await rectification.of_person(service, fern, world.author)
    assert [(one.said, one.row.outcome, one.answer) for one in found] == [
        ("I never said that.", "note", "We hear it in the recording."),
        ("My name has one l.", "corrected", "It has one l now."),
    ]
    await erase.erase_case(service, world.supervisor, world.case)
    async with reading(service) as conn:
        rows = list(await conn.execute(select(t.rectification)))
        leaves = (await conn.execute(text("select string_agg(leaf, ' ') from public.ledger_leaf"))).scalar_one()
    assert {(row.said_sealed, row.answer_sealed) for row in rows} == {(None, None)}
    assert {row.outcome for row in rows} == {"note", "corrected"}
    assert "one l" not in leaves
    assert leaves.count("rectification.answered") == 2


async def test_by_the_pages_and_by_the_api(world: World) -> None:
    """Written down, answered, shown; one of somebody else's page is not there."""
    place = f"/people/{world.author}/corrections"
    async with running_api(world.service) as api:
        fern = await api.console.as_(world.facilitator)
        assert (await fern.send(place, about="details", said=""))[0] == 422
        assert (await fern.send(place, about="details", said="My name has one l."))[0] == 303
        caller = await api.as_(world.facilitator)
        listed = f"/participants/{world.author}/corrections"
        [one] = (await caller.get(listed))["corrections"]
        assert (one["said"], one["outcome"]) == ("My name has one l.", None)
        elsewhere = f"/people/{world.recipient}/corrections/{one['id']}"
        assert (await fern.get(elsewhere))[0] == 404
        assert (await fern.send(elsewhere, place, outcome="note", words="No."))[0] == 404
        status, _, where = await fern.send(f"{place}/{one['id']}", outcome="corrected", words="One l now.")
        assert (status, where) == (303, place)
        assert "One l now." in (await fern.get(place))[1]
        made = await caller.do("POST", listed, {"about": "other", "said": "And another."})
        await caller.do("POST", f"/corrections/{UUID(made['id'])}/answer", {"outcome": "note", "words": "Kept."})
        assert (
            await caller.ask("POST", f"/corrections/{made['id']}/answer", {"outcome": "x", "words": "y"})
        ).status == 422
        assert [found["outcome"] for found in (await caller.get(listed))["corrections"]] == ["note", "corrected"]
