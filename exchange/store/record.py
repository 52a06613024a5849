"""Signs the record's head with the key that only workers have, and remembers the newest note elsewhere.

The note lies in the service's own folder, outside the database: one that was rolled back no longer holds that
checkpoint and is not signed again (DESIGN section 9). The key's folder may be read-only.
"""

import os
from contextlib import suppress
from pathlib import Path

from exchange.settings import Settings
from exchange.store import ledger
from exchange.store.failpoints import failpoint
from exchange.store.ledgerkey import load_signer
from exchange.store.placing import places_of
from exchange.store.service import Service
from exchange.store.unit import reading


async def sign(service: Service) -> str | None:
    """A new checkpoint, or None where nothing is new. LedgerBroken, LedgerUnavailable, WrongSetting.

    The note is kept after the commit: one that the database never had would stop all signing.
    """
    place = note_file(service.settings)
    await places_of(service.engine).settle()
    async with reading(service) as conn:
        note = await ledger.checkpoint(conn, load_signer(service.settings.ledger_key_file), _kept(place))
    if note is not None:
        failpoint("record.signed")
        _keep(place, note)
        failpoint("record.kept")
    return note


async def begin_again(service: Service) -> None:
    """After a restore: what is kept from before and is not in the database any more is laid aside, not destroyed."""
    place = note_file(service.settings)
    async with reading(service) as conn:
        last = await ledger.newest(conn)
    if (before := _kept(place)) is not None and (last is None or before != last.note):
        place.replace(place.with_suffix(".before-restore"))
    if last is not None:
        _keep(place, last.note)


def note_file(settings: Settings) -> Path:
    """Where the newest note is kept."""
    return settings.folder / "checkpoint" / "newest.note"


def _kept(place: Path) -> str | None:
    with suppress(FileNotFoundError):
        return place.read_text(encoding="utf-8")
    return None


def _keep(place: Path, note: str) -> None:
    """Whole or not at all: written beside, synced, renamed."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_suffix(f".{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
