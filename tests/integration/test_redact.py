"""Taking something out of a message: the list, the worker's new version, taking back, and what nobody gets to see."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from exchange.core.edits import Doing, Edit
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from exchange.core.model import Channel, Kind, State
from exchange.steps import (
    concern,
    erase,
    intake,
    links,
    offer,
    process,
    redact,
    redacting,
    release,
    review,
    texts,
    upload,
    view,
)
from exchange.steps.rejections import OVERTAKEN
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from media.redaction import GONE
from tests.support.putting_in import chunked
from tests.support.world import World, make_world
from tests.vectors.media import inputs

LETTER = "Dear you,\n\nI moved to 12 Quay Street, near the school.\n\nI am sorry.\n"
STREET = LETTER.index("12 Quay Street")
STRIKE = Edit(Doing.STRIKE, "text", STREET, STREET + len("12 Quay Street"))


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def wanted(world: World, message: UUID, edit: Edit = STRIKE, **why: Any) -> UUID:
    """Put an edit on the list."""
    return await redact.want(world.service, world.facilitator, message, edit, **{"why": "whereabouts", **why})


async def made(world: World, message: UUID) -> UUID:
    """Ask for the new version, and do the worker's part."""
    making = await redact.make(world.service, world.facilitator, message)
    await redacting.redact_message(world.service, making)
    return making


async def part(world: World, message: UUID, name: str = "text") -> bytes:
    """A part of the newest version, as the team reads it."""
    opened = await view.open_for_staff(world.service, world.facilitator, message, name)
    return b"".join([bytes(run) async for run in opened.reader.range(0, opened.part.size)])


async def facts(world: World, message: UUID, name: str = "text") -> dict[str, Any]:
    """What a part of the newest version says of itself."""
    seen = await read.message_view(world.service, world.facilitator, message)
    return next(dict(p.facts) for p in seen.parts[seen.revisions[0].id] if p.name == name)


async def put_in(world: World, kind: Kind, *files: tuple[str, bytes]) -> UUID:
    """A message of files, made safe."""
    who = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(world.service, world.facilitator, world.case, kind=kind, **who)
    for position, (name, data) in enumerate(files):
        row = await upload.begin_upload(
            world.service, world.facilitator, message, size=len(data), untrusted_name=name, position=position
        )
        await upload.append(world.service, world.facilitator, row, 0, chunked(data))
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    assert await world.state(message) == State.IN_REVIEW
    return message


async def test_struck_words_are_gone_from_what_is_shared(world: World) -> None:
    """From the list to the recipient: a new version without the words, approved and agreed to anew."""
    message = await world.letter(LETTER)
    before = await world.digest(message)
    await wanted(world, message)
    await made(world, message)
    assert await world.digest(message) != before
    text = (await part(world, message)).decode()
    assert text == LETTER.replace("12 Quay Street", GONE)
    with pytest.raises(Conflict):
        await review.approve(world.service, world.facilitator, message, before, ticks=review.TICKS, understood="myself")
    await world.approve(message)
    await world.agree_to_share(message)
    link = await offered_and_released(world, message)
    found = await world.visit(link, "A" * 43)
    shelf = await view.shelf(world.service, found)
    assert [row.name for row in shelf.parts] == ["text"]
    opened = await view.open_for_visitor(world.service, found, "text")
    got = b"".join([bytes(run) async for run in opened.reader.range(0, opened.part.size)])
    assert b"Quay" not in got
    assert got.decode() == text


async def offered_and_released(world: World, message: UUID) -> Any:
    """Offer, accept and hand over."""

    await offer.make_offer(world.service, world.facilitator, message, offer.Terms("A letter.", Channel.PHONE))
    await world.accept(message)
    return await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)


async def test_what_is_to_be_taken_out_is_shared_no_longer(world: World) -> None:
    """With the first edit on the list reading ends; what has the place is not approved again."""
    message, link = await world.released(LETTER)
    found = await world.visit(link, "A" * 43)
    await view.open_for_visitor(world.service, found, "text")
    row = await wanted(world, message)
    assert await world.state(message) == State.IN_REVIEW
    with pytest.raises((NotFound, Refused)):
        await view.open_for_visitor(world.service, found, "text")
    with pytest.raises(Conflict):
        await world.approve(message)
    await redact.drop(world.service, world.facilitator, message, row)
    await world.approve(message)


async def test_what_is_not_shared_stays_so(world: World) -> None:
    """Marking a place in what was withheld or sent back does not bring it back into review."""
    message = await world.letter(LETTER)
    digest = await world.digest(message)
    await review.withhold(world.service, world.facilitator, message, digest, reason="Not now.")
    await wanted(world, message)
    assert await world.state(message) == State.WITHHELD


async def test_a_translation_of_what_was_taken_out_is_not_shown(world: World) -> None:
    """It may still say it: until somebody compares and ticks it, and again after the next words are taken out."""
    message = await world.letter(LETTER)
    await texts.add_text(
        world.service, world.facilitator, message, base_digest=await world.digest(message),
        name="translation", language="cy", text="12 Stryd y Cei",
    )  # fmt: skip
    await wanted(world, message)
    await made(world, message)
    assert (await facts(world, message))["shown"] is True
    assert (await facts(world, message, "translation-cy"))["shown"] is False
    await texts.show_text(world.service, world.facilitator, message, await world.digest(message), "translation-cy")
    await wanted(world, message, replace(STRIKE, start=0, end=4))
    await made(world, message)
    assert (await facts(world, message, "translation-cy"))["shown"] is False


async def test_what_was_taken_out_comes_back_by_another_version_only(world: World) -> None:
    """Off the list and made again: the clean version's words, under a new digest."""
    message = await world.letter(LETTER)
    row = await wanted(world, message)
    await made(world, message)
    struck = await world.digest(message)
    with pytest.raises(Conflict):
        await redact.make(world.service, world.facilitator, message)
    await redact.drop(world.service, world.facilitator, message, row)
    assert b"Quay" not in await part(world, message)
    await made(world, message)
    assert (await part(world, message)).decode() == LETTER
    assert await world.digest(message) != struck
    assert (await redact.workshop(world.service, world.facilitator, message)).current


async def test_whoever_took_something_out_is_no_second_pair_of_eyes(world: World) -> None:
    """The new version was made on the facilitator's judgement, though a worker made it (rule 12)."""
    message = await world.letter(LETTER)
    await redact.want(world.service, world.second, message, STRIKE, why="whereabouts")
    making = await redact.make(world.service, world.second, message)
    await redacting.redact_message(world.service, making)
    seen = await read.message_view(world.service, world.facilitator, message)
    assert seen.revisions[0].made_by == world.second.id
    assert world.second.id in seen.known.touched_by


async def test_the_author_is_told_what_and_why_and_never_what_stood_there(world: World) -> None:
    """In the preview's link: place and reason; nothing of the words."""

    message = await world.letter(LETTER)
    await wanted(world, message, why="other", words="We spoke about it on the phone.")
    await made(world, message)
    await world.approve(message)
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    found = await world.visit(link, "A" * 43)
    told = found.payload["edits"]
    assert [(one["doing"], one["part"], one["why"], one["words"]) for one in told] == [
        ("strike", "text", "other", "We spoke about it on the phone.")
    ]
    assert "Quay" not in str(found.payload)


async def test_a_covered_page_hides_its_text_until_somebody_compares(world: World) -> None:
    """The text version of a document may still say what the page does not show any more."""
    page = Image.new("RGB", (640, 800), "white")
    ImageDraw.Draw(page).text((64, 160), "12 Quay Street", fill="black", font_size=40)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=92)
    message = await put_in(world, Kind.LETTER, ("page.jpg", out.getvalue()))
    await texts.add_text(
        world.service, world.facilitator, message, base_digest=await world.digest(message),
        name="transcription", language="en", text="12 Quay Street",
    )  # fmt: skip
    assert (await facts(world, message, "transcription"))["shown"] is True
    await wanted(world, message, Edit(Doing.COVER, "page-001", box=(500, 1500, 9000, 1500)))
    await made(world, message)
    covered = Image.open(io.BytesIO(await part(world, message, "page-001"))).convert("L")
    assert max(covered.crop((64, 160, 600, 220)).getextrema()) < 12  # type: ignore[type-var]
    assert (await facts(world, message, "transcription"))["shown"] is False
    digest = await world.digest(message)
    await texts.show_text(world.service, world.facilitator, message, digest, "transcription")
    assert (await facts(world, message, "transcription"))["shown"] is True
    assert (await redact.workshop(world.service, world.facilitator, message)).current


async def test_sound_is_taken_out_of_a_recording(world: World, tmp_path: Path) -> None:
    """Sound and waveform are new, and nothing of the earlier ones is in the newest version."""
    spoken = inputs.ffmpeg(tmp_path / "voice.wav", *inputs.SOUND, seconds=3).read_bytes()
    message = await put_in(world, Kind.AUDIO, ("voice.wav", spoken))
    before = await read.message_view(world.service, world.facilitator, message)
    await wanted(world, message, Edit(Doing.MUTE, "sound", 1000, 2000), why="name")
    await made(world, message)
    after = await read.message_view(world.service, world.facilitator, message)
    names = {p.name: p.sha256 for p in before.parts[before.revisions[0].id]}
    assert names.keys() == {"sound", "waveform"}
    for row in after.parts[after.revisions[0].id]:
        assert row.sha256 != names[row.name]


async def test_captions_lose_what_the_recording_loses(world: World, tmp_path: Path) -> None:
    """Silent words become a mark, cut ones are gone and the rest comes earlier; all of it comes back with the sound."""
    film = inputs.video(tmp_path / "film.mp4", seconds=4).read_bytes()
    message = await put_in(world, Kind.VIDEO, ("film.mp4", film))
    said = [("00.000", "00.900", "Hello."), ("01.000", "02.000", "Ring Quay."), ("02.500", "03.500", "I am sorry.")]
    typed = "WEBVTT\n\n" + "\n\n".join(f"00:00:{a} --> 00:00:{b}\n{words}" for a, b, words in said) + "\n"
    await texts.add_text(
        world.service, world.facilitator, message, base_digest=await world.digest(message),
        name="captions", language="en", text=typed,
    )  # fmt: skip
    whole = await part(world, message, "captions")
    assert b"Ring Quay." in whole
    silent = await wanted(world, message, Edit(Doing.MUTE, "picture", 1000, 2000), why="name")
    gone = await wanted(world, message, Edit(Doing.CUT, "picture", 0, 950), why="name")
    await made(world, message)
    left = (await part(world, message, "captions")).decode()
    assert "Quay" not in left
    assert "Hello" not in left
    assert "[…]" in left
    assert "00:01.550 --> 00:00:02.550\nI am sorry." in left
    assert (await facts(world, message, "captions"))["shown"] is False
    await texts.show_text(world.service, world.facilitator, message, await world.digest(message), "captions")
    await world.approve(message)
    await world.agree_to_share(message)
    link = await offered_and_released(world, message)
    found = await world.visit(link, "A" * 43)
    shelf = await view.shelf(world.service, found)
    assert [row.name for row in shelf.parts] == ["picture", "poster", "storyboard", "captions"]
    for row in (silent, gone):
        await redact.drop(world.service, world.facilitator, message, row)
    await made(world, message)
    assert await part(world, message, "captions") == whole


async def test_only_the_team_and_only_what_fits(world: World) -> None:
    """Nobody else puts anything on the list; a place behind the end or a missing reason is refused."""
    message = await world.letter(LETTER)
    for actor in (world.stranger, world.supervisor, world.auditor, world.administrator):
        with pytest.raises((NotAllowed, NotFound)):
            await redact.want(world.service, actor, message, STRIKE, why="name")
        with pytest.raises((NotAllowed, NotFound)):
            await redact.workshop(world.service, actor, message)
    for edit, why, words in (
        (replace(STRIKE, end=10_000), "name", ""),
        (STRIKE, "because", ""),
        (STRIKE, "other", "  "),
        (STRIKE, "other", "x" * 501),
        (Edit(Doing.COVER, "page-001"), "name", ""),
    ):
        with pytest.raises(BadInput):
            await redact.want(world.service, world.facilitator, message, edit, why=why, words=words)
    with pytest.raises(NotFound):
        await redact.drop(world.service, world.facilitator, message, world.case)


async def test_nothing_changes_on_the_list_while_a_version_is_made(world: World) -> None:
    """And only one is made at a time."""
    message = await world.letter(LETTER)
    row = await wanted(world, message)
    await redact.make(world.service, world.facilitator, message)
    with pytest.raises(Conflict):
        await redact.make(world.service, world.facilitator, message)
    with pytest.raises(Conflict):
        await wanted(world, message, replace(STRIKE, start=0, end=4))
    with pytest.raises(Conflict):
        await redact.drop(world.service, world.facilitator, message, row)


async def test_a_message_that_changed_meanwhile_is_left_alone(world: World) -> None:
    """A newer version, or a concern: the making ends with a sentence and nothing is kept."""
    message = await world.letter(LETTER)
    await wanted(world, message)
    making = await redact.make(world.service, world.facilitator, message)
    await texts.add_text(
        world.service, world.facilitator, message, base_digest=await world.digest(message),
        name="translation", language="cy", text="Annwyl",
    )  # fmt: skip
    newest = await world.digest(message)
    await redacting.redact_message(world.service, making)
    assert await world.digest(message) == newest
    again = await redact.make(world.service, world.facilitator, message)
    await concern.raise_concern(world.service, world.facilitator, message, kind="other", note="stop")
    await redacting.redact_message(world.service, again)
    assert await world.state(message) == State.CONCERN
    async with reading(world.service) as conn:
        rows = (await conn.execute(select(t.making.c.state, t.making.c.refused_code))).all()
    assert [tuple(row) for row in rows] == [("refused", OVERTAKEN)] * 2


async def test_two_workers_make_one_version(world: World) -> None:
    """The same job twice at once: one new version."""
    message = await world.letter(LETTER)
    await wanted(world, message)
    making = await redact.make(world.service, world.facilitator, message)
    await asyncio.gather(*(redacting.redact_message(world.service, making) for _ in range(2)))
    seen = await read.message_view(world.service, world.facilitator, message)
    assert [row.number for row in seen.revisions] == [2, 1]
    await redacting.redact_message(world.service, making)
    assert await redacting.ask_again(world.service) == 0


async def test_a_lost_job_is_queued_again(world: World) -> None:
    """A making without a job is found by the clock."""
    message = await world.letter(LETTER)
    await wanted(world, message)
    await redact.make(world.service, world.facilitator, message)
    assert await redacting.ask_again(world.service) == 0
    async with reading(world.service) as conn:
        await conn.exec_driver_sql("delete from procrastinate_jobs where task_name = 'redact_message'")
    assert await redacting.ask_again(world.service) == 1


async def test_places_and_reasons_are_sealed_and_erased(world: World) -> None:
    """The database holds no place and no word of it; erasure leaves no row and no key."""
    message = await world.letter(LETTER)
    await wanted(world, message, why="other", words="planted reason")
    await made(world, message)
    async with reading(world.service) as conn:
        rows = (await conn.execute(select(t.edit))).all()
        revisions = (await conn.execute(select(t.revision))).all()
    dump = repr(rows) + repr(revisions)
    assert len(rows) == 1
    assert "planted" not in dump
    assert "strike" not in dump
    await erase.erase_message(world.service, world.supervisor, message)
    async with reading(world.service) as conn:
        assert (await conn.execute(select(t.edit))).all() == []
        left = (await conn.execute(select(t.revision.c.edits_sealed, t.revision.c.key_sealed))).all()
    assert {tuple(row) for row in left} == {(None, None)}


async def test_a_round_begins_with_an_empty_list(world: World) -> None:
    """Places of what was sent back mean nothing in what was put in again."""
    message = await world.letter(LETTER)
    await wanted(world, message)
    digest = await world.digest(message)
    await review.return_to_author(world.service, world.facilitator, message, digest, reason="Please change it.")
    await intake.put_in_again(world.service, world.facilitator, message)
    await intake.write_letter(world.service, world.facilitator, message, "Something else.\n")
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    found = await redact.workshop(world.service, world.facilitator, message)
    assert found.wanted == []
    with pytest.raises(BadInput):
        await wanted(world, message)
