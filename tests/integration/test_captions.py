"""Captions and transcripts: written, heard by a machine and checked by a person, and kept in step with redaction."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core import captions as vtt
from exchange.core.captions import GONE, Captions, parse
from exchange.core.edits import Doing, Edit
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, WrongLine
from exchange.core.model import Kind
from exchange.steps import captions, erase, redact, redacting, texts, transcribing, view
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from media import speech
from tests.support import spoken
from tests.support.message_tour import put_in
from tests.support.world import World, make_world
from tests.vectors.media import inputs

LINES = parse(
    "WEBVTT\n\n00:00.200 --> 00:01.500\nI <00:00.700>live <00:00.900>in <00:01.100>Leeds\n\n"
    "00:01.600 --> 00:02.400\nI am sorry\n"
)


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def sound(world: World, tmp_path: Path) -> UUID:
    """A recording of three seconds, in review."""
    return await put_in(world, Kind.AUDIO, inputs.ffmpeg(tmp_path / "voice.wav", *inputs.SOUND, seconds=3))


async def kept(world: World, message: UUID, lines: Captions = LINES, number: int = 0) -> int:
    """Lines kept on the sheet."""
    about = {"digest": await world.digest(message), "language": "en"}
    return await captions.keep(world.service, world.facilitator, message, number=number, captions=lines, **about)


async def part(world: World, message: UUID, name: str) -> str:
    """A text of the newest version, as the team reads it."""
    opened = await view.open_for_staff(world.service, world.facilitator, message, name)
    return (await opened.reader.whole()).decode()


async def facts(world: World, message: UUID) -> dict[str, dict[str, object]]:
    """What the parts of the newest version say of themselves."""
    seen = await read.message_view(world.service, world.facilitator, message)
    return {p.name: dict(p.facts) for p in seen.parts[seen.revisions[0].id]}


async def rows(world: World, message: UUID) -> list[object]:
    """The sheets of a message."""
    async with reading(world.service) as conn:
        return list((await conn.execute(select(t.caption_draft).where(t.caption_draft.c.message_id == message))).all())


async def test_a_sheet_is_kept_sealed_and_saved_once(world: World, sound: UUID) -> None:
    """Keeping makes no version and leaves no word in the database; saving makes one, with captions and transcript."""
    service, who, before = world.service, world.facilitator, await world.digest(sound)
    number = await kept(world, sound, LINES, await kept(world, sound, LINES[:1]))
    assert await world.digest(sound) == before
    (row,) = await rows(world, sound)
    assert b"Leeds" not in repr(row).encode()
    sheet = await captions.sheet(service, who, sound)
    assert (sheet.captions, sheet.number, sheet.machine, sheet.digest) == (LINES, number, False, before)
    made = await captions.save(service, who, sound, number=number, checked=False, transcript=False)
    assert made == await world.digest(sound) != before
    assert parse(await part(world, sound, "captions")) == LINES
    assert await part(world, sound, "transcript") == "I live in Leeds\nI am sorry"
    assert (await facts(world, sound))["captions"]["maker"] == str(who.id)
    assert await rows(world, sound) == []
    assert (await captions.sheet(service, who, sound)).captions == LINES


async def test_two_people_at_one_sheet_do_not_undo_each_other(world: World, sound: UUID) -> None:
    """What was kept meanwhile stays: the other one is told, nothing changes."""
    await kept(world, sound)
    with pytest.raises(Conflict):
        await kept(world, sound, LINES[:1])
    with pytest.raises(Conflict):
        await captions.save(world.service, world.facilitator, sound, number=7, checked=True, transcript=False)
    assert (await captions.sheet(world.service, world.second, sound)).captions == LINES


async def test_a_sheet_is_for_the_team_and_for_recordings(world: World, sound: UUID) -> None:
    """Nobody from outside opens, keeps, drops, saves or asks; a letter has no captions; another's version is not it."""
    number, service, letter = await kept(world, sound), world.service, await world.letter()
    for who in (world.stranger, world.supervisor):
        with pytest.raises((NotAllowed, NotFound)):
            await captions.sheet(service, who, sound)
        with pytest.raises((NotAllowed, NotFound)):
            await captions.drop(service, who, sound)
        with pytest.raises((NotAllowed, NotFound)):
            await captions.save(service, who, sound, number=number, checked=True, transcript=False)
        with pytest.raises((NotAllowed, NotFound)):
            await captions.ask(service, who, sound, language="en")
        with pytest.raises((NotAllowed, NotFound)):
            await captions.keep(service, who, sound, digest="", number=number, captions=(), language="en")
    with pytest.raises(NotFound):
        await captions.sheet(service, world.facilitator, letter)
    other = await world.digest(letter)
    with pytest.raises(NotFound):
        await captions.keep(
            service, world.facilitator, sound, digest=other, number=number, captions=LINES, language="en"
        )
    assert (await captions.sheet(service, world.facilitator, sound)).captions == LINES
    await captions.drop(service, world.facilitator, sound)
    assert await rows(world, sound) == []


async def test_a_files_captions_are_cleaned_on_the_way_in(world: World, sound: UUID) -> None:
    """By whatever way: no note, style, voice name or setting of a file is kept, and what is no caption is refused."""
    digest = await world.digest(sound)
    hostile = "WEBVTT Planted\n\nNOTE Planted\n\nSTYLE\n::cue{}\n\n"
    hostile += "00:01.000 --> 00:02.000 line:0\n<v Planted>Hello &amp; you\n"
    about = {"base_digest": digest, "name": "captions", "language": "en"}
    await texts.add_text(world.service, world.facilitator, sound, text=hostile, **about)
    found = await part(world, sound, "captions")
    assert found == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello &amp; you\n"
    about["base_digest"] = await world.digest(sound)
    with pytest.raises(WrongLine):
        await texts.add_text(world.service, world.facilitator, sound, text="WEBVTT\n\nHello\n", **about)
    with pytest.raises(BadInput):
        await texts.add_text(world.service, world.facilitator, sound, text="WEBVTT\n\nNOTE nothing\n", **about)


async def test_what_a_machine_heard_is_nothing_until_a_person_checked_it(world: World, tmp_path: Path) -> None:
    """A real recording, really heard: a sealed sheet with a mark, no part of any version; then a person's captions."""
    said = "I am sorry for what I did to you"
    sound = await put_in(world, Kind.AUDIO, spoken.speech(tmp_path / "said.wav", said))
    service, who, before = world.service, world.facilitator, await facts(world, sound)
    assert "en" in transcribing.heard_here(service)
    draft = await captions.ask(service, who, sound, language="en")
    with pytest.raises(Conflict):
        await kept(world, sound, LINES, 1)
    with pytest.raises(Conflict):
        await captions.ask(service, who, sound, language="en")
    await transcribing.hear_message(service, draft)
    await transcribing.hear_message(service, draft)
    sheet = await captions.sheet(service, who, sound)
    assert (sheet.machine, sheet.state, await facts(world, sound)) == (True, "open", before)
    assert spoken.word_errors(said, vtt.plain(sheet.captions)) < 0.6
    with pytest.raises(BadInput, match="A machine wrote this"):
        await captions.save(service, who, sound, number=sheet.number, checked=False, transcript=True)
    doubtful = parse("WEBVTT\n\n00:00.000 --> 00:02.000\nI am (sorry?)\n")
    number = await kept(world, sound, doubtful, sheet.number)
    with pytest.raises(BadInput, match="brackets"):
        await captions.save(service, who, sound, number=number, checked=True, transcript=True)
    number = await kept(world, sound, parse(f"WEBVTT\n\n00:00.000 --> 00:02.000\n{said}\n"), number)
    assert (await captions.sheet(service, who, sound)).machine
    await captions.save(service, who, sound, number=number, checked=True, transcript=True)
    after = await facts(world, sound)
    assert (after["transcript"]["checked"], after["captions"]["maker"]) == (True, str(who.id))
    assert await part(world, sound, "transcript") == said


async def test_a_language_that_no_machine_hears_is_said_so(world: World, sound: UUID) -> None:
    """The sheet says why; the lines can then be written, or asked for again in another language."""
    draft = await captions.ask(world.service, world.facilitator, sound, language="cy")
    await transcribing.hear_message(world.service, draft)
    sheet = await captions.sheet(world.service, world.facilitator, sound)
    assert (sheet.state, sheet.refused_code, sheet.captions) == ("refused", "no_ears", ())
    assert await transcribing.ask_again(world.service) == 0
    await captions.ask(world.service, world.facilitator, sound, language="en")
    async with reading(world.service) as conn:
        await conn.execute(t.metadata.tables["caption_draft"].update().values(progress=1))
        await conn.exec_driver_sql("delete from procrastinate_jobs where task_name = 'hear_message'")
    assert await transcribing.ask_again(world.service) == 1


async def test_muted_words_are_gone_from_the_captions_too(world: World, sound: UUID) -> None:
    """The new version has […] for them, later lines keep step after a cut, and taking it back gives the words back."""
    service, who = world.service, world.facilitator
    number = await kept(world, sound)
    await captions.save(service, who, sound, number=number, checked=True, transcript=True)

    async def made() -> tuple[str, str]:
        await redacting.redact_message(service, await redact.make(service, who, sound))
        return vtt.plain(parse(await part(world, sound, "captions"))), await part(world, sound, "transcript")

    muted = await redact.want(service, who, sound, Edit(Doing.MUTE, "sound", 1160, 1500), why="whereabouts")
    assert await made() == (f"I live in {GONE}\nI am sorry",) * 2
    cut = await redact.want(service, who, sound, Edit(Doing.CUT, "sound", 0, 1550), why="whereabouts")
    assert await made() == ("I am sorry",) * 2
    assert [(c.start, c.end) for c in parse(await part(world, sound, "captions"))] == [(50, 850)]
    for edit in (muted, cut):
        await redact.drop(service, who, sound, edit)
    assert await made() == ("I live in Leeds\nI am sorry",) * 2
    assert parse(await part(world, sound, "captions")) == LINES


async def test_a_sheet_moves_with_the_version_it_is_about(world: World, sound: UUID) -> None:
    """A cut is made while somebody writes: their lines come at their new times, and can be saved."""
    service, who = world.service, world.facilitator
    number = await kept(world, sound)
    await redact.want(service, who, sound, Edit(Doing.CUT, "sound", 0, 1550), why="whereabouts")
    await redacting.redact_message(service, await redact.make(service, who, sound))
    with pytest.raises(Conflict):
        await captions.save(service, who, sound, number=number, checked=True, transcript=True)
    sheet = await captions.sheet(service, who, sound)
    assert [(c.start, c.text) for c in sheet.captions] == [(50, "I am sorry")]
    number = await kept(world, sound, sheet.captions, number)
    await captions.save(service, who, sound, number=number, checked=True, transcript=True)
    assert parse(await part(world, sound, "captions")) == sheet.captions


async def test_a_sheet_is_gone_with_its_message(world: World, sound: UUID) -> None:
    """Erasing leaves no line of it."""
    await kept(world, sound)
    await erase.erase_message(world.service, world.supervisor, sound)
    assert await rows(world, sound) == []


async def test_a_machine_reads_the_captions_in_place_of_the_voice(world: World, tmp_path: Path) -> None:
    """Nothing of the recording is left in the new version, silent words are not read, and taking it back restores."""
    said = "I am sorry for what I did to you"
    sound = await put_in(world, Kind.AUDIO, inputs.ffmpeg(tmp_path / "tone.wav", *inputs.SOUND, seconds=9))
    service, who = world.service, world.facilitator
    aloud = Edit(Doing.VOICE, "sound", how="machine")
    with pytest.raises(BadInput, match="Write the captions first"):
        await redact.want(service, who, sound, aloud, why="agreed")
    lines = parse(f"WEBVTT\n\n00:01.000 --> 00:04.000\n{said}\n\n00:05.000 --> 00:06.000\nI live in Leeds\n")
    await captions.save(service, who, sound, number=await kept(world, sound, lines), checked=True, transcript=True)
    about = {"base_digest": await world.digest(sound), "name": "captions", "text": vtt.write(lines)}
    await texts.add_text(service, who, sound, language="pl", **about)
    with pytest.raises(BadInput, match="No machine here can speak"):
        await redact.want(service, who, sound, aloud, why="agreed")
    about["base_digest"] = await world.digest(sound)
    await texts.add_text(service, who, sound, language="en", **about)
    wanted = await redact.want(service, who, sound, aloud, why="agreed")
    await redact.want(service, who, sound, Edit(Doing.MUTE, "sound", 5000, 6000), why="whereabouts")
    await redacting.redact_message(service, await redact.make(service, who, sound))
    opened = await view.open_for_staff(service, who, sound, "sound")
    (tmp_path / "read.m4a").write_bytes(await opened.reader.whole())
    heard = await asyncio.to_thread(speech.hear, tmp_path / "read.m4a", tmp_path, language="en")
    words = " ".join(word.text for word in heard)
    assert spoken.word_errors(said, words) < 0.9
    assert heard[0].start > 500
    assert float(str((await facts(world, sound))["sound"]["seconds"])) < 7
    found = parse(await part(world, sound, "captions"))
    assert (found[0].start, found[0].text, found[1].text) == (1000, said, GONE)
    digest = await world.digest(sound)
    with pytest.raises(Conflict, match="reads this version aloud"):
        await captions.mute(service, who, sound, digest=digest, span=(0, 500), why="name")
    await redact.drop(service, who, sound, wanted)
    await redacting.redact_message(service, await redact.make(service, who, sound))
    assert float(str((await facts(world, sound))["sound"]["seconds"])) == pytest.approx(9, abs=0.1)
    assert [c.text for c in parse(await part(world, sound, "captions"))] == [said, GONE]
