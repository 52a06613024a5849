"""Signs the record's head with the key that only workers have, and remembers the newest note elsewhere.

The note lies beside the signing key. A database that was rolled back no longer holds that checkpoint and is
not signed again (DESIGN section 9).
"""

import os
from contextlib import suppress
from pathlib import Path

from exchange.store import ledger
from exchange.store.ledgerkey import load_signer
from exchange.store.service import Service
from exchange.store.unit import reading


async def sign(service: Service) -> str | None:
    """A new checkpoint, or None where nothing is new. LedgerBroken, LedgerUnavailable, WrongSetting.

    The note is kept after the commit: one that the database never had would stop all signing.
    """
    key_file = service.settings.ledger_key_file
    async with reading(service) as conn:
        note = await ledger.checkpoint(conn, load_signer(key_file), _kept(key_file))
    if note is not None:
        _keep(key_file, note)
    return note


def note_file(key_file: Path) -> Path:
    """Where the newest note is kept."""
    return key_file.with_suffix(".checkpoint")


def _kept(key_file: Path) -> str | None:
    with suppress(FileNotFoundError):
        return note_file(key_file).read_text(encoding="utf-8")
    return None


def _keep(key_file: Path, note: str) -> None:
    """Whole or not at all: written beside, synced, renamed."""
    draft = note_file(key_file).with_suffix(f".{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(note_file(key_file))
