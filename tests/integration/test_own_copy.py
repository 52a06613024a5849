"""A copy of what is held about one person: all of theirs, nothing of anybody else's; looked through, approved, once."""

import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from exchange.core.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    ObjectMissing,
    RecordNotSigned,
    Refused,
    StepUpNeeded,
)
from exchange.core.links import new_secret
from exchange.core.model import Actor, Channel
from exchange.core.own_copy import Part
from exchange.core.referrals import FIELDS, Known, Source, whose
from exchange.core.referrals import OWN as OWN_ANSWERS
from exchange.steps import (
    cases,
    erase,
    links,
    offer,
    own_copy,
    own_copy_making,
    rectification,
    release,
    setup,
    tasks,
    view,
    wording,
)
from exchange.store import read, reaper
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.own_copy import FOREIGN, OWN, plant
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service)


async def prepared(world: World, person: UUID) -> UUID:
    """A copy of which everything on the list is in, handed on to a second person."""
    copy = await own_copy.prepare(world.service, world.facilitator, person)
    for item in (await own_copy.read(world.service, world.facilitator, copy)).items:
        await into(world, copy, item.row.id)
    await own_copy.hand_on(world.service, world.facilitator, copy)
    return copy


async def into(world: World, copy: UUID, item: UUID, by: Actor | None = None) -> None:
    """Looked at, and in."""
    who = by or world.facilitator
    await own_copy.look_at(world.service, who, copy, item)
    await own_copy.decide(world.service, who, copy, item, inside=True)


async def made(world: World, person: UUID) -> UUID:
    """A copy that was approved by the supervisor and made by a worker."""
    copy = await prepared(world, person)
    await own_copy.approve(world.service, world.supervisor, copy, agreed=True)
    await own_copy_making.make(world.service, copy)
    return copy


async def taken(world: World, person: UUID) -> bytes:
    """The whole ZIP."""
    handed = await own_copy.hand_out(world.service, world.facilitator, await made(world, person))
    whole = b"".join([bytes(run) async for run in handed.bytes])
    assert len(whole) == handed.size
    return whole


def opened(whole: bytes) -> dict[str, bytes]:
    """Every file of the ZIP by its path."""
    with zipfile.ZipFile(io.BytesIO(whole)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def everywhere(whole: bytes) -> bytes:
    """All bytes of a copy: the archive as it is, its names, and what is in it."""
    return whole + b"".join(name.encode() + data for name, data in opened(whole).items())


async def state_of(service: Service, copy: UUID) -> Any:
    """The copy's row."""
    async with reading(service) as conn:
        return (await conn.execute(select(t.own_copy).where(t.own_copy.c.id == copy))).one()


async def test_rule_5_a_copy_holds_all_of_one_person_and_nothing_of_anybody_else(world: World, tmp_path: Path) -> None:
    """Show 5: every marker of theirs is there; of the other person, staff's own words, other cases there are none.

    Searched in the archive's bytes, its names, and every file in it; the recording comes back byte for byte.
    """
    here = await plant(world, tmp_path)
    whole = await taken(here, here.author)
    found = everywhere(whole)
    assert {mark for mark in OWN if mark.encode() not in found} == set()
    assert [mark for mark in FOREIGN if mark in found] == []
    files = opened(whole)
    given = [data for name, data in files.items() if name.endswith("as-given-1.wav")]
    assert given == [(tmp_path / "OWN-file-OWN.wav").read_bytes()]
    for one in ("take-part-2026-01", "share-2026-01"):
        assert wording.wording(one).paragraphs[0] in html.unescape(files["index.html"].decode())
    assert not re.search(rb"(?i)<script|<link|<img|https?://", files["index.html"])
    assert await acts(here) == [
        "own_copy.prepared", "own_copy.looked_at", "own_copy.decided", "own_copy.checked", "own_copy.approved",
        "own_copy.made", "own_copy.handed_out",
    ]  # fmt: skip
    other = everywhere(await taken(here, here.recipient))
    assert b"OWN-" not in other
    assert all(mark in other for mark in (b"FOREIGN-letter", b"FOREIGN-told", b"FOREIGN-needs", b"FOREIGN-address"))


async def test_rule_4_a_copy_says_nothing_of_what_the_other_person_did(world: World) -> None:
    """Whether something was offered, accepted, opened: the author's copies before and after differ in no word."""
    service = world.service
    message = await world.shared("A letter.\n")
    before = words_of(await taken(world, world.author))
    terms = offer.Terms("A letter.", Channel.PHONE)
    await offer.make_offer(service, world.facilitator, message, terms)
    await world.accept(message)
    shown = await release.present(service, world.facilitator, message, who_is_there="Both")
    found = await view.open_for_staff(service, world.facilitator, message, "text", release=shown)
    assert [bytes(run) async for run in found.reader.range(0, found.reader.size)]
    assert words_of(await taken(world, world.author)) == before


async def acts(world: World) -> list[str]:
    """What the record says of copies, each word once."""
    said = "select leaf::jsonb ->> 'act' from public.ledger_leaf where leaf like '%own_copy.%' order by index"
    async with reading(world.service) as conn:
        return list(dict.fromkeys((await conn.execute(text(said))).scalars()))


def words_of(whole: bytes) -> list[Any]:
    """The pieces of a copy, without the list of who opened what for a copy."""
    found = json.loads(opened(whole)["everything.json"])
    return [piece for piece in found["pieces"] if piece["part"] != Part.LINKS]


async def test_who_opened_what_is_told_by_role(world: World) -> None:
    """The team read it for review, the author looked at the preview: times and roles, no names."""
    message = await world.approved()
    found = await view.open_for_staff(world.service, world.facilitator, message, "text")
    assert found.part.name == "text"
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    await view.open_for_visitor(world.service, await world.visit(link, new_secret()), "text")
    await cases.read_code(world.service, world.second, world.author)
    pieces = json.loads(opened(await taken(world, world.author))["everything.json"])["pieces"]
    [listed] = [piece["records"] for piece in pieces if piece["part"] == Part.OPENED]
    assert [(line["who"], line["what"]) for line in listed] == [
        ("facilitator", "review"), ("you", "preview"), ("facilitator", "code"),
    ]  # fmt: skip


async def test_everything_is_looked_at_and_what_is_left_out_has_a_reason(world: World) -> None:
    """No handing on before; left out means not one byte of it; the copy says how much was left out."""
    service, fern = world.service, world.facilitator
    await world.letter("OWN-letter\n")
    copy = await own_copy.prepare(service, fern, world.author)
    with pytest.raises(Refused, match="Look at everything"):
        await own_copy.hand_on(service, fern, copy)
    for item in (await own_copy.read(service, fern, copy)).items:
        inside = item.row.part not in (Part.ORIGINAL, Part.VERSION)
        if not inside:
            with pytest.raises(BadInput, match="why"):
                await own_copy.decide(service, fern, copy, item.row.id, inside=False)
        else:
            with pytest.raises(Refused, match="Look at it first"):
                await own_copy.decide(service, fern, copy, item.row.id, inside=True)
            await own_copy.look_at(service, fern, copy, item.row.id)
        await own_copy.decide(service, fern, copy, item.row.id, inside=inside, reason="" if inside else "A child.")
    await own_copy.hand_on(service, fern, copy)
    await own_copy.approve(service, world.supervisor, copy, agreed=True)
    await own_copy_making.make(service, copy)
    handed = await own_copy.hand_out(service, fern, copy)
    found = everywhere(b"".join([bytes(run) async for run in handed.bytes]))
    assert b"OWN-letter" not in found
    assert b"A child." not in found
    assert b"2 things on our list are not in this copy" in found


async def test_a_second_person_approves_with_a_fresh_factor(world: World) -> None:
    """Neither who prepared it nor who decided about anything on it; sent back it is looked through again."""
    service, fern, sage = world.service, world.facilitator, world.second
    copy = await prepared(world, world.author)
    with pytest.raises(Refused, match="Somebody else"):
        await own_copy.approve(service, fern, copy, agreed=True)
    with pytest.raises(StepUpNeeded):
        await own_copy.approve(service, replace(sage, stepped_up=False), copy, agreed=True)
    with pytest.raises(NotFound):
        await own_copy.approve(service, world.stranger, copy, agreed=True)
    await own_copy.approve(service, sage, copy, agreed=False)
    [first, *_] = (await own_copy.read(service, sage, copy)).items
    await into(world, copy, first.row.id, sage)
    await own_copy.hand_on(service, fern, copy)
    with pytest.raises(Refused, match="Somebody else"):
        await own_copy.approve(service, sage, copy, agreed=True)
    assert (await state_of(service, copy)).state == "checked"
    await own_copy.approve(service, world.supervisor, copy, agreed=True)
    assert (await state_of(service, copy)).state == "approved"


async def test_a_copy_is_handed_out_once_and_its_key_is_gone(world: World) -> None:
    """With a fresh second factor, by the team only; afterwards nothing opens the object, and the reaper takes it.

    A supervisor outside the team sees the list, not what is in it.
    """
    service, fern = world.service, world.facilitator
    copy = await made(world, world.author)
    listed = await own_copy.read(service, world.supervisor, copy)
    assert (listed.inside, len(listed.items) > 3) == (False, True)
    for denied in (
        own_copy.look_at(service, world.supervisor, copy, listed.items[0].row.id),
        own_copy.hand_out(service, world.supervisor, copy),
    ):
        with pytest.raises(NotAllowed):
            await denied
    with pytest.raises(StepUpNeeded):
        await own_copy.hand_out(service, replace(fern, stepped_up=False), copy)
    unsigned = replace(service, settings=service.settings.model_copy(update={"checkpoint_stop_seconds": -1}))
    for stopped in (
        own_copy.look_at(unsigned, fern, copy, listed.items[0].row.id),
        own_copy.hand_out(unsigned, fern, copy),
    ):
        with pytest.raises(RecordNotSigned):
            await stopped
    handed = await own_copy.hand_out(service, fern, copy)
    row = await state_of(service, copy)
    assert (row.state, row.key_sealed, row.handed_by) == ("handed_out", None, fern.id)
    await reaper.reap(service)
    assert len(b"".join([bytes(run) async for run in handed.bytes])) == handed.size
    with pytest.raises(Conflict):
        await own_copy.hand_out(service, fern, copy)
    async with reading(service) as conn:
        await conn.execute(update(t.reap).values(after=func.now() - timedelta(seconds=1)))
    await reaper.reap(service)
    with pytest.raises(ObjectMissing):
        await service.objects.get(row.object_key)


async def test_a_copy_that_nobody_took_is_gone_after_seven_days(world: World) -> None:
    """By the database's clock; the nightly look for orphans leaves it alone until then."""
    service = world.service
    copy = await made(world, world.author)
    await reaper.find_orphans(service)
    await reaper.reap(service)
    assert await own_copy_making.run_out(service) == 0
    async with reading(service) as conn:
        await conn.execute(update(t.own_copy).values(until=func.now() - timedelta(seconds=1)))
    with pytest.raises(Conflict):
        await own_copy.hand_out(service, world.facilitator, copy)
    assert await own_copy_making.run_out(service) == 1
    assert (await state_of(service, copy)).key_sealed is None


async def waits(world: World, who: Actor) -> set[tuple[str, bool]]:
    """What "Needs you now" shows somebody about the author, and whether it says late."""
    found = await read.needs_you_now(world.service, who)
    return {(one.kind, one.overdue) for group in found.values() for one in group if one.participant_id == world.author}


async def test_rule_25_a_request_with_a_month_waits_in_sight_from_the_first_day(world: World) -> None:
    """Late only on its date; nobody ticks it off; approved it waits for the worker, and not fetched it comes back."""
    service, fern, rowan = world.service, world.facilitator, world.supervisor
    k, c = t.task, t.own_copy
    await rectification.ask(service, fern, world.author, "details", "My name has one l.")
    first = await own_copy.prepare(service, fern, world.author)
    assert await waits(world, fern) == {("rectification", False), ("own_copy", False)}
    async with reading(service) as conn:
        found = (await conn.execute(select(k.c.id))).scalars().all()
        await conn.execute(update(k).values(due_at=func.now() - timedelta(seconds=1)))
    for task in found:
        with pytest.raises(Refused):
            await tasks.finish_task(service, fern, task)
    assert await waits(world, fern) == {("rectification", True), ("own_copy", True)}
    await own_copy.drop(service, fern, first)
    second = await prepared(world, world.author)
    assert await waits(world, rowan) == {("decide_own_copy", False)}
    await own_copy.approve(service, rowan, second, agreed=True)
    assert (await waits(world, rowan), await waits(world, fern)) == (set(), {("rectification", True)})
    await own_copy_making.make(service, second)
    assert await waits(world, fern) == {("rectification", True), ("copy_ready", False)}
    async with reading(service) as conn:
        ready = (await conn.execute(select(k.c.id).where(k.c.kind == "copy_ready"))).scalar_one()
        await conn.execute(update(c).where(c.c.id == second).values(until=func.now() - timedelta(seconds=1)))
    with pytest.raises(Refused):
        await tasks.finish_task(service, fern, ready)
    assert await own_copy_making.run_out(service) == 1
    assert await waits(world, fern) == {("rectification", True), ("copy_gone", False)}
    await own_copy.prepare(service, fern, world.author)
    assert await waits(world, fern) == {("rectification", True), ("own_copy", False)}


async def test_erasing_a_message_takes_the_copies_that_hold_it(world: World) -> None:
    """What was erased does not live on in a copy: its key is destroyed, the reasons on the list too."""
    service, fern = world.service, world.facilitator
    message = await world.letter()
    copy = await made(world, world.author)
    await erase.erase_message(service, world.supervisor, message)
    row = await state_of(service, copy)
    assert (row.state, row.key_sealed) == ("gone", None)
    with pytest.raises(Conflict):
        await own_copy.hand_out(service, fern, copy)
    again = await own_copy.prepare(service, fern, world.author)
    parts = {item.row.part for item in (await own_copy.read(service, fern, again)).items}
    assert not parts & {Part.ORIGINAL, Part.VERSION}


async def test_a_copy_by_the_pages_and_by_the_api(world: World) -> None:
    """One thing after the other, a second person with their factor, the file once; over the API the same."""
    async with running_api(world.service) as api:
        fern = await api.console.as_(world.facilitator)
        person = f"/people/{world.author}/copies"
        _, _, place = await fern.send(person)
        _, listed = await fern.get(place)
        assert "Not looked at yet" in listed
        assert (await fern.send(f"{place}/hand-on", place))[0] == 409
        following = re.search(r'href="(/copies/[^"]+/items/[^"]+)"[^>]*>\s*Look at', listed)
        where = following[1] if following else ""
        while "/items/" in where:
            assert (await fern.send(where, inside="no"))[0] == 422
            _, _, where = await fern.send(where, inside="yes")
        assert (await fern.send(f"{place}/hand-on", place))[0] == 303
        assert "Somebody else must approve it" in (await fern.get(place))[1]
        rowan = await api.console.as_(world.supervisor)
        assert (await rowan.send(f"{place}/approval", place, agreed="yes"))[0] == 303
        await own_copy_making.make(world.service, UUID(place.rsplit("/", 1)[1]))
        late = await api.console.as_(world.facilitator, stepped_up=False)
        assert (await late.send(f"{place}/take", place))[0] == 403
        caller = await api.as_(world.facilitator, stepped_up=True)
        assert (await caller.get(place))["state"] == "ready"
        found = await caller.ask("POST", f"{place}/take")
        assert (found.media_type, found.headers["Cache-Control"]) == ("application/zip", "no-store")
        assert "index.html" in opened(found.body)
        assert (await caller.ask("POST", f"{place}/take")).status == 409
        assert "Handed out" in (await fern.get(person))[1]


ASH, ELM = UUID(int=1), UUID(int=2)
PEOPLE = {
    ASH: Known("Ash Leaf", "harmed", ["01632 960 001"]),
    ELM: Known("Elm Leaf", "responsible", ["01632 960 002", ""]),
}


def test_a_referral_that_may_be_somebody_elses_is_nobodys() -> None:
    """Its address is nobody's of the case, or that of two who live together: it is in no copy."""
    told = {"name": "ash leaf", "reach_address": "01632960009"}
    assert whose(told, PEOPLE) == ASH
    assert whose({"reach_address": "01632 960 009"}, PEOPLE) is None
    assert whose({"name": "", "reach_address": ""}, PEOPLE) is None
    assert whose({"reach_address": "01632 960 002"}, PEOPLE) == ELM
    assert whose({"name": "Ash Leaf", "reach_address": "01632 960 002"}, PEOPLE) is None
    assert whose(told | {"referrer": "Somebody of an agency"}, PEOPLE) is None
    assert set(OWN_ANSWERS) == set(FIELDS[Source.SELF])


def test_a_referral_by_a_shared_address_under_another_name_or_side_is_nobodys() -> None:
    """She asked by the telephone of the house, which is recorded as his: her story is not in his copy.

    Nor once she was erased and only he is left to whom it could belong.
    """
    shared = {"reach_address": "01632 960 002"}
    assert whose(shared | {"name": "Ivy Leaf"}, PEOPLE) is None
    assert whose(shared | {"side": "harmed"}, PEOPLE) is None
    assert whose(shared | {"name": "Elm Leaf", "side": "harmed"}, PEOPLE) is None
    assert whose(shared | {"name": "elm  leaf", "side": "responsible"}, PEOPLE) == ELM
    erased = PEOPLE | {ASH: Known("", "harmed", [])}
    assert whose(shared, erased) is None
    assert whose(shared | {"name": "Elm Leaf"}, erased) == ELM
