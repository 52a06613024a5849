"""Objects as files in one private folder: written beside, synced, renamed, the folder synced too.

A key `a/b` is the file `<shard>/a%2fb` of the folder, where the shard is two hex digits of the key's SHA-256:
one flat level, so that no key can be both a file and a folder. Temporary files lie in `tmp` of the same file
system; those that a dead process left are removed by `tidy` once they are a day old.

Only this account can read them (0700, 0600), unless the folder has the set-group-ID bit (`chmod 2770`): then its
group can too, so that the portal may run under an account of its own.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

from exchange.core.errors import ObjectMissing, StorageFull, StorageUnavailable
from exchange.store.failpoints import failpoint
from exchange.store.objects.protocol import T, checked_key

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
LEFTOVER_SECONDS = 86_400
PAGE = 4096
LARGE = 256 * 1024
Found = list[tuple[str, int]]


class LocalObjects:
    """An `ObjectStore` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary = folder / "tmp"
        self._ready = False
        self._named: set[Path] = set()
        self._file_mode, self._folder_mode = 0o600, 0o700

    async def put(self, key: str, data: bytes | memoryview) -> None:
        """See `ObjectStore.put`."""
        await asyncio.to_thread(self._write, key, (data,), memoryview(data).nbytes)

    async def put_stream(self, key: str, chunks: Iterator[bytes], length: int) -> None:
        """See `ObjectStore.put_stream`."""
        await asyncio.to_thread(self._write, key, chunks, length)

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        return await asyncio.to_thread(self._read, key, start, length)

    async def use(self, key: str, work: Callable[[bytes], T], start: int = 0, length: int | None = None) -> T:
        """See `ObjectStore.use`."""
        return await asyncio.to_thread(lambda: work(self._read(key, start, length)))

    async def size(self, key: str) -> int:
        """See `ObjectStore.size`."""
        path = self._path(key)
        with _storage_errors():
            return (await asyncio.to_thread(path.stat)).st_size

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        await asyncio.to_thread(self._remove, key)

    async def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """See `ObjectStore.list`."""
        for found in await asyncio.to_thread(self._found, prefix):
            yield found

    async def tidy(self) -> int:
        """See `ObjectStore.tidy`."""
        return await asyncio.to_thread(self._remove_leftovers)

    async def close(self) -> None:
        """Nothing is held open."""

    def _path(self, key: str) -> Path:
        name = checked_key(key)
        shard = hashlib.sha256(name.encode()).hexdigest()[:2]
        return self._folder / shard / name.replace("/", "%2f")

    def _prepare(self) -> None:
        if self._ready:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder.stat().st_mode & stat.S_ISGID:
            self._file_mode, self._folder_mode = 0o660, 0o770
        _make_folder(self._temporary, self._folder_mode)
        self._ready = True

    def _shard(self, folder: Path) -> None:
        """Another process may have made it and not yet synced its name, so each process does so once."""
        if folder not in self._named:
            _make_folder(folder, self._folder_mode)
            _sync_folder(folder.parent)
            self._named.add(folder)

    def _remove_leftovers(self) -> int:
        removed = 0
        with _storage_errors():
            for leftover in self._temporary.glob("*"):
                with contextlib.suppress(FileNotFoundError):
                    if leftover.stat().st_mtime < time.time() - LEFTOVER_SECONDS:
                        leftover.unlink()
                        removed += 1
        return removed

    def _write(self, key: str, chunks: Iterable[bytes | memoryview], length: int) -> None:
        path = self._path(key)
        failpoint("object.asked")
        with _storage_errors():
            self._prepare()
            draft = self._temporary / secrets.token_hex(16)
            try:
                _write_synced(draft, chunks, length, self._file_mode)
                self._shard(path.parent)
                failpoint("object.written")
                draft.rename(path)
                failpoint("object.named")
                _sync_folder(path.parent)
            finally:
                draft.unlink(missing_ok=True)
        failpoint("object.stored")

    def _read(self, key: str, start: int, length: int | None) -> bytes:
        with _storage_errors(), self._path(key).open("rb", buffering=0) as file:
            left = os.fstat(file.fileno()).st_size - start
            wanted = max(0, left if length is None else min(left, length))
            return _read_exactly(file.fileno(), start, wanted)

    def _remove(self, key: str) -> None:
        path = self._path(key)
        failpoint("object.to_be_deleted")
        try:
            with _storage_errors():
                path.unlink()
                _sync_folder(path.parent)
        except ObjectMissing:
            return
        failpoint("object.deleted")

    def _found(self, prefix: str) -> Found:
        wanted = prefix.replace("/", "%2f")
        found = []
        with _storage_errors():
            for shard in self._folder.glob("[0-9a-f][0-9a-f]"):
                with os.scandir(shard) as entries:
                    found += [_key_and_size(entry) for entry in entries if entry.name.startswith(wanted)]
        return [item for item in found if item is not None]


def _key_and_size(entry: os.DirEntry[str]) -> tuple[str, int] | None:
    try:
        return entry.name.replace("%2f", "/"), entry.stat().st_size
    except FileNotFoundError:  # deleted while we looked
        return None


def _read_exactly(descriptor: int, start: int, wanted: int) -> bytes:
    first = os.pread(descriptor, wanted, start) if wanted else b""
    if len(first) == wanted:  # the usual case: no copy
        return first
    parts, done = [first], len(first)
    while done < wanted and (part := os.pread(descriptor, wanted - done, start + done)):
        parts.append(part)
        done += len(part)
    return b"".join(parts)


def _write_synced(draft: Path, chunks: Iterable[bytes | memoryview], length: int, mode: int) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        written = 0
        for chunk in chunks:
            view = memoryview(chunk).cast("B")
            straight = _past_the_cache(file.fileno(), view) if view.nbytes >= LARGE and written % PAGE == 0 else 0
            written, view = written + view.nbytes, view[straight:]
            while view:
                view = view[file.write(view) :]
        if written != length:
            raise ValueError("the stream's length is not the one announced")
        os.fsync(file.fileno())


def _past_the_cache(descriptor: int, view: memoryview) -> int:
    """Write whole pages straight from the caller's memory (O_DIRECT, Linux); how many bytes, the rest is the caller's.

    What is sealed is written once and read back once, so a copy in the kernel's cache helps nobody and costs more than
    the cipher. 0 where the file system has no such way, or the memory does not begin on a page.
    """
    whole, done = view.nbytes // PAGE * PAGE, 0
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_DIRECT)
        while done < whole and done % PAGE == 0:
            done += os.write(descriptor, view[done:whole])
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)
    return done


def _make_folder(folder: Path, mode: int) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=mode, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _storage_errors() -> Iterator[None]:
    """OSError as the errors of `ObjectStore`; the sentence never holds a path."""
    try:
        yield
    except FileNotFoundError:
        raise ObjectMissing from None
    except OSError as error:
        raise (StorageFull if error.errno in FULL else StorageUnavailable) from error
