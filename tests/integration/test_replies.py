"""A reply on paper finds its case by the code on its sheet (rule 20), and nobody learns of a case not theirs."""

from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core import packs
from exchange.core.errors import BadInput, NotAllowed, Refused
from exchange.core.model import FactKind, State
from exchange.steps import intake, release, replies, tasks
from exchange.store import ledger_read, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.message_pages import accepted
from tests.support.world import World, make_world

BACK = "Thank you. I have a question about the evening."


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def sent_out(world: World) -> tuple[UUID, str]:
    """A letter on paper: the message, and the code on its sheets."""
    message = await accepted(world)
    one = await release.print_pack(world.service, world.facilitator, message)
    p = t.printed_pack
    async with reading(world.service) as conn:
        return message, str((await conn.execute(select(p.c.code).where(p.c.release_id == one))).scalar_one())


async def waiting(world: World) -> list[tuple[UUID, UUID]]:
    """The tasks that say that a reply came in elsewhere: case and message."""
    k = t.task
    async with reading(world.service) as conn:
        found = await conn.execute(select(k.c.case_id, k.c.message_id).where(k.c.kind == replies.TASK))
        return [(row.case_id, row.message_id) for row in found]


async def messages(world: World) -> int:
    """How many messages there are."""
    async with reading(world.service) as conn:
        return len((await conn.execute(select(t.message.c.id))).all())


async def test_rule_20_a_reply_finds_its_case_and_goes_the_way_of_every_letter(world: World) -> None:
    """From the one who got the sheets to the one who wrote them, as the answer; then it is reviewed like any other."""
    message, code = await sent_out(world)
    begun = await replies.begin_reply(world.service, world.facilitator, code.lower().replace("-", " "))
    assert begun is not None
    row = await world.row(begun)
    assert (row.case_id, row.author_id, row.recipient_id) == (world.case, world.recipient, world.author)
    assert (row.answers_id, row.state, row.put_in_by) == (message, State.RECEIVING, world.facilitator.id)
    assert await replies.begin_reply(world.service, world.facilitator, code) == begun
    await intake.write_letter(world.service, world.facilitator, begun, BACK)
    await intake.finish(world.service, world.facilitator, begun)
    assert await world.state(begun) == State.QUARANTINED
    assert await replies.begin_reply(world.service, world.facilitator, code) != begun


async def test_rule_20_a_code_of_another_case_is_handed_to_its_team_and_not_shown(world: World) -> None:
    """One task however often it is tried; nothing is begun, and what is said is the same for every such case."""
    message, code = await sent_out(world)
    before = await messages(world)
    for _ in range(2):
        assert await replies.begin_reply(world.service, world.stranger, code) is None
    assert await waiting(world) == [(world.case, message)]
    assert await messages(world) == before
    async with reading(world.service) as conn:
        leaves = [entry.leaf for entry in await ledger_read.leaves(conn)]
    handed = [leaf for leaf in leaves if leaf["act"] == "reply.handed_on"]
    assert [(leaf["case"], leaf["actor"]["id"]) for leaf in handed] == [(str(world.case), str(world.stranger.id))]
    groups = await read.needs_you_now(world.service, world.facilitator)
    mine = [item for items in groups.values() for item in items if item.kind == replies.TASK]
    assert [item.message_id for item in mine] == [message]
    await tasks.finish_task(world.service, world.facilitator, mine[0].task_id)
    assert await replies.begin_reply(world.service, world.stranger, code) is None
    assert len(await waiting(world)) == 2


async def test_rule_20_a_slip_of_the_pen_or_a_guess_leads_nowhere(world: World) -> None:
    """A wrong character, and a code that fits its check but never went out, are said to be none of ours."""
    _, code = await sent_out(world)
    before = await messages(world)
    for wrong in (code[:-1] + ("2" if code[-1] != "2" else "3"), packs.new_code(), "C-22222", ""):
        with pytest.raises(BadInput) as refused:
            await replies.begin_reply(world.service, world.facilitator, wrong)
        assert refused.value.field == "code"
    assert (await messages(world), await waiting(world)) == (before, [])


async def test_rule_20_only_who_may_open_cases_finds_one_by_its_code(world: World) -> None:
    """An auditor and an administrator put nothing in; the gate is asked like for every letter."""
    _, code = await sent_out(world)
    for who in (world.auditor, world.administrator):
        with pytest.raises(NotAllowed):
            await replies.begin_reply(world.service, who, code)
    await world.fact(FactKind.HOLD, "on")
    before = await messages(world)
    with pytest.raises(Refused):
        await replies.begin_reply(world.service, world.facilitator, code)
    assert await messages(world) == before


async def test_rule_20_the_page_leads_from_the_code_to_the_pages(world: World, service: Service) -> None:
    """In the browser: to putting in scans; a wrong code stands at its field; a stranger is told what to do with it."""
    _, code = await sent_out(world)
    async with running_console(service) as console:
        fern, stranger = await console.as_(world.facilitator), await console.as_(world.stranger)
        status, _, where = await fern.send("/post", code=code)
        assert (status, where.endswith("/upload?what=scan")) == (303, True)
        assert (await fern.get(where))[0] == 200
        status, text, _ = await fern.send("/post", code="P-22222-22222")
        assert (status, "That is not a code of ours" in text) == (422, True)
        status, _, where = await stranger.send("/post", code=code)
        assert (status, where) == (303, "/post")
        _, text = await stranger.get("/post")
        assert "belongs to another team" in text
        assert (await (await console.as_(world.auditor)).get("/post"))[0] == 403
