"""Replies that were scanned in one go find their cases by the codes on their sheets (rule 20), and nothing is lost."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select, text, update

from exchange.core import packs
from exchange.core.errors import BadInput, NotAllowed, NotFound, OnHold, Refused, TooLarge, Unreadable
from exchange.core.model import FactKind, State
from exchange.core.piles import MOST_BYTES, LeftOver
from exchange.steps import hold, pile_reading, pile_replies, piles, process, replies, upload
from exchange.store import ledger_read, read, reaper
from exchange.store import tables as t
from exchange.store.backup import dump
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.integration.test_print_pack import pressed
from tests.support import piles as scans
from tests.support import scanning
from tests.support.figures import say
from tests.support.many_pages import counting
from tests.support.matrix import second_case
from tests.support.staff import found
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service, and a case in which everything is recorded."""
    await found(service)
    return await make_world(service)


async def objects(world: World) -> set[str]:
    """What of piles lies in the store."""
    return {name async for name, _ in world.service.objects.list("pile/")}


async def leaves(world: World) -> list[dict[str, object]]:
    """The record, oldest first."""
    async with reading(world.service) as conn:
        return [dict(entry.leaf) for entry in await ledger_read.leaves(conn)]


async def tasks_of(world: World, kind: str) -> list[UUID]:
    """The open tasks of this kind, each by its case."""
    k = t.task
    async with reading(world.service) as conn:
        return list((await conn.execute(select(k.c.case_id).where(k.c.kind == kind, k.c.done_at.is_(None)))).scalars())


def unknown_sheet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    """A reply sheet with a code that fits its check and never went out from here."""
    monkeypatch.setattr("tests.integration.test_print_pack.CODE", packs.new_code())
    return scanning.sheet(pressed(folder / "unknown", "Dear you,"), 2)


async def test_rule_20_each_reply_of_a_scanned_pile_finds_its_case(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two packs of one's own, one of another's case, one that never went out, paper before and between them."""
    other = await second_case(world)
    first, _, mine = await scans.sheets(world, tmp_path)
    second, _, again = await scans.sheets(world, tmp_path)
    theirs, _, others = await scans.sheets(other, tmp_path)
    blank = scans.written()
    pages = [blank, mine[0], blank, mine[1], others[0], blank, unknown_sheet(tmp_path, monkeypatch), blank, again[0]]
    pile = await scans.put_in(world, [*pages, mine[0]])
    view = await piles.look(world.service, world.facilitator, pile)
    found = [(one.part.answers_id, one.part.why, one.part.pages, one.open, one.numbers) for one in view.parts]
    assert found == [
        (None, LeftOver.NO_CODE, 1, True, (1,)),
        (first, None, 3, True, (2, 3, 4)),
        (theirs, None, 2, False, ()),
        (None, LeftOver.UNKNOWN, 2, True, (7, 8)),
        (second, None, 1, True, (9,)),
        (first, LeftOver.AGAIN, 1, True, (10,)),
    ]
    say(f"{len(pages) + 1} pages at {scanning.DPI} dpi, turned by 1 to 3 degrees: every code read")
    assert [(one.reference, one.from_name) for one in view.parts if not one.open] == [("", "")]
    assert {one.reference for one in view.parts if one.part.answers_id == first} != {""}
    assert (view.parts[1].from_name, view.parts[1].to_name) == ("Form harmed", "Form responsible")
    assert await tasks_of(world, piles.TASK) == [other.case]
    assert [leaf["account"] for leaf in await leaves(world) if leaf["act"] == "reply.handed_on"] == [
        str(world.facilitator.id)
    ]


@pytest.mark.parametrize("tiff", ["group4", "jpeg", "tiff_lzw"])
async def test_rule_20_a_pile_in_one_tiff_is_taken_apart_as_one_in_a_pdf(
    world: World, tmp_path: Path, tiff: str
) -> None:
    """Black and white as fax and most office scanners send it, and in grey: every page there, every code read."""
    first, _, mine = await scans.sheets(world, tmp_path)
    second, _, again = await scans.sheets(world, tmp_path)
    data = scans.pile([mine[0], scans.written(), mine[1], again[0]], tiff=tiff)
    pile = await piles.put_in(world.service, world.facilitator, data, "post room.tif")
    await pile_reading.read_pile(world.service, pile)
    view = await piles.look(world.service, world.facilitator, pile)
    assert [(one.part.answers_id, one.part.pages) for one in view.parts] == [(first, 3), (second, 1)]
    begun = await pile_replies.put_in(world.service, world.facilitator, pile, view.parts[0].part.id)
    await process.process_message(world.service, begun)
    assert await world.state(begun) == State.IN_REVIEW


async def test_rule_20_a_scanned_reply_goes_the_way_of_every_letter(world: World, tmp_path: Path) -> None:
    """From who got the sheets to who wrote to them, as the answer; quarantined, made safe, then to be reviewed."""
    message, _, sheets = await scans.sheets(world, tmp_path)
    pile = await scans.put_in(world, [sheets[0], scans.written(), sheets[1]])
    (part,) = (await piles.look(world.service, world.facilitator, pile)).parts
    begun = await pile_replies.put_in(world.service, world.facilitator, pile, part.part.id)
    row = await world.row(begun)
    assert (row.case_id, row.author_id, row.recipient_id) == (world.case, world.recipient, world.author)
    assert (row.answers_id, row.state, row.put_in_by) == (message, State.QUARANTINED, world.facilitator.id)
    await process.process_message(world.service, begun)
    assert await world.state(begun) == State.IN_REVIEW
    async with reading(world.service) as conn:
        query = select(t.part.c.name).join(t.revision).where(t.revision.c.message_id == begun)
        names = set((await conn.execute(query.where(t.part.c.name.like("page-%")))).scalars())
    assert names == {"page-001", "page-002", "page-003"}
    acts = [leaf["act"] for leaf in await leaves(world)]
    assert acts.index("pile.put_in") < acts.index("pile.read") < acts.index("pile.reply_put_in")
    with pytest.raises(NotFound):
        await piles.look(world.service, world.facilitator, pile)
    await reaper.reap(world.service)
    assert await objects(world) == set()


async def test_rule_20_nobody_sees_a_page_of_a_case_that_is_not_theirs(world: World, tmp_path: Path) -> None:
    """Whoever scanned another team's reply neither opens, puts in nor throws away; that team does, and only that."""
    other = await second_case(world)
    answered, code, sheets = await scans.sheets(other, tmp_path)
    pile = await scans.put_in(world, [sheets[0], scans.written()])
    service, scanner, team = world.service, world.facilitator, other.facilitator
    (part,) = (await piles.look(service, scanner, pile)).parts
    for who, error in ((scanner, NotFound), (world.supervisor, NotFound), (world.auditor, NotAllowed)):
        for act in (
            piles.open_page(service, who, pile, part.part.id, 1),
            pile_replies.put_in(service, who, pile, part.part.id),
            pile_replies.assign(service, who, pile, part.part.id, code),
            piles.throw_away(service, who, pile, part.part.id),
        ):
            with pytest.raises(error):
                await act
    for who in (world.second, world.supervisor):
        with pytest.raises(NotFound):
            await piles.look(service, who, pile)
        assert await piles.all_of(service, who) == []
    groups = await read.needs_you_now(service, team)
    assert [item.message_id for items in groups.values() for item in items if item.kind == piles.TASK] == [answered]
    view = await piles.look(service, team, pile)
    assert (view.mine, view.name, [one.numbers for one in view.parts]) == (False, "", [(1, 2)])
    assert (await piles.open_page(service, team, pile, part.part.id, 2))[:2] == b"\xff\xd8"
    opened = [leaf for leaf in await leaves(world) if leaf["act"] == "pile.opened"]
    assert [(leaf["case"], leaf["page"]) for leaf in opened] == [(str(other.case), 2)]
    begun = await pile_replies.put_in(service, team, pile, part.part.id)
    assert (await other.row(begun)).case_id == other.case
    assert await tasks_of(world, piles.TASK) == []


async def test_rule_20_another_teams_pages_open_with_its_key_and_no_other(world: World, tmp_path: Path) -> None:
    """The key of what was found to be a reply is sealed to its case, not to the service."""
    other = await second_case(world)
    _, _, sheets = await scans.sheets(other, tmp_path)
    await scans.put_in(world, [sheets[0]])
    async with reading(world.service) as conn:
        part = (await conn.execute(select(t.pile_part))).one()
        for wrong in (world.case, None):
            with pytest.raises(Unreadable):
                await piles.key_of(world.service, conn, SimpleNamespace(**{**part._mapping, "case_id": wrong}))


async def test_rule_20_left_over_pages_find_their_case_by_the_code_typed_from_the_sheet(
    world: World, tmp_path: Path
) -> None:
    """One's own are then put in like the others; another team's are that team's from there on."""
    other = await second_case(world)
    message, code, _ = await scans.sheets(world, tmp_path)
    _, foreign, _ = await scans.sheets(other, tmp_path)
    service, who = world.service, world.facilitator
    pile = await scans.put_in(world, [scans.written()])
    (part,) = (await piles.look(service, who, pile)).parts
    with pytest.raises(BadInput):
        await pile_replies.put_in(service, who, pile, part.part.id)
    for wrong in ("", "P-22222-22222", packs.new_code()):
        with pytest.raises(BadInput) as refused:
            await pile_replies.assign(service, who, pile, part.part.id, wrong)
        assert refused.value.field == "code"
    assert await pile_replies.assign(service, who, pile, part.part.id, code.lower())
    begun = await pile_replies.put_in(service, who, pile, part.part.id)
    assert (await world.row(begun)).answers_id == message
    pile = await scans.put_in(world, [scans.written()])
    (part,) = (await piles.look(service, who, pile)).parts
    assert not await pile_replies.assign(service, who, pile, part.part.id, foreign)
    with pytest.raises(NotFound):
        await piles.open_page(service, who, pile, part.part.id, 1)
    assert await tasks_of(world, piles.TASK) == [other.case]


async def test_rule_10_the_gate_is_asked_and_what_it_refuses_stays_in_the_pile(world: World, tmp_path: Path) -> None:
    """Under a safeguarding hold nothing is put in; no message is begun, and the pages wait."""
    _, _, sheets = await scans.sheets(world, tmp_path)
    pile = await scans.put_in(world, [sheets[0]])
    (part,) = (await piles.look(world.service, world.facilitator, pile)).parts
    await world.fact(FactKind.HOLD, "on")
    async with reading(world.service) as conn:
        before = len((await conn.execute(select(t.message.c.id))).all())
    with pytest.raises(Refused):
        await pile_replies.put_in(world.service, world.facilitator, pile, part.part.id)
    async with reading(world.service) as conn:
        assert len((await conn.execute(select(t.message.c.id))).all()) == before
    assert len((await piles.look(world.service, world.facilitator, pile)).parts) == 1


async def test_a_break_while_a_reply_is_put_in_loses_no_page_and_doubles_none(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes on begins with the same message and all pages; a second one at the same time changes nothing."""
    _, _, sheets = await scans.sheets(world, tmp_path)
    service, who = world.service, world.facilitator
    pile = await scans.put_in(world, [sheets[0], scans.written(), sheets[1]])
    (part,) = (await piles.look(service, who, pile)).parts
    taken, whole = [], upload.append

    async def breaks(*given: object, **named: object) -> int:
        taken.append(given)
        if len(taken) == 2:
            raise ConnectionError
        return await whole(*given, **named)

    monkeypatch.setattr(upload, "append", breaks)
    with pytest.raises(ConnectionError):
        await pile_replies.put_in(service, who, pile, part.part.id)
    async with reading(service) as conn:
        (begun,) = (await conn.execute(select(t.pile_part.c.message_id))).scalars()
    assert await world.state(begun) == State.RECEIVING
    assert await pile_replies.put_in(service, world.second, pile, part.part.id) == begun
    async with reading(service) as conn:
        u = t.upload
        there = (await conn.execute(select(u.c.position).where(u.c.message_id == begun, u.c.state != "gone"))).all()
    assert sorted(row.position for row in there) == [0, 1, 2]
    with pytest.raises(NotFound):
        await pile_replies.put_in(service, who, pile, part.part.id)


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (b"%PDF-1.7\n" + b"\x00garbage" * 400 + b"\n%%EOF\n", "pile.pdf", "damaged"),
        (b"MZ" + b"\x90" * 4000, "pile.pdf", "disguised"),
        (b"Dear you, this is a text.\n" * 40, "pile.txt", "wrong_type"),
    ],
    ids=["damaged", "program", "text"],
)
async def test_a_hostile_pile_is_refused_with_a_sentence_and_stays_sealed(
    world: World, body: bytes, name: str, code: str
) -> None:
    """Nothing of it is opened outside of the sandbox; it is there as it came until its owner throws it away."""
    service, who = world.service, world.facilitator
    pile = await piles.put_in(service, who, body, name)
    await pile_reading.read_pile(service, pile)
    view = await piles.look(service, who, pile)
    assert (view.pile.state, view.pile.refused_code, view.name, view.parts) == ("refused", code, name, [])
    (stored,) = await objects(world)
    assert body[:64] not in await service.objects.get(stored, 0, await service.objects.size(stored))
    for other in (world.second, world.stranger):
        with pytest.raises(NotFound):
            await piles.throw_file_away(service, other, pile)
    await piles.throw_file_away(service, who, pile)
    await reaper.reap(service)
    assert await objects(world) == set()


async def test_an_empty_or_too_large_pile_is_not_taken(world: World) -> None:
    """Nor one from somebody who may put nothing in; nothing is kept of it."""
    service, who = world.service, world.facilitator
    with pytest.raises(BadInput):
        await piles.put_in(service, who, b"", "x.pdf")
    with pytest.raises(TooLarge):
        await piles.put_in(service, who, bytes(MOST_BYTES + 1), "x.pdf")
    for other in (world.auditor, world.administrator):
        with pytest.raises(NotAllowed):
            await piles.put_in(service, other, b"%PDF-", "x.pdf")
    assert await objects(world) == set()


async def test_nothing_of_a_pile_is_lost_by_itself_and_all_of_it_goes_when_it_was_decided(
    world: World, tmp_path: Path
) -> None:
    """Reaper and search for orphans leave it; a backup has it; thrown away to the last page nothing of it is there."""
    _, _, sheets = await scans.sheets(world, tmp_path)
    service, who = world.service, world.facilitator
    pile = await scans.put_in(world, [scans.written(), sheets[0]])
    stored = await objects(world)
    assert len(stored) == 3
    assert await reaper.find_orphans(service) == 0
    async with reading(service) as conn:
        await conn.execute(text("update reap set after = now()"))
        backed_up = set((await conn.execute(text(dump._OBJECTS))).scalars())
    await reaper.reap(service)
    assert await objects(world) == stored
    assert stored <= backed_up
    for one in (await piles.look(service, who, pile)).parts:
        await piles.throw_away(service, who, pile, one.part.id)
        with pytest.raises(NotFound):
            await piles.throw_away(service, who, pile, one.part.id)
    await reaper.reap(service)
    assert await objects(world) == set()
    async with reading(service) as conn:
        assert not stored & set((await conn.execute(text(dump._OBJECTS))).scalars())
        gone = (await conn.execute(select(t.pile))).one()
    assert (gone.state, gone.key_sealed, gone.name_sealed) == ("gone", None, None)


async def test_what_nobody_decided_about_is_late_then_thrown_away_and_the_team_told_to_collect_the_paper(
    world: World, tmp_path: Path
) -> None:
    """On its owner's list from the first day, late after 30, gone after 37; not what is of a case on legal hold."""
    other = await second_case(world)
    service, who = world.service, world.facilitator
    _, _, mine = await scans.sheets(world, tmp_path)
    _, _, theirs = await scans.sheets(other, tmp_path)
    pile = await scans.put_in(world, [mine[0], theirs[0]])

    async def aged(days: int) -> list[bool]:
        async with reading(service) as conn:
            await conn.execute(update(t.pile).values(at=text(f"now() - interval '{days} days'")))
        groups = await read.needs_you_now(service, who)
        return [item.overdue for items in groups.values() for item in items if item.kind == read.PILE]

    assert [await aged(days) for days in (0, 29, 31)] == [[False], [False], [True]]
    assert await piles.run_out(service) == 0
    await aged(38)
    await hold.place_hold(service, world.supervisor, world.case, "A court asked for it.")
    part = (await piles.look(service, who, pile)).parts[0]
    with pytest.raises(OnHold):
        await piles.throw_away(service, who, pile, part.part.id)
    await piles.run_out(service)
    assert [one.part.id for one in (await piles.look(service, who, pile)).parts] == [part.part.id]
    assert (await tasks_of(world, piles.TASK), await tasks_of(world, replies.TASK)) == ([], [other.case])
    await hold.lift_hold(service, world.supervisor, world.case, "It is over.")
    await piles.run_out(service)
    await reaper.reap(service)
    assert await objects(world) == set()


async def test_a_pile_asks_the_database_as_often_however_many_replies_it_has(world: World, tmp_path: Path) -> None:
    """Who may see what is looked up for all of them at once."""
    packs_ = [await scans.sheets(world, tmp_path) for _ in range(4)]
    few = await scans.put_in(world, [packs_[0][2][0]])
    many = await scans.put_in(world, [*(one[2][0] for one in packs_), scans.written()])
    asked = []
    for pile in (few, many):
        with counting(world.service) as sent:
            await piles.look(world.service, world.facilitator, pile)
        asked.append(len(sent))
    assert asked[0] == asked[1] <= 12


async def test_a_pile_that_two_workers_read_is_there_once(world: World, tmp_path: Path) -> None:
    """The second finds it read; what it had sealed is reaped."""
    _, _, sheets = await scans.sheets(world, tmp_path)
    pile = await scans.put_in(world, [sheets[0]], read=False)
    await asyncio.gather(*(pile_reading.read_pile(world.service, pile) for _ in range(2)))
    assert len((await piles.look(world.service, world.facilitator, pile)).parts) == 1
    async with reading(world.service) as conn:
        await conn.execute(text("update reap set after = now()"))
    await reaper.reap(world.service)
    assert len(await objects(world)) == 2
    assert await pile_reading.ask_again(world.service) == 0
