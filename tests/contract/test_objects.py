"""Every object store keeps the same promises: a local folder, and S3 on a real server."""

import asyncio
import contextlib
import fcntl
import itertools
import mmap
import os
import resource
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from exchange.core.errors import ObjectMissing, StorageFull, StorageUnavailable, Unreadable, WrongSetting
from exchange.settings import Settings
from exchange.store.objects import LocalObjects, ObjectStore, local, open_objects, s3
from exchange.store.objects.s3 import S3Objects
from tests.support.swift import Swift

MIB = 1024**2
_buckets = itertools.count(1)


@pytest.fixture(params=["local", "s3"])
async def objects(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """An empty store of each kind."""
    values: dict[str, object] = {"folder": tmp_path / "service"}
    if request.param == "s3":
        swift: Swift = request.getfixturevalue("swift")
        values |= swift.settings(f"contract-{os.getpid()}-{next(_buckets)}")
    store = open_objects(Settings.load(**values))
    yield store
    await store.close()


async def _listed(store: ObjectStore, prefix: str) -> list[tuple[str, int]]:
    return sorted([found async for found in store.list(prefix)])


async def test_what_was_put_comes_back(objects: ObjectStore) -> None:
    """Bytes and size are as they were, from bytes and from a memoryview."""
    await objects.put("case/one", b"sealed")
    await objects.put("case/two", memoryview(b"a sealed piece")[2:8])
    assert await objects.get("case/one") == b"sealed"
    assert await objects.get("case/two") == b"sealed"
    assert await objects.size("case/one") == 6


@pytest.mark.parametrize("size", [256 * 1024, MIB, MIB + 1, MIB + 4095, 2 * MIB + 57])
@pytest.mark.parametrize("first", [0, 1, 4096])
async def test_a_large_piece_comes_back_wherever_it_lay_in_memory(objects: ObjectStore, size: int, first: int) -> None:
    """On a page or beside one, of whole pages or not: a disk may take it straight from there."""
    memory = mmap.mmap(-1, size + first)
    memory.write(os.urandom(size + first))
    await objects.put("large", memoryview(memory)[first:])
    assert await objects.get("large") == memory[first:]
    await objects.put("large", memoryview(memory)[first : first + 300_000])
    assert await objects.get("large") == memory[first : first + 300_000]


def test_whole_pages_go_past_the_cache(tmp_path: Path) -> None:
    """All of them; the file takes the rest, and is written to as before."""
    memory = mmap.mmap(-1, MIB + 5)
    with (tmp_path / "file").open("wb", buffering=0) as file:
        flags = fcntl.fcntl(file.fileno(), fcntl.F_GETFL)
        assert local._past_the_cache(file.fileno(), memoryview(memory)) == MIB
        assert fcntl.fcntl(file.fileno(), fcntl.F_GETFL) == flags


async def test_an_empty_object_is_an_object(objects: ObjectStore) -> None:
    """Nothing stored under a key is not the same as no key."""
    await objects.put("empty", b"")
    assert await objects.size("empty") == 0
    assert await objects.get("empty") == b""
    assert await objects.get("empty", 0, 10) == b""
    assert await _listed(objects, "empty") == [("empty", 0)]


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (3, 4, b"3456"),
        (0, 1, b"0"),
        (9, 1, b"9"),
        (8, 100, b"89"),
        (10, 5, b""),
        (99, None, b""),
        (4, 0, b""),
    ],
)
async def test_ranges(objects: ObjectStore, start: int, length: int | None, expected: bytes) -> None:
    """A range is cut at the object's end and empty beyond it."""
    await objects.put("range", b"0123456789")
    assert await objects.get("range", start, length) == expected


async def test_what_is_made_of_bytes_is_made_where_they_were_fetched(objects: ObjectStore) -> None:
    """Of the same bytes as `get` gives, in another thread; what the work raises comes through as it is."""
    await objects.put("piece", b"0123456789")
    assert await objects.use("piece", bytes.hex, 2, 3) == b"234".hex()
    assert await objects.use("piece", len) == 10
    assert await objects.use("piece", lambda _: threading.get_ident()) != threading.get_ident()

    def work(_found: bytes) -> None:
        raise Unreadable

    with pytest.raises(Unreadable):
        await objects.use("piece", work)
    with pytest.raises(ObjectMissing):
        await objects.use("nothing", len)


async def test_the_same_key_overwrites(objects: ObjectStore) -> None:
    """The newer bytes stand alone, whether longer or shorter."""
    for data in (b"first", b"the second, longer", b"3rd"):
        await objects.put("again", data)
        assert await objects.get("again") == data
    assert await _listed(objects, "again") == [("again", 3)]


async def test_a_stream_of_20_mib(objects: ObjectStore) -> None:
    """Chunks of odd sizes arrive whole and in order."""
    whole = os.urandom(20 * MIB)
    chunk = 300_007
    chunks = (whole[at : at + chunk] for at in range(0, len(whole), chunk))
    await objects.put_stream("stream", chunks, len(whole))
    assert await objects.size("stream") == len(whole)
    assert await objects.get("stream") == whole
    assert await objects.get("stream", 8 * MIB - 5, 10) == whole[8 * MIB - 5 : 8 * MIB + 5]


@pytest.mark.parametrize("announced", [0, 5, 11, 30 * MIB])
async def test_a_stream_of_another_length_stores_nothing(objects: ObjectStore, announced: int) -> None:
    """Ten bytes announced as fewer or more: refused, and what was there before stays."""
    await objects.put("kept", b"before")
    for key in ("kept", "new"):
        with pytest.raises(ValueError, match="length"):
            await objects.put_stream(key, iter([b"01234", b"56789"]), announced)
    assert await objects.get("kept") == b"before"
    assert await _listed(objects, "new") == []


async def test_a_stream_that_breaks_off_stores_nothing(objects: ObjectStore) -> None:
    """The error of the source comes through; no half object appears."""

    def source() -> Iterator[bytes]:
        yield b"x" * (9 * MIB)
        raise RuntimeError("the source broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        await objects.put_stream("half", source(), 20 * MIB)
    assert await _listed(objects, "half") == []


async def test_an_empty_stream(objects: ObjectStore) -> None:
    """No bytes at all, announced as such."""
    await objects.put_stream("nothing", iter([]), 0)
    assert await objects.get("nothing") == b""


async def test_what_is_missing_is_said_to_be(objects: ObjectStore) -> None:
    """Every way to read says `ObjectMissing`, also after a delete."""
    await objects.put("gone", b"x")
    await objects.delete("gone")
    for key in ("gone", "never/was"):
        for read in (objects.get(key), objects.get(key, 1, 2), objects.get(key, 0, 0), objects.size(key)):
            with pytest.raises(ObjectMissing):
                await read


async def test_deleting_twice_is_no_error(objects: ObjectStore) -> None:
    """Delete is idempotent, and other keys stay."""
    await objects.put("a", b"1")
    await objects.put("ab", b"2")
    await objects.delete("a")
    await objects.delete("a")
    await objects.delete("never/was")
    assert await _listed(objects, "") == [("ab", 1)]


async def test_lists_by_prefix(objects: ObjectStore) -> None:
    """A prefix may end anywhere in a key; an unknown one lists nothing."""
    keys = ["m/1/p-0", "m/1/p-1", "m/10/p-0", "m/2.sealed", "n"]
    for number, key in enumerate(keys):
        await objects.put(key, b"x" * number)
    everything = [(key, number) for number, key in enumerate(keys)]
    assert await _listed(objects, "") == everything
    assert await _listed(objects, "m/1/") == everything[:2]
    assert await _listed(objects, "m/1") == everything[:3]
    assert await _listed(objects, "x") == []


@pytest.mark.parametrize(
    "untrusted_key",
    [
        "",
        "/",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        ".hidden",
        "A",
        "a b",
        "a\x00",
        "a\n",
        "x" * 201,
    ],
)
async def test_a_key_that_is_none_is_refused(objects: ObjectStore, untrusted_key: str) -> None:
    """Nothing but the key alphabet reaches a path or a URL."""
    for use in (objects.put(untrusted_key, b"x"), objects.get(untrusted_key), objects.delete(untrusted_key)):
        with pytest.raises(ValueError, match="not an object key"):
            await use


async def test_many_at_once(objects: ObjectStore) -> None:
    """Sixty writers and readers do not mix anything up."""

    async def one(number: int) -> None:
        data = bytes([number]) * 50_000
        await objects.put(f"many/{number}", data)
        assert await objects.get(f"many/{number}") == data

    await asyncio.gather(*(one(number) for number in range(60)))
    assert len(await _listed(objects, "many/")) == 60


async def test_local_files_are_private_and_leave_no_drafts(tmp_path: Path) -> None:
    """Folders 0700, files 0600, nothing left in tmp."""
    store = LocalObjects(tmp_path / "objects")
    await store.put("a/b", b"x")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "objects").rglob("*") if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "objects").rglob("*") if p.is_file()} == {0o600}
    assert list((tmp_path / "objects" / "tmp").iterdir()) == []


async def test_a_folder_for_two_accounts_stays_open_to_its_group(tmp_path: Path) -> None:
    """With the set-group-ID bit the portal may run under an account of its own; nobody else gets in."""
    folder = tmp_path / "objects"
    folder.mkdir()
    folder.chmod(0o2770)
    before = os.umask(0o007)
    try:
        await LocalObjects(folder).put("a/b", b"x")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_dir()} == {0o2770}
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()] == [0o660]


async def test_the_portals_own_credentials_reach_its_bucket_and_no_other(swift: Swift) -> None:
    """Its key pair reads and writes what the staff's side reads and writes; another bucket is shut to it."""
    names = [f"contract-{os.getpid()}-{next(_buckets)}" for _ in range(2)]
    ours, others = (S3Objects.from_settings(Settings.load(**swift.settings(name))) for name in names)
    await ours.put("theirs", b"for the portal")
    await others.put("theirs", b"not for the portal")
    told = Settings.load(**swift.admit_portal(names[0])).for_portal()
    portal = S3Objects.from_settings(told)
    assert await portal.get("theirs") == b"for the portal"
    await portal.put("its-own", b"sealed")
    assert await ours.get("its-own") == b"sealed"
    shut = S3Objects.from_settings(told.model_copy(update={"s3_bucket": names[1]}))
    for attempt in (shut.get("theirs"), shut.put("theirs", b"changed"), shut.delete("theirs"), shut.size("theirs")):
        with pytest.raises(StorageUnavailable):
            await attempt
    with pytest.raises(StorageUnavailable):
        await S3Objects.from_settings(told.model_copy(update={"s3_bucket": "made-by-portal"})).put("a", b"b")
    assert await others.get("theirs") == b"not for the portal"
    for store in (ours, others, portal, shut):
        await store.close()


async def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    """Where the system takes no more bytes: `StorageFull`, no draft left, what was stored before stays."""
    store = LocalObjects(tmp_path / "objects")
    await store.put("before", b"kept")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    try:
        with pytest.raises(StorageFull):
            await store.put("before", b"x" * (2 * MIB))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await store.get("before") == b"kept"
    assert list((tmp_path / "objects" / "tmp").iterdir()) == []


async def test_local_writes_are_synced_before_they_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File first, then its name, then the folder: after a power cut the object is whole or absent."""
    store = LocalObjects(tmp_path / "objects")
    await store.put("first", b"x")
    happened: list[str] = []
    real_sync, real_rename = os.fsync, Path.rename

    def sync(descriptor: int) -> None:
        happened.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def rename(path: Path, target: Path) -> Path:
        happened.append("name")
        return real_rename(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    await store.put("first", b"y")
    assert happened == ["file", "name", "folder"]


async def test_an_s3_server_that_is_away_is_unavailable(tmp_path: Path) -> None:
    """No listener: a sentence, not a trace."""
    values = {"objects": "s3", "s3_endpoint": "127.0.0.1:9", "s3_secure": False}
    settings = Settings.load(folder=tmp_path, s3_access_key="a", s3_secret_key="b", **values)
    store = open_objects(settings)
    with pytest.raises(StorageUnavailable):
        await store.get("x")
    with contextlib.suppress(StorageUnavailable):
        await store.close()


def test_an_s3_endpoint_that_is_none_stops_the_start(tmp_path: Path) -> None:
    """The sentence names the setting."""
    values = {"objects": "s3", "s3_endpoint": "s3.example/bucket", "s3_access_key": "a", "s3_secret_key": "b"}
    with pytest.raises(WrongSetting, match="EXCHANGE_S3_ENDPOINT"):
        S3Objects.from_settings(Settings.load(folder=tmp_path, **values))


async def test_a_stream_whose_sender_died_is_ended_at_the_s3_server(
    swift: Swift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts stand in no list of objects and would be kept, and paid for, for ever."""
    store = S3Objects.from_settings(Settings.load(**swift.settings(f"contract-{os.getpid()}-{next(_buckets)}")))
    await store.put("whole", b"sealed")
    client, bucket = store._client, store._bucket
    begun = client._create_multipart_upload(bucket, "half", {})
    client._upload_part(bucket, "half", b"x" * (5 * MIB), {}, begun, 1)
    assert await store.tidy() == 0
    monkeypatch.setattr(s3, "LEFTOVER", timedelta(days=-1))
    assert await store.tidy() == 1
    answer = client._execute("GET", bucket, query_params={"uploads": ""})
    assert b"<Upload>" not in answer.data
    assert await _listed(store, "") == [("whole", 6)]
    await store.close()


async def test_who_may_not_look_at_the_bucket_still_uses_what_is_theirs_in_it(swift: Swift) -> None:
    """As with SeaweedFS, whose narrow users may not ask whether the bucket is there."""
    ours = S3Objects.from_settings(Settings.load(**swift.settings("narrow")))
    await ours.put("upload/first", b"so that the bucket is there")
    told = Settings.load(**swift.admit_portal("narrow", read=False)).for_portal()
    portal = S3Objects.from_settings(told)
    await portal.put("upload/second", b"sealed")
    with pytest.raises(StorageUnavailable):
        await portal.get("upload/first")
    assert await ours.get("upload/second") == b"sealed"
    for store in (ours, portal):
        await store.close()
