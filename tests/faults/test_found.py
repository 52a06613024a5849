"""What the campaigns found, one test for each fault that was mended."""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select

from exchange.core.errors import BadInput, ObjectMissing, StorageUnavailable, Unreadable
from exchange.core.model import Given, Kind, State
from exchange.settings import Settings
from exchange.steps import intake, process, upload
from exchange.store import failpoints
from exchange.store import tables as t
from exchange.store.objects import LocalObjects, local
from exchange.store.objects.s3 import S3Objects
from exchange.store.parts import PartReader, put_bytes
from exchange.store.reaper import find_orphans
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.putting_in import Case, begin, make_case, read_back
from tests.support.world import World, make_world


class Ended(BaseException):
    """Where a kill would have been."""


def end_at(place: str) -> Callable[[str], None]:
    """What to arm failpoints with."""

    def here(name: str) -> None:
        if name == place:
            raise Ended

    return here


class OneBadAnswer(LocalObjects):
    """A store that answers a few reads with one bit turned, and then rightly."""

    bad = 0

    def _read(self, key: str, start: int, length: int | None) -> bytes:
        """What `get` and `use` both read by."""
        found = super()._read(key, start, length)
        if self.bad and found:
            self.bad -= 1
            return found[:-1] + bytes([found[-1] ^ 1])
        return found


class Forgetful(LocalObjects):
    """A store that acknowledges streams and keeps a part of each, as long as `forgets`."""

    forgets = True

    async def put_stream(self, key: str, chunks: Iterator[bytes], length: int) -> None:
        """See `ObjectStore.put_stream`."""
        await super().put_stream(key, chunks, length)
        if self.forgets:
            await self.put(key, (await self.get(key))[:-1])


async def sealed(store: LocalObjects, service: Service) -> PartReader:
    """A part in this store."""
    world = await make_world(Service(service.engine, store, service.settings, service.keys))
    message = await world.letter("A line of the letter.\n" * 9000)
    async with reading(service) as conn:
        p = t.part
        row = (await conn.execute(select(p).where(p.c.name == "text"))).one()
        revision = (await conn.execute(select(t.revision).where(t.revision.c.id == row.revision_id))).one()
        opener = await opener_of(service, conn, world.case)
    key = opener.open_key(revision.key_sealed, "revision.key", revision.id)
    return PartReader(world.service, row, world.case, message, key)


async def test_one_bad_answer_of_the_store_does_not_make_a_part_unreadable(service: Service, tmp_path: Path) -> None:
    """It was remembered, and until the process ended nobody could open that part; now it is read again."""
    store = OneBadAnswer(tmp_path / "objects")
    reader = await sealed(store, service)
    store.bad = 1
    assert (await reader.whole()).startswith(b"A line of the letter.")


async def test_what_stays_bad_is_refused_and_not_remembered(service: Service, tmp_path: Path) -> None:
    """Not one byte of it goes out; once the store answers rightly, the same process reads it."""
    store = OneBadAnswer(tmp_path / "objects")
    reader = await sealed(store, service)
    store.bad = 1_000
    with pytest.raises(Unreadable):
        await reader.whole()
    store.bad = 0
    assert (await reader.whole()).startswith(b"A line of the letter.")


async def test_a_bad_answer_in_the_middle_is_asked_for_again(service: Service, tmp_path: Path) -> None:
    """A recording did not go on where one read of many was spoilt on its way."""
    store = OneBadAnswer(tmp_path / "objects")
    reader = await sealed(store, service)
    await reader.ready()
    store.bad = 1
    assert len(await reader.whole()) == reader.size


async def test_a_part_that_the_store_did_not_keep_is_not_owned(tmp_path: Path) -> None:
    """Only its length was looked at; now all of it is read back before anything refers to it, and it is made again."""
    store = Forgetful(tmp_path / "objects")
    with pytest.raises(StorageUnavailable):
        await put_bytes(store, "revision/one/text", b"k" * 32, b"context", b"A letter." * 900)


async def test_a_product_that_was_not_kept_is_made_again(service: Service, tmp_path: Path) -> None:
    """The message was refused as if its author's file were lost; the original is whole, so it is tried again."""
    store = Forgetful(tmp_path / "objects")
    world = await make_world(Service(service.engine, store, service.settings, service.keys))
    message = await typed(world)
    with pytest.raises(StorageUnavailable):
        await process.process_message(world.service, message)
    assert await world.state(message) == State.QUARANTINED
    store.forgets = False
    await process.process_message(world.service, message)
    assert await world.state(message) == State.IN_REVIEW


async def typed(world: World, text: str = "Some words.") -> UUID:
    """A typed letter, sent."""
    who = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(world.service, world.facilitator, world.case, kind=Kind.LETTER, **who)
    await intake.write_letter(world.service, world.facilitator, message, text)
    await intake.finish(world.service, world.facilitator, message)
    return message


async def half_typed(service: Service, case: Case, message: UUID, text: str, *, sent: int | None = None) -> UUID:
    """What a crash leaves of `write_letter`: the new text is there (to the byte `sent`), the old one not yet gone."""
    body = text.encode()
    made = await upload.begin_upload(service, case.staff, message, size=len(body), typed=True)

    async def some() -> AsyncIterator[bytes]:
        yield body[:sent]

    await upload.append(service, case.staff, made, 0, some())
    return made


async def test_a_letter_typed_twice_is_sent_once_though_the_service_was_killed_in_between(service: Service) -> None:
    """The old text was still there and would have been sent with the new one, words that its author had taken out."""
    case = await make_case(service)
    message = await begin(service, case)
    old = await intake.write_letter(service, case.staff, message, "What I had written first.")
    new = await half_typed(service, case, message, "What I want to say.")
    await intake.finish(service, case.staff, message)
    async with reading(service) as conn:
        found = (await conn.execute(select(t.upload.c.id, t.upload.c.state))).all()
    assert {(row.id, row.state) for row in found} == {(old, "gone"), (new, "complete")}
    assert await read_back(service, new) == b"What I want to say."


async def test_a_letter_of_which_the_last_text_is_not_whole_is_not_sent(service: Service) -> None:
    """Neither the half nor what was there before it goes; typed once more it does."""
    case = await make_case(service)
    message = await begin(service, case)
    await intake.write_letter(service, case.staff, message, "What I had written first.")
    await half_typed(service, case, message, "What I want to say.", sent=5)
    with pytest.raises(BadInput, match="did not arrive completely"):
        await intake.finish(service, case.staff, message)
    last = await intake.write_letter(service, case.staff, message, "What I want to say.")
    await intake.finish(service, case.staff, message)
    async with reading(service) as conn:
        query = select(t.upload.c.id).where(t.upload.c.state != "gone")
        assert (await conn.execute(query)).scalars().all() == [last]


async def test_what_was_said_aloud_is_noted_before_the_words_are_there(service: Service) -> None:
    """A kill in between left a dictated letter that could be shared without being read back to its author."""
    case = await make_case(service)
    message = await begin(service, case)
    failpoints.arm(end_at("piece.counted"))
    try:
        with pytest.raises(Ended):
            await intake.write_letter(service, case.staff, message, "She told me.", given=Given.PHONE)
    finally:
        failpoints.arm(None)
    async with reading(service) as conn:
        assert (await conn.execute(select(t.upload.c.state))).scalars().all() == ["complete"]
        assert (await conn.execute(select(t.dictation.c.given))).scalars().all() == [Given.PHONE]


async def test_what_a_killed_writer_left_beside_the_objects_is_removed(service: Service) -> None:
    """It was looked at only when a store was opened, so what the last crash left stayed until the next restart."""
    await service.objects.put("upload/one/0-a", b"sealed")
    folder = service.settings.objects_folder
    assert folder is not None
    old, fresh = folder / "tmp" / ("0" * 32), folder / "tmp" / ("1" * 32)
    for path, age in ((old, local.LEFTOVER_SECONDS + 60), (fresh, 60)):
        path.write_bytes(b"half a piece")
        os.utime(path, (time.time() - age,) * 2)
    await find_orphans(service)
    assert (old.exists(), fresh.exists()) == (False, True)


async def test_the_name_of_a_new_folder_is_synced_by_every_process_that_writes_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may have made it and died before it was on disk: an acknowledged piece went with it."""
    first, second = LocalObjects(tmp_path / "objects"), LocalObjects(tmp_path / "objects")
    await first.put("a/b", b"x")
    synced: list[Path] = []
    real = local._sync_folder
    monkeypatch.setattr(local, "_sync_folder", lambda folder: (synced.append(folder), real(folder)))
    await second.put("a/b", b"y")
    assert tmp_path / "objects" in synced
    synced.clear()
    await second.put("a/b", b"z")
    assert tmp_path / "objects" not in synced


@pytest.mark.parametrize("answer", ["<?xml version='1.0'?>\n<Error><Code>No", "<Other/>", "\xff", ""])
@pytest.mark.parametrize("status", [200, 404, 403])
async def test_a_cut_off_answer_of_the_store_is_a_sentence(settings: Settings, answer: str, status: int) -> None:
    """The store's list, or its word that something is missing, broke off: the parser's error came to the page."""

    async def cut(_: web.Request) -> web.Response:
        return web.Response(status=status, body=answer.encode("latin-1"), content_type="application/xml")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", cut)
    async with TestServer(app) as server:
        wanted = {"s3_endpoint": f"127.0.0.1:{server.port}", "s3_secure": False}
        secrets = {"s3_access_key": SecretStr("a"), "s3_secret_key": SecretStr("b")}
        store = S3Objects.from_settings(settings.model_copy(update={**wanted, **secrets}))
        store._bucket_seen = True
        with pytest.raises(StorageUnavailable):
            [key async for key in store.list("")]
        if status != 200:
            with pytest.raises((StorageUnavailable, ObjectMissing)):
                await store.get("a/b")
        await store.close()
