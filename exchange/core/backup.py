"""What a backup says of itself: an open head, and a sealed list of everything in it (docs/decisions/0024).

The head names the backup and holds its data key, wrapped by the root key. Everything else is sealed under that key,
each stream bound to the backup's id and its own name, so that nothing of another backup fits. The root key is in no
backup.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from exchange.core.errors import Refused, Unreadable
from exchange.core.sealed import context

VERSION = 1
DATABASE, LIST = "database", "list"
UNREADABLE = timedelta(days=7)
"""How long after it was begun a backup whose head cannot be read keeps what no other one needs. Told at each backup:
time to put the head back, and then what was erased goes from the place of backups as certificates say."""
_ID = re.compile(r"\d{8}t\d{12}z-[0-9a-f]{8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadBackup(Unreadable):
    """This backup did not pass its check. Nothing was restored."""


@dataclass(frozen=True)
class Head:
    """What stands open: id and the wrapped data key, which is bound to the id, and so to its time."""

    id: str
    key: bytes = field(repr=False)

    @property
    def at(self) -> datetime:
        """When it was begun (UTC)."""
        return begun(self.id)

    @property
    def text(self) -> str:
        """One line of JSON."""
        said = {"id": self.id, "key": self.key.hex(), "v": VERSION}
        return json.dumps(said, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, untrusted: bytes, name: str) -> "Head":
        """The head that lies under `name`. BadBackup."""
        try:
            said = json.loads(untrusted)
            found = cls(said["id"], bytes.fromhex(said["key"]))
        except (ValueError, TypeError, KeyError) as error:
            raise BadBackup("The head of this backup cannot be read. Nothing was restored.") from error
        if said.get("v") != VERSION or found.id != name or not _ID.fullmatch(name):
            raise BadBackup("The head of this backup is of another one. Nothing was restored.")
        return found

    def require_kept(self, days: int, now: datetime) -> None:
        """Refuse a backup older than backups are kept: certificates of erasure say that there is none."""
        if self.at + timedelta(days=days) < now:
            raise Refused(
                f"This backup is older than {days} days. Certificates of erasure say that none as old is kept. "
                "Nothing was restored. If there is no other, say so by EXCHANGE_BACKUP_DAYS."
            )


@dataclass(frozen=True)
class Kept:
    """One object: bytes as they lie in the store, and their SHA-256 (hex)."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """The sealed list. `entries`: how many leaves the record had; `schema`: the newest migration.

    `missing`: objects that a row named and the store did not have. `ledger_key`: the file of the key that signs the
    record, "" where it was not on the machine that made the backup.
    """

    schema: str
    entries: int
    database: Kept
    objects: Mapping[str, Kept] = field(repr=False)
    missing: tuple[str, ...] = ()
    ledger_key: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        """JSON, always the same for the same contents."""
        said: dict[str, Any] = {
            "database": _pair(self.database),
            "entries": self.entries,
            "ledger_key": self.ledger_key,
            "missing": sorted(self.missing),
            "objects": {key: _pair(kept) for key, kept in self.objects.items()},
            "schema": self.schema,
            "v": VERSION,
        }
        return json.dumps(said, sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, text: bytes) -> "Contents":
        """From what was opened under the backup's key. BadBackup."""
        try:
            said = json.loads(text)
            if said["v"] != VERSION:
                raise BadBackup("This backup is of a newer version of the service. Nothing was restored.")
            objects = {key: _kept(pair) for key, pair in said["objects"].items()}
            entries, missing = int(said["entries"]), tuple(said["missing"])
            return cls(said["schema"], entries, _kept(said["database"]), objects, missing, said["ledger_key"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadBackup from error


def new_id(at: datetime, random: bytes) -> str:
    """The id of a backup made at this time (aware); microseconds, so that of two the newer one stands last."""
    return f"{at.astimezone(UTC):%Y%m%dt%H%M%S%fz}-{random[:4].hex()}"


def begun(name: str) -> datetime:
    """When the backup of this id was begun (UTC). BadBackup for what is no id."""
    try:
        if _ID.fullmatch(name):
            return datetime.strptime(name.partition("-")[0], "%Y%m%dt%H%M%S%fz").replace(tzinfo=UTC)
    except ValueError:  # digits that are no time
        pass
    raise BadBackup("There is something in the place of backups that is none.")


def is_id(name: str) -> bool:
    """Whether a backup of ours could have this name."""
    try:
        begun(name)
    except BadBackup:
        return False
    return True


def still_keeps(name: str, now: datetime) -> bool:
    """Whether a backup whose head cannot be read may still need any object: its id names a time within UNREADABLE.

    No backup begins in the future, so an id that says so keeps nothing either, but for clocks that differ a little.
    """
    return abs(now - begun(name)) < UNREADABLE


def key_context(service: str, backup: str) -> bytes:
    """What the wrap of a backup's data key is bound to."""
    return context(service, "", "", backup, "backup-key")


def stream_context(service: str, backup: str, stream: str) -> bytes:
    """What one sealed stream of a backup is bound to."""
    return context(service, "", "", f"{backup}/{stream}", "backup")


def _pair(kept: Kept) -> list[int | str]:
    return [kept.size, kept.sha256]


def _kept(pair: Any) -> Kept:
    size, sha256 = pair
    if type(size) is not int or size < 0 or not _SHA256.fullmatch(sha256):
        raise BadBackup
    return Kept(size, sha256)
