"""Put in anew: what came back is changed, the reason read and heard; what was sent is replaced (rules 7, 8)."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import func, select, text, update

from exchange.core.errors import BadInput, Conflict, ExchangeError, NotAllowed, NotFound, Refused, TooLarge
from exchange.core.links import new_secret
from exchange.core.model import Channel, FactKind, State
from exchange.steps import (
    again,
    draft,
    erase,
    hearing,
    intake,
    process,
    review,
    sending,
    spoken,
    spoken_safe,
    view,
)
from exchange.steps.visit import Visit
from exchange.store import reaper
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.attacks import stop_link
from tests.support.console_site import Client, running_console
from tests.support.portal_site import PortalSite, running_portal
from tests.support.roles import as_owner, as_portal
from tests.support.world import CODE, LETTER, World, make_world
from tests.vectors.media import inputs

REASON = "Thank you for your words. Please leave out the street: 100 % of them know it."


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of sound."""
    folder = tmp_path_factory.mktemp("voice")
    return inputs.ffmpeg(folder / "voice.wav", *inputs.SOUND, seconds=3).read_bytes()


async def _returned(world: World, text: str = LETTER) -> UUID:
    message = await world.letter(text)
    digest = await world.digest(message)
    await review.return_to_author(world.service, world.facilitator, message, digest, reason=REASON)
    return message


async def _spoken(world: World, message: UUID, voice: bytes) -> UUID:
    made = await spoken.put_in(world.service, world.facilitator, message, voice)
    await spoken_safe.make_safe(world.service, made)
    return made


async def _author(world: World, message: UUID) -> Visit:
    link = await again.revise_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    return await world.visit(link, new_secret())


async def test_a_returned_letter_is_changed_and_sent_again(world: World, site: PortalSite) -> None:
    """The link shows why first, the typed words are there to go on from, and the new round is reviewed anew."""
    message = await _returned(world)
    link = await again.revise_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await browser.open(link.secret, CODE)
        await browser.follow(await browser.get(session))
        why = await browser.follow(await browser.post(session + "/me", answer="me"))
        assert why.path == session + "/changes"
        assert REASON in why.text
        assert "<audio" not in why.text
        written = await browser.get(session + "/write")
        assert LETTER.split("\n")[2] in written.text
        checked = await browser.post(session + "/write", text="A better letter.", go="next")
        assert "A better letter." in (await browser.follow(checked)).text
        assert (await browser.get(session + "/changes")).status == 200
        receipt = await browser.follow(await browser.post(session + "/check"))
        assert receipt.path == session + "/receipt"
        assert (await browser.get(session + "/changes")).location == session + "/receipt"
    await process.process_message(world.service, message)
    assert await world.state(message) == State.IN_REVIEW
    assert (await world.row(message)).round == 2


async def test_only_what_came_back_has_a_link_to_change_it(world: World) -> None:
    """In review: Conflict. Another case's staff: as if it were not there. No right to put in: no. A pause: not now."""
    message = await world.letter()
    with pytest.raises(Conflict):
        await again.revise_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    back = await _returned(world)
    with pytest.raises(NotFound):
        await again.revise_link(world.service, world.stranger, back, channel=Channel.EMAIL)
    with pytest.raises((NotAllowed, NotFound)):
        await again.revise_link(world.service, world.auditor, back, channel=Channel.EMAIL)
    await world.fact(FactKind.PAUSE, "on")
    with pytest.raises(Refused):
        await again.revise_link(world.service, world.facilitator, back, channel=Channel.EMAIL)


async def test_a_pause_hides_what_is_asked(world: World, site: PortalSite, voice: bytes) -> None:
    """The page and the voice are shown while the author may put in: the same gate, at every opening."""
    message = await _returned(world)
    await _spoken(world, message, voice)
    link = await again.revise_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await browser.open(link.secret, CODE)
        await browser.post(session + "/me", answer="me")
        assert (await browser.get(session + "/spoken")).status == 200
        await world.fact(FactKind.PAUSE, "on")
        hidden = await browser.get(session + "/changes")
        assert (hidden.status, REASON in hidden.text) == (200, False)
        assert (await browser.get(session + "/spoken")).status == 409
        await world.fact(FactKind.PAUSE, "off")
        assert REASON in (await browser.get(session + "/changes")).text


async def test_the_reason_may_be_spoken_and_is_heard(world: World, site: PortalSite, voice: bytes) -> None:
    """Re-made by the worker, played without scripts, with ranges, its words beside it, in the record before a byte."""
    message = await _returned(world)
    made = await _spoken(world, message, voice)
    opened = await hearing.open_for_staff(world.service, world.facilitator, message)
    sound = await opened.reader.whole()
    assert (opened.part.media_type, sound[4:8]) == ("audio/mp4", b"ftyp")
    assert voice[:2000] not in sound
    link = await again.revise_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        session = await browser.open(link.secret, CODE)
        why = await browser.follow(await browser.post(session + "/me", answer="me"))
        assert f'<source src="{session}/spoken" type="audio/mp4">' in why.text
        assert REASON in why.text
        whole = await browser.get(session + "/spoken")
        assert (whole.status, whole.body) == (200, sound)
        part = await browser.get(session + "/spoken", headers={"Range": "bytes=10-19"})
        assert (part.status, part.body) == (206, sound[10:20])
        assert (await browser.ask("HEAD", session + "/spoken")).status == 405
    acts = [leaf["act"] for leaf in await _leaves(world) if leaf["act"].startswith("reason.")]
    assert acts == ["reason.spoken", "reason.made", "reason.opened", "reason.opened"]
    async with reading(world.service) as conn:
        row = (await conn.execute(select(t.spoken).where(t.spoken.c.id == made))).one()
    assert row.state == "ready"


async def _leaves(world: World) -> list[dict[str, str]]:
    async with reading(world.service) as conn:
        return list((await conn.execute(text("select leaf::jsonb from public.ledger_leaf order by index"))).scalars())


async def test_what_was_recorded_is_not_kept(world: World, voice: bytes) -> None:
    """Only the safe sound stays in the store, sealed; the reaper and the nightly comparison leave it alone."""
    message = await _returned(world)
    made = await _spoken(world, message, voice)
    await reaper.reap(world.service)
    await reaper.find_orphans(world.service)
    async with reading(world.service) as conn:
        await conn.execute(update(t.reap).values(after=func.now()))
        key = (await conn.execute(select(t.spoken.c.object_key).where(t.spoken.c.id == made))).scalar_one()
    await reaper.reap(world.service)
    found = {name async for name, _ in world.service.objects.list("revision/")}
    assert key in found
    assert not any(name.endswith("/raw") for name in found)
    sealed = await world.service.objects.get(key)
    assert b"ftyp" not in sealed
    assert (await (await hearing.open_for_staff(world.service, world.facilitator, message)).reader.whole())[
        4:8
    ] == b"ftyp"


async def test_nobody_else_hears_the_reason(world: World, voice: bytes) -> None:
    """Another case's staff, another message's author link, a link that ended, the message once it was sent again."""
    message, other = await _returned(world), await _returned(world)
    await _spoken(world, message, voice)
    with pytest.raises(NotFound):
        await hearing.open_for_staff(world.service, world.stranger, message)
    portal = as_portal(world.service)
    theirs, elsewhere = await _author(world, message), await _author(world, other)
    with pytest.raises(NotFound):
        await hearing.open_for_author(portal, elsewhere)
    stolen = Visit(
        elsewhere.id, elsewhere.link, {**elsewhere.payload, "spoken": theirs.payload["spoken"]}, b"", True, None
    )
    with pytest.raises(NotFound):
        await hearing.open_for_author(portal, stolen)
    assert await (await hearing.open_for_author(portal, theirs)).reader.whole()
    await _author(world, message)
    with pytest.raises(ExchangeError):
        await hearing.open_for_author(portal, theirs)


async def test_a_reason_that_is_no_sound_is_refused(world: World) -> None:
    """Text, an empty file, one too long: a sentence, no key is kept, and the link carries only the written words."""
    message = await _returned(world)
    with pytest.raises(BadInput):
        await spoken.put_in(world.service, world.facilitator, message, b"")
    with pytest.raises(TooLarge):
        await spoken.put_in(world.service, world.facilitator, message, b"x" * (spoken.MOST_BYTES + 1))
    made = await _spoken(world, message, b"This is no sound at all. " * 100)
    async with reading(world.service) as conn:
        row = (await conn.execute(select(t.spoken).where(t.spoken.c.id == made))).one()
    assert (row.state, row.key_sealed) == ("refused", None)
    assert row.refused_code
    assert "spoken" not in (await _author(world, message)).payload
    with pytest.raises(Conflict):
        await spoken.put_in(world.service, world.facilitator, await world.letter(), b"x")


async def test_an_erased_message_has_no_spoken_reason(world: World, voice: bytes) -> None:
    """Its key is destroyed and its object reaped with everything else."""
    message = await _returned(world)
    made = await _spoken(world, message, voice)
    author = await _author(world, message)
    await erase.erase_message(world.service, world.supervisor, message)
    async with reading(world.service) as conn:
        row = (await conn.execute(select(t.spoken).where(t.spoken.c.id == made))).one()
    assert row.key_sealed is None
    with pytest.raises(ExchangeError):
        await hearing.open_for_author(as_portal(world.service), author)
    await reaper.reap(world.service)
    assert row.object_key not in {name async for name, _ in world.service.objects.list("revision/")}


async def test_to_replace_stops_the_old_one_and_never_tells(world: World, site: PortalSite) -> None:
    """Before release, and after it was read: the same answer; sharing stops, and the team has the task."""
    held, (opened, link) = await world.shared(), await world.released()
    reader = await world.visit(link, new_secret())
    answers = []
    for message in (held, opened):
        async with site.browser() as browser:
            session = await browser.open((await stop_link(world, message)).secret, CODE)
            done = await browser.follow(await browser.post(session + "/stop", wish="replace"))
            answers.append(
                done.text.split("<h1")[1].split("</h1>")[0] + done.text.split("govuk-body-l")[1].split("</p>")[0]
            )
        assert await world.state(message) == State.APPROVED
    assert answers[0] == answers[1]
    with pytest.raises(ExchangeError):
        await _read(world, reader)
    async with reading(world.service) as conn:
        tasks = list((await conn.execute(select(t.task.c.kind).where(t.task.c.kind == "asked_to_replace"))).scalars())
    assert len(tasks) == 2


async def _read(world: World, found: Visit) -> None:
    await view.open_for_visitor(world.service, found, "text")


async def test_a_replacement_needs_everything_anew_and_takes_the_old_back(world: World) -> None:
    """The new message has no approval and no consent; when it is sent the old one is withdrawn, and not before."""
    old, _ = await world.offered(by_link=False)
    link = await again.replace_link(world.service, world.facilitator, old, channel=Channel.EMAIL)
    author = await world.visit(link, new_secret())
    portal = as_portal(world.service)
    message = await sending.begin(portal, author)
    who = draft.visitor(author)
    await intake.write_letter(portal, author.actor, message, "A new letter.", visitor=who)
    assert await world.state(old) == State.OFFERED
    author = await _again(portal, author)
    await sending.send(portal, author)
    assert await world.state(old) == State.WITHDRAWN
    await process.process_message(world.service, message)
    assert await world.state(message) == State.IN_REVIEW
    row = await world.row(message)
    assert (row.replaces_id, row.author_id, row.recipient_id) == (old, world.author, world.recipient)
    async with reading(world.service) as conn:
        for table in (t.approval_current, t.share_current, t.receive_current):
            assert (await conn.execute(select(table).where(table.c.message_id == message))).first() is None


async def _again(portal: Service, found: Visit) -> Visit:
    """The visit as the next request loads it: its link now names the message."""
    async with reading(portal) as conn:
        link = (await conn.execute(select(*t.plain(t.link)).where(t.link.c.id == found.link.id))).one()
    return Visit(found.id, link, found.payload, found.key, found.is_me, found.until)


async def test_a_second_recording_takes_the_place_of_the_first(world: World, voice: bytes) -> None:
    """One reason, one recording: the first one's object is reaped; taken back, the author hears nothing any more."""
    message = await _returned(world)
    first = await _spoken(world, message, voice)
    await _spoken(world, message, voice)
    async with reading(world.service) as conn:
        kept = (await conn.execute(select(t.spoken).where(t.spoken.c.message_id == message))).all()
    assert [row.id == first for row in kept] == [False]
    await reaper.reap(world.service)
    stored = {name async for name, _ in world.service.objects.list("revision/")}
    assert [row.object_key in stored for row in kept] == [True]
    author = await _author(world, message)
    await spoken.take_back(world.service, world.facilitator, message)
    with pytest.raises(NotFound):
        await hearing.open_for_author(as_portal(world.service), author)
    with pytest.raises(NotFound):
        await spoken.take_back(world.service, world.facilitator, message)


async def test_a_recording_that_lost_its_job_is_asked_for_again(world: World, voice: bytes) -> None:
    """Nothing waits unseen (rule 25): what has arrived and has no job gets one; what is ready gets none."""
    message = await _returned(world)
    made = await spoken.put_in(world.service, world.facilitator, message, voice)
    assert await spoken_safe.ask_again(world.service) == 0
    async with reading(as_owner(world.service)) as conn:
        await conn.execute(text("delete from procrastinate_jobs where task_name = 'make_reason_safe'"))
    assert await spoken_safe.ask_again(world.service) == 1
    assert await spoken_safe.ask_again(world.service) == 0
    await spoken_safe.make_safe(world.service, made)
    async with reading(as_owner(world.service)) as conn:
        await conn.execute(text("delete from procrastinate_jobs where task_name = 'make_reason_safe'"))
    assert await spoken_safe.ask_again(world.service) == 0


async def test_the_console_takes_a_recording_by_a_plain_form(world: World, voice: bytes) -> None:
    """Without scripts: a file in a form, the token first; nothing chosen and no token are refused; then it is heard."""
    message = await _returned(world)
    place = f"/messages/{message}/spoken"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        _, page = await fern.get(place)
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert token
        assert "Take the recording away" not in page
        assert await _send(fern, place, token[1], b"", "") == 422
        assert await _send(fern, place, "0" * 64, voice, "a.wav") == 403
        assert await _send(fern, place, token[1], voice, "a.wav") == 303
        assert "It is being made safe." in (await fern.get(place))[1]
        async with reading(world.service) as conn:
            made = (await conn.execute(select(t.spoken.c.id))).scalar_one()
        await spoken_safe.make_safe(world.service, made)
        assert f'<source src="{place}/sound" type="audio/mp4">' in (await fern.get(place))[1]
        async with fern.http.get(fern.url + place + "/sound") as answer:
            assert (answer.status, (await answer.read())[4:8]) == (200, b"ftyp")
        reed = await console.as_(world.stranger)
        assert (await reed.get(place))[0] == 404
        assert (await reed.get(place + "/sound"))[0] == 404
        assert (await fern.send(place + "/away", place))[0] == 303
        assert "Take the recording away" not in (await fern.get(place))[1]


async def _send(client: Client, place: str, token: str, data: bytes, name: str) -> int:
    """The status of the form as a browser sends it."""
    form = aiohttp.FormData()
    form.add_field("csrf", token)
    form.add_field("file", data, filename=name, content_type="audio/wav")
    async with client.http.post(client.url + place, data=form, allow_redirects=False) as answer:
        return answer.status
