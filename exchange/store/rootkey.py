"""The root key in a file, and the holder that opens case keys (DESIGN section 7).

The file is the recovery sheet (`core/recovery.py`), of mode 0600 or refused. While one key follows another both
lie beside each other: `root.key` and `root-<eight hex digits>.key`. The portal never imports this.
"""

import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from exchange.core.errors import BadInput, RootKeyMissing, Unreadable, WrongSetting
from exchange.core.keys import (
    CaseKey,
    RootKeyProvider,
    derive,
    new_case_key,
    new_data_key,
    public_of,
    unwrap,
    wrap,
)
from exchange.core.recovery import from_recovery_text, recovery_text
from exchange.core.rootwrap import body_of, named
from exchange.core.sealed import context

_KEEP_SECONDS, _KEEP_KEYS, _KEEP_FIELD_KEYS = 300.0, 256, 2048


class FileRootKey:
    """RootKeyProvider over a file of mode 0600 that belongs to whoever runs the service."""

    def __init__(self, path: Path) -> None:
        """Reads the file once. Raises WrongSetting with a sentence that says what to do."""
        key = _read_private(path)
        self.key_name = key_name(key)
        self._wrapping = derive(key, "exchange/root-wrap/v1")

    @classmethod
    def create(cls, path: Path, key: bytes | None = None) -> "FileRootKey":
        """Make the file, never over another one: a fresh key, or one from `from_recovery_text`."""
        _write_private(path, recovery_text(key or new_data_key()))
        return cls(path)

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        """`keys.wrap` under a key derived from the root key, with the root key's name before it."""
        return named(self.key_name, wrap(self._wrapping, plaintext, context))

    def unwrap(self, untrusted_blob: bytes, context: bytes) -> bytes:
        """`keys.unwrap`; Unreadable for another root key or context."""
        return unwrap(self._wrapping, body_of(untrusted_blob, self.key_name), context)

    def use(self, name: str) -> None:
        """There is only this one."""
        if name != self.key_name:
            raise RootKeyMissing


class FileKeys:
    """The root keys in a folder: the main file, and those that follow or went before it. A `rootring.KeySource`."""

    def __init__(self, path: Path) -> None:
        """`path`: the main file. Raises WrongSetting where a file is damaged or others can read it."""
        self._path = path
        self._known: dict[str, FileRootKey] = {}
        self._scan()

    def names(self) -> list[str]:
        """The keys whose files are there now, the main file's first."""
        self._scan()
        return list(self._known)

    def newest(self) -> str:
        """The main file's key."""
        return FileRootKey(self._path).key_name

    def key(self, name: str) -> FileRootKey:
        """The key of this name, if its file was ever there; one that came while we run is found."""
        if name not in self._known:
            self._scan()
        if name not in self._known:
            raise RootKeyMissing
        return self._known[name]

    def make(self) -> str:
        """A fresh key in a file of its own beside the main one; its name."""
        key = new_data_key()
        FileRootKey.create(self.file_of(key_name(key)), key)
        self._scan()
        return key_name(key)

    def file_of(self, name: str) -> Path:
        """Where the key of this name lies: the main file, or the one beside it that bears the name."""
        if self._path.exists() and FileRootKey(self._path).key_name == name:
            return self._path
        return self._path.with_name(f"{self._path.stem}-{name.removeprefix('file-')}{self._path.suffix}")

    def settle(self, name: str) -> None:
        """Make this key the main file; the one before stays beside it. At every moment both are there."""
        source = self.file_of(name)
        if source == self._path:
            return
        if self._path.exists():
            before = FileRootKey(self._path).key_name
            with suppress(FileExistsError):
                os.link(self._path, self._path.with_name(f"{self._path.stem}-{before[5:]}{self._path.suffix}"))
        source.replace(self._path)
        _sync_folder(self._path.parent)

    def forget(self, name: str) -> None:
        """Remove the file of a key that wraps nothing any more."""
        self.file_of(name).unlink(missing_ok=True)
        self._known.pop(name, None)
        _sync_folder(self._path.parent)

    def _scan(self) -> None:
        beside = sorted(self._path.parent.glob(f"{self._path.stem}-????????{self._path.suffix}"))
        for file in [self._path, *beside]:
            if file.exists():
                key = FileRootKey(file)
                self._known.setdefault(key.key_name, key)


def key_name(key: bytes) -> str:
    """A name that says which root key this is and nothing about it: `file-` and eight hex digits."""
    return "file-" + derive(key, "exchange/root-name/v1").hex()[:8]


class KeyHolder:
    """Opens case keys through the root key provider and keeps each for five minutes, 256 at most.

    Field keys, which open the names on lists, are kept as long, 2,048 at most: a list of sixty names would take 40 ms
    of opening keys otherwise.

    `forget` reaches this process only: an erased case may stay open elsewhere for those five minutes, so
    erasure also deletes the wrapped key and the objects. Safe to call from several threads.
    """

    def __init__(
        self,
        provider: RootKeyProvider,
        *,
        service: str = "exchange",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider = provider
        self._service = service
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, CaseKey]] = OrderedDict()
        self._fields: OrderedDict[str, tuple[float, bytes, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def key_name(self) -> str:
        """Which root key wraps what `new_case_key` gives."""
        return self.provider.key_name

    def kept_key(self, case_id: str, public: bytes) -> CaseKey | None:
        """The case's key pair if it was opened here lately; never asks the provider."""
        with self._lock:
            kept = self._kept.get(case_id)
            if kept and kept[0] > self._clock() and kept[1].public == public:
                self._kept.move_to_end(case_id)
                return kept[1]
        return None

    def new_case_key(self, case_id: str) -> tuple[CaseKey, bytes]:
        """A fresh pair for a case, and its private key wrapped by the root key: what the case's row keeps."""
        pair = new_case_key()
        return pair, self.provider.wrap(pair.private, self.context_of(case_id))

    def case_key(self, wrapped_private: bytes, public: bytes, case_id: str) -> CaseKey:
        """The case's key pair. Unreadable if the wrap is another case's or `public` is not its public key."""
        return self.kept_key(case_id, public) or self._keep(case_id, self._open(wrapped_private, public, case_id))

    def forget(self, case_id: str) -> None:
        """Drop a case's keys at once."""
        with self._lock:
            self._kept.pop(case_id, None)
            self._fields.pop(case_id, None)

    def kept_field_key(self, case_id: str, sealed: bytes) -> bytes | None:
        """The case's field key if exactly this one was opened here lately."""
        with self._lock:
            kept = self._fields.get(case_id)
            return kept[2] if kept and kept[0] > self._clock() and kept[1] == sealed else None

    def keep_field_key(self, case_id: str, sealed: bytes, field_key: bytes) -> bytes:
        """Keep a field key that was opened; it."""
        with self._lock:
            self._fields[case_id] = (self._clock() + _KEEP_SECONDS, sealed, field_key)
            self._fields.move_to_end(case_id)
            _let_go(self._fields, self._clock(), _KEEP_FIELD_KEYS)
        return field_key

    def _open(self, wrapped_private: bytes, public: bytes, case_id: str) -> CaseKey:
        private = self.provider.unwrap(wrapped_private, self.context_of(case_id))
        if public_of(private) != public:
            raise Unreadable()
        return CaseKey(private, public)

    def _keep(self, case_id: str, pair: CaseKey) -> CaseKey:
        now = self._clock()
        with self._lock:
            self._kept[case_id] = (now + _KEEP_SECONDS, pair)
            self._kept.move_to_end(case_id)
            _let_go(self._kept, now, _KEEP_KEYS)
        return pair

    def context_of(self, case_id: str) -> bytes:
        """What the wrap of a case's private key is bound to."""
        return context(self._service, case_id, "", "", "case-key")


def _let_go(kept: OrderedDict[str, Any], now: float, most: int) -> None:
    """What has run out, which is the oldest, and then whatever is more than `most`."""
    while kept and (len(kept) > most or next(iter(kept.values()))[0] <= now):
        kept.popitem(last=False)


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024).decode("ascii", "replace")
    except OSError as error:
        raise WrongSetting(f"The root key file cannot be read ({error.strerror}). Run: exchange init") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise WrongSetting("The root key file can be read by others. Run: chmod 600 on it, then start again.")
    try:
        return from_recovery_text(text)
    except BadInput as error:
        raise WrongSetting("The root key file is damaged. Restore it from the recovery sheet.") from error


def _write_private(path: Path, text: str) -> None:
    """Durable and never half: written under O_EXCL at 0600, removed again if anything fails."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise WrongSetting("There is a root key file already. It was left as it is.") from error
    except OSError as error:
        raise WrongSetting(f"The root key file cannot be made ({error.strerror}).") from error
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            os.fchmod(handle, 0o600)
            file.write(text)
            file.flush()
            os.fsync(handle)
        _sync_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
