"""From quarantine to review: read back, made safe, sealed as a revision (DESIGN section 5.2)."""

import asyncio
import io
import math
import struct
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select, text, update

from exchange.core.errors import Conflict, NotFound, StorageUnavailable, Unreadable
from exchange.core.model import Kind, Manifest, ManifestPart, State
from exchange.core.sealed import sealed_length
from exchange.steps import intake, texts
from exchange.steps.process import process_message
from exchange.steps.rejections import NOT_KEPT, SENTENCES
from exchange.steps.revising import version_code
from exchange.store import parts
from exchange.store import tables as t
from exchange.store.reaper import find_orphans, reap
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.putting_in import Case, begin, keys_stored, make_case, put_in


def photo() -> bytes:
    """A small JPEG of a page with a place in its EXIF data."""
    image = Image.new("RGB", (320, 200), "white")
    exif = Image.Exif()
    exif[0x010E] = "PLANTED-MARKER"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def tone(seconds: float = 1.0) -> bytes:
    """A WAV file with a 440 Hz tone."""
    frames = [int(12_000 * math.sin(i * 440 * 2 * math.pi / 8000)) for i in range(int(8000 * seconds))]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))
    return out.getvalue()


async def typed_letter(service: Service, case: Case, words: str = "Dear M.\nI am sorry.") -> UUID:
    """A typed letter in quarantine."""
    message = await begin(service, case)
    await intake.write_letter(service, case.staff, message, words)
    await intake.finish(service, case.staff, message)
    return message


async def rows(service: Service, message: UUID) -> tuple[Any, list[Any], list[Any]]:
    """The message, its revisions, and the parts of the newest."""
    async with reading(service) as conn:
        row = (await conn.execute(select(t.message).where(t.message.c.id == message))).one()
        query = select(t.revision).where(t.revision.c.message_id == message)
        revisions = list((await conn.execute(query.order_by(t.revision.c.number))).all())
        newest = revisions[-1].id if revisions else None
        found = select(t.part).where(t.part.c.revision_id == newest).order_by(t.part.c.position)
        return row, revisions, list((await conn.execute(found)).all())


async def content(service: Service, message: UUID, name: str) -> bytes:
    """A part of the newest revision, opened as the console does."""
    row, revisions, found = await rows(service, message)
    async with reading(service) as conn:
        opener = await opener_of(service, conn, row.case_id)
    key = opener.open_key(revisions[-1].key_sealed, "revision.key", revisions[-1].id)
    part = next(p for p in found if p.name == name)
    return await parts.PartReader(service, part, row.case_id, row.id, key).whole()


async def test_a_typed_letter_comes_to_review(service: Service) -> None:
    """Words arrive as one text part; digest, manifest and version code agree; nothing is left to reap."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    await process_message(service, message)
    row, (revision,), (part,) = await rows(service, message)
    assert (row.state, row.progress, revision.number, revision.clean) == (State.IN_REVIEW, 100, 1, True)
    assert (part.name, part.facts["shown"], part.sealed_in) == ("text", True, revision.id)
    assert (await content(service, message, "text")).decode().split("\n")[:2] == ["Dear M.", "I am sorry."]
    listed = ManifestPart(part.name, part.media_type, part.size, part.sha256, part.facts)
    assert Manifest(message, 1, Kind.LETTER, (listed,)).digest == revision.digest
    assert revision.version_code == version_code(revision.digest)
    async with reading(service) as conn:
        assert (await conn.execute(text("select count(*) from reap"))).scalar_one() == 0
        upload = (await conn.execute(select(t.upload).where(t.upload.c.message_id == message))).one()
    assert (upload.state, upload.confirmed_at is not None) == ("confirmed", True)


async def test_a_photo_becomes_a_page_without_its_markers(service: Service) -> None:
    """A letter by phone camera is re-made from pixels; two photos are two pages in order."""
    case = await make_case(service)
    message = await put_in(service, case, Kind.LETTER, ("b.jpg", photo()), ("a.jpg", photo()))
    await process_message(service, message)
    row, _, found = await rows(service, message)
    assert row.state == State.IN_REVIEW, row.rejected_code
    assert [p.name for p in found] == ["page-001", "page-002"]
    page = await content(service, message, "page-001")
    assert page.startswith(b"\xff\xd8")
    assert b"PLANTED" not in page


async def test_a_recording_becomes_sound_and_waveform(service: Service) -> None:
    """A WAV file comes out as AAC with a picture of its waveform."""
    case = await make_case(service)
    message = await put_in(service, case, Kind.AUDIO, ("voice.wav", tone()))
    await process_message(service, message)
    row, _, found = await rows(service, message)
    assert row.state == State.IN_REVIEW, row.rejected_code
    assert {p.name for p in found} == {"sound", "waveform"}
    assert (await content(service, message, "sound"))[4:8] == b"ftyp"


async def test_a_film_becomes_picture_and_poster(service: Service, tmp_path: Path) -> None:
    """A small MP4 goes through the whole of it."""
    case = await make_case(service)
    message = await put_in(service, case, Kind.VIDEO, ("film.mp4", await film(tmp_path)))
    await process_message(service, message)
    row, _, found = await rows(service, message)
    assert row.state == State.IN_REVIEW, row.rejected_code
    assert {"picture", "poster"} <= {p.name for p in found}
    assert (await content(service, message, "picture"))[4:8] == b"ftyp"


async def film(folder: Path) -> bytes:
    """Two seconds of test picture and tone as MP4."""
    import imageio_ffmpeg

    made = folder / "film.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=d=2:s=160x120:r=10", "-f", "lavfi", "-i", "sine=d=2"]
    options = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *sources, *options, str(made)]
    ran = await asyncio.create_subprocess_exec(*command)
    assert await ran.wait() == 0
    return made.read_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [("letter.docx", b"PK\x03\x04 not a document"), ("clip.txt", b"\x00\x01\x02\x03" * 50)],
)
async def test_what_cannot_be_used_is_rejected_and_kept(service: Service, name: str, data: bytes) -> None:
    """A rejected file has a code with a sentence, no revision, and its original stays sealed."""
    case = await make_case(service)
    message = await put_in(service, case, Kind.LETTER, (name, data))
    await process_message(service, message)
    row, revisions, _ = await rows(service, message)
    assert (row.state, revisions) == (State.REJECTED, [])
    assert SENTENCES[row.rejected_code]
    assert len(await keys_stored(service, "upload/")) == 1


async def test_running_again_changes_nothing(service: Service) -> None:
    """A second run, and two at once, leave one revision; what the loser made is reaped."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    await asyncio.gather(process_message(service, message), process_message(service, message))
    await process_message(service, message)
    _, revisions, _ = await rows(service, message)
    assert len(revisions) == 1
    async with reading(service) as conn:
        await conn.execute(text("update reap set at = at - interval '2 hours'"))
    await reap(service)
    assert len(await keys_stored(service, "revision/")) == 1
    assert await content(service, message, "text")


class Losing:
    """The real store, whose parts of revisions get lost, damaged or refused."""

    def __init__(self, objects: Any, how: str) -> None:
        self._objects, self._how = objects, how

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    async def put_stream(self, key: str, chunks: Any, length: int) -> None:
        """Break as told."""
        if self._how == "down":
            raise StorageUnavailable
        await self._objects.put_stream(key, chunks, length)


async def test_a_fault_half_way_leaves_nothing_approvable(service: Service) -> None:
    """The store fails while sealing: still quarantined, no revision, and the next run succeeds."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    with pytest.raises(StorageUnavailable):
        await process_message(replace(service, objects=Losing(service.objects, "down")), message)
    row, revisions, _ = await rows(service, message)
    assert (row.state, revisions) == (State.QUARANTINED, [])
    await process_message(service, message)
    assert (await rows(service, message))[0].state == State.IN_REVIEW


@pytest.mark.parametrize("how", ["lost", "cut", "flipped", "swapped"])
async def test_an_original_that_the_store_spoilt_is_found_by_the_read_back(service: Service, how: str) -> None:
    """Before anybody is told that it arrived: rejected as not kept, never confirmed."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    (key,) = await keys_stored(service, "upload/")
    sealed = await service.objects.get(key)
    if how == "lost":
        await service.objects.delete(key)
    elif how == "swapped":
        other = await typed_letter(service, case)
        (foreign,) = await keys_stored(service, "upload/") - {key}
        await service.objects.put(key, await service.objects.get(foreign))
        assert other
    else:
        await service.objects.put(key, sealed[:-1] if how == "cut" else sealed[:-1] + bytes([sealed[-1] ^ 1]))
    await process_message(service, message)
    row, revisions, _ = await rows(service, message)
    assert (row.state, row.rejected_code, revisions) == (State.REJECTED, NOT_KEPT, [])
    async with reading(service) as conn:
        upload = (await conn.execute(select(t.upload).where(t.upload.c.message_id == message))).one()
    assert upload.state == "complete"


async def test_the_scratch_is_empty_whatever_happens(service: Service) -> None:
    """After success and after a rejection no file is left in the worker's scratch."""
    case = await make_case(service)
    for name, data in (("a.txt", b"Fine words."), ("a.docx", b"PK\x03\x04")):
        await process_message(service, await put_in(service, case, Kind.LETTER, (name, data)))
    assert list(service.settings.scratch.iterdir()) == []


async def test_a_transcript_makes_a_new_revision(service: Service) -> None:
    """A text typed beside it shares the objects, has a digest of its own, and asks for approval anew."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    await process_message(service, message)
    _, (first,), _ = await rows(service, message)
    digest = await texts.add_text(
        service,
        case.staff,
        message,
        base_digest=first.digest,
        name="translation",
        language="cy",
        text="Annwyl M.",
    )
    row, revisions, found = await rows(service, message)
    assert (row.state, [r.digest for r in revisions]) == (State.IN_REVIEW, [first.digest, digest])
    assert [(p.name, p.sealed_in) for p in found] == [
        ("text", first.id),
        ("translation-cy", revisions[1].id),
    ]
    assert await content(service, message, "translation-cy") == b"Annwyl M."
    assert await content(service, message, "text")
    assert revisions[1].made_by == case.staff.id
    with pytest.raises(Conflict):
        await texts.add_text(
            service,
            case.staff,
            message,
            base_digest=first.digest,
            name="transcript",
            language="en",
            text="late",
        )
    again = await texts.read_text(service, case.staff, message, digest, "translation-cy")
    assert again == "Annwyl M."


async def test_text_of_a_document_is_shown_only_when_ticked(service: Service) -> None:
    """Ticking it makes a new revision over the same object; where there is none, nothing happens."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    await process_message(service, message)
    async with reading(service) as conn:
        await conn.execute(update(t.part).values(facts={"source": "extracted", "shown": False}))
    _, (first,), _ = await rows(service, message)
    digest = await texts.show_text(service, case.staff, message, first.digest)
    _, revisions, (part,) = await rows(service, message)
    assert (part.facts["shown"], part.facts["ticked"], revisions[1].digest) == (True, True, digest)
    pages = await put_in(service, case, Kind.LETTER, ("a.jpg", photo()))
    await process_message(service, pages)
    _, (only,), _ = await rows(service, pages)
    with pytest.raises(NotFound):
        await texts.show_text(service, case.staff, pages, only.digest)


async def test_part_ranges_are_exact_and_damage_gives_no_byte(service: Service) -> None:
    """Any range equals the slice; a flip inside it, or a wrong key, gives an error and nothing else."""
    case = await make_case(service)
    words = "abcdefghij" * 15_000
    message = await typed_letter(service, case, words)
    await process_message(service, message)
    whole = await content(service, message, "text")
    row, revisions, (part,) = await rows(service, message)
    async with reading(service) as conn:
        opener = await opener_of(service, conn, row.case_id)
    key = opener.open_key(revisions[0].key_sealed, "revision.key", revisions[0].id)
    reader = parts.PartReader(service, part, row.case_id, row.id, key)
    for start, stop in ((0, 1), (0, 0), (16_383, 16_385), (100_000, len(whole)), (0, len(whole))):
        assert b"".join([bytes(run) async for run in reader.range(start, stop)]) == whole[start:stop]
    sealed = bytearray(await service.objects.get(part.object_key))
    assert len(sealed) == sealed_length(len(whole))
    sealed[20_000] ^= 1
    await service.objects.put(part.object_key, bytes(sealed))
    with pytest.raises(Unreadable):
        _ = [run async for run in reader.range(0, len(whole))]
    assert b"".join([bytes(run) async for run in reader.range(60_000, 70_000)]) == whole[60_000:70_000]
    with pytest.raises(Unreadable):
        await parts.PartReader(service, part, row.case_id, row.id, bytes(32)).whole()


async def test_orphans_without_any_row_are_found(service: Service) -> None:
    """An object that no table knows is put down, and gone an hour later; others stay."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    await process_message(service, message)
    await service.objects.put("upload/lost/0-ab", b"sealed")
    assert await find_orphans(service) == 1
    async with reading(service) as conn:
        await conn.execute(text("update reap set after = after - interval '2 hours'"))
    assert (await reap(service)).objects == 1
    assert len(await keys_stored(service)) == 2


async def test_what_was_erased_is_reaped(service: Service) -> None:
    """Once the keys are destroyed, rows that still name an object do not keep it."""
    case = await make_case(service)
    message = await typed_letter(service, case)
    await process_message(service, message)
    for key in await keys_stored(service):
        async with reading(service) as conn:
            await conn.execute(text("insert into reap (object_key, after) values (:key, now())"), {"key": key})
    assert ((await reap(service)).objects, len(await keys_stored(service))) == (0, 2)
    async with reading(service) as conn:
        await conn.execute(update(t.upload).values(key_sealed=None))
        await conn.execute(update(t.revision).values(key_sealed=None))
    assert ((await reap(service)).objects, await keys_stored(service)) == (2, set())
