"""Messages in every state that has a page of its own, made by the real steps, and the pages to look at.

Each of `PARTS` answers with (name, path) of its pages, in the order of a message's life.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, update

import media
from exchange.core.captions import parse
from exchange.core.edits import Doing, Edit
from exchange.core.model import Channel, Kind, Method
from exchange.steps import (
    appeals,
    captions,
    concern,
    early,
    intake,
    links,
    marks,
    process,
    redact,
    redacting,
    release,
    review,
    spoken,
    spoken_safe,
    texts,
    transcribing,
    upload,
)
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.unit import reading
from tests.support.message_pages import accepted
from tests.support.putting_in import chunked
from tests.support.world import World
from tests.vectors.media import inputs

LINES = parse(
    "WEBVTT\n\n00:00.200 --> 00:01.500\nI <00:00.700>live <00:00.900>in <00:01.100>Leeds\n\n"
    "00:01.600 --> 00:02.400\nI am sorry\n"
)
Part = Callable[[World, Path], Awaitable[list[tuple[str, str]]]]


async def put_in(world: World, kind: Kind, *files: Path, make_safe: bool = True) -> UUID:
    """Files put in by the facilitator; made safe by the worker's step."""
    service, who = world.service, world.facilitator
    people = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(service, who, world.case, kind=kind, **people)
    for position, path in enumerate(files):
        data = path.read_bytes()
        made = await upload.begin_upload(
            service, who, message, size=len(data), untrusted_name=path.name, position=position
        )
        await upload.append(service, who, made, 0, chunked(data))
    await intake.finish(service, who, message)
    if make_safe:
        await process.process_message(service, message)
    return message


async def recording(world: World, folder: Path) -> UUID:
    """A sound recording, in review."""
    return await put_in(world, Kind.AUDIO, inputs.ffmpeg(folder / "voice.wav", *inputs.SOUND, seconds=3))


async def film(world: World, folder: Path) -> UUID:
    """A video, in review."""
    return await put_in(world, Kind.VIDEO, inputs.video(folder / "clip.mp4"))


async def with_captions(world: World, message: UUID) -> str:
    """Captions with word times beside a recording; the digest of that version."""
    about = {"digest": await world.digest(message), "number": 0, "captions": LINES, "language": "en"}
    number = await captions.keep(world.service, world.facilitator, message, **about)
    return await captions.save(world.service, world.facilitator, message, number=number, checked=True, transcript=True)


async def listened_early(world: World, message: UUID, folder: Path) -> None:
    """A video in quarantine of which the sound is there already, an hour's worth, and a note about it."""
    service, path = world.service, inputs.ffmpeg(folder / "early.wav", *inputs.SOUND, seconds=3)
    sound = await asyncio.to_thread(media.make, "audio", [media.Source(path, path.name)], folder)
    async with reading(service) as conn:
        opener = await opener_of(service, conn, world.case)
        begun = {"progress": 40, "working_since": func.now() - timedelta(minutes=8)}
        await conn.execute(update(t.message).where(t.message.c.id == message).values(**begun))
    await early.keep(service, opener, await world.row(message), sound.parts[0])
    await early.note(service, world.facilitator, message, text="Ask who that is.", place={"seconds": 1.5})


async def came_back(world: World, folder: Path) -> UUID:
    """A letter that was sent back, with the reason in the facilitator's own voice too."""
    service, who, message = world.service, world.facilitator, await world.letter()
    why = "Thank you for your words.\n\nPlease leave out where you both went to school. I am glad to help."
    await review.return_to_author(service, who, message, await world.digest(message), reason=why)
    voice = inputs.ffmpeg(folder / "reason.wav", *inputs.SOUND, seconds=3)
    await spoken_safe.make_safe(service, await spoken.put_in(service, who, message, voice.read_bytes()))
    return message


async def taken_out(world: World, letter: UUID, sound: UUID, clip: UUID) -> UUID:
    """Something on every list; of the letter of pages the new version is made, a typed one's is being made."""
    service, who = world.service, world.facilitator
    typed = await world.letter("Ring me on 07700 900123 if you want to.\n\nI am sorry.\n")
    for message, edit in (
        (letter, Edit(Doing.COVER, "page-001", box=(1000, 500, 4000, 800))),
        (sound, Edit(Doing.MUTE, "sound", 500, 1200)),
        (clip, Edit(Doing.BLUR, "picture", 500, 1000, (1000, 1000, 3000, 3000))),
        (typed, Edit(Doing.STRIKE, "text", 11, 23)),
    ):
        await redact.want(service, who, message, edit, why="contact")
    await redacting.redact_message(service, await redact.make(service, who, letter))
    await redact.make(service, who, typed)
    return typed


async def noted(world: World, letter: UUID, sound: UUID, clip: UUID, telling: UUID) -> None:
    """A note at each kind of place; a mark that was left; a text beside the one, so that there is a version 2."""
    service, who = world.service, world.facilitator
    first, box = await world.digest(telling), [1200, 3000, 4000, 500]
    for message, place in (
        (letter, {"page": 1, "box": box}),
        (letter, {"page": 2}),
        (sound, {"seconds": 1.5}),
        (clip, {"seconds": 1, "box": box}),
        (telling, {"text": "text", "start": 10, "end": 21}),
        (telling, {}),
    ):
        digest = await world.digest(message)
        await review.add_note(service, who, message, digest, text="Ask them about this.", place=place)
    await marks.leave(service, who, telling, "phone", "07700 900123")
    await beside(world, telling, first)


async def beside(world: World, message: UUID, digest: str) -> str:
    """A translation beside this version, by a person; the new digest."""
    typed = {"name": "translation", "language": "cy", "text": "Rwy'n byw yn Lower Heath nawr."}
    made_by = texts.Translated("person", "A. Interpreter", checked=True)
    return await texts.add_text(
        world.service, world.facilitator, message, base_digest=digest, **typed, translated=made_by
    )


async def withheld(world: World) -> UUID:
    """A letter that is not to be shared."""
    message = await world.letter()
    digest = await world.digest(message)
    await review.withhold(world.service, world.facilitator, message, digest, reason="A school is named.")
    return message


async def appealed_against(world: World, message: UUID) -> None:
    """Its author was told, and does not agree."""
    await appeals.tell(world.service, world.facilitator, message, words="It is not shared.", means=Channel.PHONE)
    await appeals.appeal(world.service, world.facilitator, message, says="I disagree.", method=Method.PHONE)


async def arriving(world: World, folder: Path) -> list[tuple[str, str]]:
    """Put in, invite, half here, being made safe, not usable."""
    service, who, case = world.service, world.facilitator, f"/cases/{world.case}"
    people = {"author": world.author, "recipient": world.recipient}
    begun = await intake.begin_message(service, who, world.case, kind=Kind.LETTER, **people)
    half = await upload.begin_upload(service, who, begun, size=1000, untrusted_name="letter from June.pdf")
    await upload.append(service, who, half, 0, chunked(b"x" * 400))
    whole = await upload.begin_upload(service, who, begun, size=9, untrusted_name="page-2.jpg", position=1)
    await upload.append(service, who, whole, 0, chunked(b"x" * 9))
    arrived = await put_in(world, Kind.LETTER, inputs.word(folder / "a.docx"), make_safe=False)
    half_made = await put_in(world, Kind.VIDEO, inputs.video(folder / "early.mp4"), make_safe=False)
    await listened_early(world, half_made, folder)
    torn = folder / "torn.pdf"
    torn.write_bytes(b"%PDF-1.7\n" + b"\0" * 200)
    refused = await put_in(world, Kind.LETTER, torn)
    invited = await links.invite(service, who, world.author, world.recipient, channel=Channel.PHONE)
    return [
        ("new", f"{case}/messages/new"), ("invite", f"{case}/invite"), ("invited", f"/links/{invited.id}"),
        ("upload", f"/messages/{begun}/upload?what=file"), ("typed", f"/messages/{begun}/upload?what=typed"),
        ("half-made", f"/messages/{half_made}"), ("early", f"/messages/{half_made}/early"),
        ("quarantined", f"/messages/{arrived}"), ("rejected", f"/messages/{refused}"),
    ]  # fmt: skip


async def at_the_desk(world: World, folder: Path) -> list[tuple[str, str]]:
    """A letter of two files, a recording and a video to review; decisions; a concern."""
    word = await put_in(world, Kind.LETTER, inputs.word(folder / "letter.docx"), inputs.photo(folder / "p.jpg"))
    sound, clip = await recording(world, folder), await film(world, folder)
    stopped = await world.letter()
    telling = await world.letter("I live in Lower Heath now.\n\nRing me on 07700 900123 if you want to.\n")
    told = {"kind": "threat", "note": "A sentence about a weapon."}
    raised = await concern.raise_concern(world.service, world.facilitator, stopped, **told)
    back = await came_back(world, folder)
    held, appealed = await withheld(world), await withheld(world)
    await appealed_against(world, appealed)
    listed = await taken_out(world, word, sound, clip)
    await noted(world, word, sound, clip, telling)
    talked, heard, failed = [await recording(world, folder) for _ in range(3)]
    await with_captions(world, talked)
    await captions.ask(world.service, world.facilitator, heard, language="en")
    await transcribing.hear_message(
        world.service, await captions.ask(world.service, world.facilitator, failed, language="cy")
    )
    return [
        ("in-review", f"/messages/{word}"), ("desk-letter", f"/messages/{word}/review"),
        ("desk-marks", f"/messages/{telling}/review"),
        ("desk-marks-left", f"/messages/{telling}/review?left=yes"),
        ("compare", f"/messages/{telling}/compare?from=1&to=2"),
        ("changes", f"/messages/{listed}/changes"), ("changes-made", f"/messages/{word}/changes"),
        ("change-text", f"/messages/{listed}/changes/text"), ("change-page", f"/messages/{word}/changes/page-001"),
        ("change-sound", f"/messages/{sound}/changes/sound"), ("change-film", f"/messages/{clip}/changes/picture"),
        ("compare-pages", f"/messages/{word}/compare"),
        ("desk-audio", f"/messages/{sound}/review"), ("desk-video", f"/messages/{clip}/review"),
        ("text", f"/messages/{clip}/text"), ("captions", f"/messages/{talked}/captions"),
        ("captions-empty", f"/messages/{clip}/captions"), ("captions-heard", f"/messages/{heard}/captions"),
        ("captions-no-ears", f"/messages/{failed}/captions"), ("words", f"/messages/{talked}/words"),
        ("words-empty", f"/messages/{clip}/words"), ("return", f"/messages/{word}/return"),
        ("withhold", f"/messages/{word}/withhold"), ("concern-new", f"/messages/{word}/concern"),
        ("concern-state", f"/messages/{stopped}"), ("concern", f"/concerns/{raised}"),
        ("withheld", f"/messages/{held}"), ("told", f"/messages/{held}/told"), ("appeal", f"/messages/{held}/appeal"),
        ("appealed", f"/messages/{appealed}/appeal"),
        ("returned", f"/messages/{back}"), ("spoken", f"/messages/{back}/spoken"),
        ("revise-link", f"/messages/{back}/revise-link"),
    ]  # fmt: skip


async def shared(world: World, _folder: Path) -> list[tuple[str, str]]:
    """Approved, offered, accepted, handed over in each of the three ways."""
    service, who = world.service, world.facilitator
    agreed, approved, (offered, _) = await world.shared(), await world.approved(), await world.offered()
    released, link = await world.released()
    waiting, shown, paper = [await accepted(world) for _ in range(3)]
    with_me = await release.present(service, who, shown, who_is_there="Form harmed, a friend")
    printed = await release.print_pack(service, who, paper)
    both, only = await world.letter(), await world.letter()
    await beside(world, both, await world.digest(both))
    await texts.leave_out(service, who, only, await beside(world, only, await world.digest(only)), left_out=True)
    return [
        ("consent-share-both", f"/messages/{both}/consent/share"), ("desk-alone", f"/messages/{only}/review"),
        ("consent-share-alone", f"/messages/{only}/consent/share"),
        ("approved", f"/messages/{approved}"), ("preview-link", f"/messages/{approved}/preview-link"),
        ("stop-link", f"/messages/{approved}/stop-link"), ("replace-link", f"/messages/{approved}/replace-link"),
        ("consent-share", f"/messages/{approved}/consent/share"), ("retract", f"/messages/{approved}/retract"),
        ("consent-after", f"/messages/{approved}/consent/after"),
        ("offer", f"/messages/{agreed}/offer"), ("offer-blocked", f"/messages/{approved}/offer"),
        ("consent-receive", f"/messages/{offered}/consent/receive"), ("hand-over", f"/messages/{waiting}/hand-over"),
        ("released", f"/messages/{released}"), ("new-link", f"/messages/{released}/hand-over"),
        ("link", f"/links/{link.id}"), ("revoke", f"/messages/{released}/revoke"),
        ("withdraw", f"/messages/{released}/withdraw"), ("present", f"/messages/{shown}/present/{with_me}"),
        ("printed", f"/messages/{paper}/print/{printed}"),
        ("printed-large", f"/messages/{paper}/print/{printed}?large=yes"),
    ]  # fmt: skip


PARTS: tuple[Part, ...] = (arriving, at_the_desk, shared)
