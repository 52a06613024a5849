"""From nothing to a service: keys on disk, the service's own key pair, what administration says of it.

`exchange init` and the demo share `make_keys` and `found_service`; both can be run again and change nothing
that is there. A service is founded as a demonstration or for real people, and never becomes the other.
"""

from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from exchange.core.errors import Refused
from exchange.core.keys import random_below
from exchange.core.model import OPERATOR
from exchange.core.notes import Verifier
from exchange.core.recovery import from_recovery_text, recovery_words
from exchange.core.rootwrap import scheme_of
from exchange.settings import Settings
from exchange.steps import settings as service_settings
from exchange.store.ledgerkey import create_signer, load_signer, origin_of
from exchange.store.rootkey import FileKeys, FileRootKey
from exchange.store.sealing import ROOT_KEY, follow, new_key_pair
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

KEY_PAIR, DEMO, CONFIRMED = "key_pair", "demo", "recovery_confirmed"
_ONE_AT_A_TIME = 7_401_885
_LOOKS_ALIKE = str.maketrans("OIL", "011")


def make_keys(settings: Settings, *, console_url: str = "") -> Verifier:
    """Make root key and ledger key where they are missing; the public half of the ledger key.

    Folders that are made get mode 0700; those that are there are left as they are. Raises WrongSetting.
    """
    for path in (settings.root_key_file, settings.ledger_key_file):
        _private_folder(path.parent)
    if not settings.root_key_file.exists():
        FileRootKey.create(settings.root_key_file)
    FileRootKey(settings.root_key_file)
    if not settings.ledger_key_file.exists():
        origin = origin_of(console_url or settings.console_url)
        return create_signer(settings.ledger_key_file, origin).verifier
    return load_signer(settings.ledger_key_file).verifier


async def found_service(service: Service, *, demo: bool, name: str, **values: Any) -> None:
    """Make the service's key pair and write its settings (`steps.settings.ServiceSettings` by name).

    Founded already: nothing changes; `Refused` if it was founded as the other kind. Raises BadInput.
    """
    async with unit_of_work(service, OPERATOR) as unit:
        await unit.conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
        if await service_settings.row(unit.conn, KEY_PAIR) is not None:
            await _same_kind(unit, demo)
            return
        await service_settings.put(unit, ROOT_KEY, await follow(service, unit.conn))
        opener = await new_key_pair(service, unit.conn, uuid4())
        await service_settings.put(unit, KEY_PAIR, str(opener.owner))
        await service_settings.put(unit, DEMO, demo)
        await service_settings.write(unit, service_name=name, **values)
        unit.leaf("service.founded", key=opener.owner, kind="demo" if demo else "real")
    await service_settings.read(service, fresh=True)


async def is_founded(service: Service) -> bool:
    """Whether this database holds a service."""
    async with reading(service) as conn:
        return await service_settings.row(conn, KEY_PAIR) is not None


async def is_demo(service: Service) -> bool:
    """Whether this database was founded as a demonstration."""
    async with reading(service) as conn:
        found = await service_settings.row(conn, DEMO)
    return bool(found and found.value)


async def confirm_recovery(service: Service) -> None:
    """Record that the recovery sheet of the root key in use was printed and a word of it typed back."""
    assert service.keys is not None
    async with unit_of_work(service, OPERATOR) as unit:
        await service_settings.put(unit, CONFIRMED, await follow(service, unit.conn))
        unit.leaf("service.recovery_confirmed")


def file_of(service: Service, key: str) -> Path | None:
    """Where the root key of this name lies, None if it is not one in a file."""
    if scheme_of(key) != "file":
        return None
    return FileKeys(service.settings.root_key_file).file_of(key)


def verifier_of(service: Service) -> Verifier | None:
    """The auditor's key, None on a machine without the key that signs the record."""
    path = service.settings.ledger_key_file
    return load_signer(path).verifier if path.exists() else None


def recovery_sheet(settings: Settings, verifier: Verifier | None, name: str, file: Path | None = None) -> str:
    """What is printed and kept where the service is not: root key and the auditor's verification key."""
    audit = ["", "Verification key of the record (not secret; give it to your auditor):"]
    return "\n".join(
        (
            f"RECOVERY SHEET of {name}",
            "Print this twice. Keep it locked away, not with the service and not with its backup.",
            "Whoever has it and a backup can read everything; without it a backup cannot be read at all.",
            "",
            (file or settings.root_key_file).read_text(encoding="ascii").rstrip(),
            *([*audit, verifier.vkey] if verifier else []),
        )
    )


def ask_word(settings: Settings, file: Path | None = None) -> tuple[str, str]:
    """Which group of the sheet to type back, in words, and what it is."""
    words = recovery_words(from_recovery_text((file or settings.root_key_file).read_text(encoding="ascii")))
    place = random_below(len(words))
    return f"line {place // 4 + 1}, group {place % 4 + 1}", words[place]


def same_word(untrusted: str, word: str) -> bool:
    """Whether the group was typed back, forgiving case, spaces and characters that look alike."""
    return "".join(untrusted.split()).upper().translate(_LOOKS_ALIKE) == word


async def _same_kind(unit: Unit, demo: bool) -> None:
    found = await service_settings.row(unit.conn, DEMO)
    if bool(found and found.value) != demo:
        raise Refused(
            "This folder holds a demonstration. Choose an empty folder for a real service."
            if not demo
            else "This folder holds a real service. The demonstration needs a folder of its own."
        )


def _private_folder(folder: Path) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
