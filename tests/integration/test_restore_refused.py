"""Backups that were spoiled, are old or outdated, or of another key: refused with a sentence, and nothing stays."""

import re
from pathlib import Path

import pytest

from exchange.core.errors import ExchangeError, NotFound, Refused
from exchange.steps.restore import Wanted
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.rootkey import FileRootKey
from tests.integration.test_restore import _is_empty, local
from tests.support.backups import Drill, empty_place, restored

__all__ = ["local"]


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and re.search(pattern, path.name))


def _flip(files: list[Path]) -> None:
    data = bytearray(files[0].read_bytes())
    data[len(data) // 2] ^= 1
    files[0].write_bytes(bytes(data))


def _cut(files: list[Path]) -> None:
    files[0].write_bytes(files[0].read_bytes()[:-20])


def _remove(files: list[Path]) -> None:
    files[0].unlink()


def _swap(files: list[Path]) -> None:
    """What belongs to two backups, or to two objects, in each other's place."""
    one, other = files[0].read_bytes(), files[1].read_bytes()
    files[0].write_bytes(other)
    files[1].write_bytes(one)


DATABASE, LIST, HEAD, OBJECT = r"^data.*database", r"^data.*list", r"^head", r"^objects"
SPOILED = (
    *((spoil, DATABASE, "changed, cut short") for spoil in (_flip, _cut, _remove, _swap)),
    *((spoil, LIST, "changed, cut short") for spoil in (_flip, _cut, _remove, _swap)),
    (_flip, HEAD, "head of this backup|does not open"),
    (_cut, HEAD, "head of this backup"),
    (_swap, HEAD, "head of this backup is of another"),
    *((spoil, OBJECT, "changed in its place") for spoil in (_flip, _cut, _swap)),
    (_remove, OBJECT, "missing in its place"),
)


async def test_a_spoiled_backup_is_refused_and_nothing_stays(
    local: Drill, migrated_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Flipped, truncated, swapped, missing, wherever: a sentence, an empty database, no object. Mended, it restores."""
    await local.world.letter()
    await local.sign()
    await local.backup()
    second = await local.backup()
    with empty_place(migrated_postgres, local.service.settings, tmp_path / "again") as there:
        for spoil, what, sentence in SPOILED:
            files = _files(tmp_path / "backups", what)
            mine = [file for file in files if second.id in file.name or what == OBJECT or spoil is _swap]
            before = {file: file.read_bytes() for file in files}
            spoil(mine)
            with pytest.raises(ExchangeError, match=sentence):
                await restored(there, local.place, Wanted(without_record=True))
            assert _is_empty(there), what
            for file, data in before.items():
                file.write_bytes(data)
        assert (await restored(there, local.place, Wanted(without_record=True))).backup == second.id


async def test_a_wrong_key_an_old_and_an_outdated_backup_are_refused(
    local: Drill, migrated_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Another root key; one older than certificates of erasure allow; one after which a newer was made."""
    await local.world.letter()
    await local.sign()
    first = await local.backup()
    second = await local.backup()
    assert (second.copied, second.objects) == (0, first.objects)
    await local.sign()
    with empty_place(migrated_postgres, local.service.settings, tmp_path / "again") as there:
        with pytest.raises(Refused, match="newer backups"):
            await restored(there, local.place, Wanted(backup=first.id), local.service.objects)
        with pytest.raises(NotFound):
            await restored(there, local.place, Wanted(backup="20200101t000000000000z-00000000"))
        strict = there.model_copy(update={"backup_days": 0})
        with pytest.raises(Refused, match="older than 0 days"):
            await restored(strict, local.place, Wanted(without_record=True))
        there.root_key_file.unlink()
        FileRootKey.create(there.root_key_file)
        with pytest.raises(ExchangeError, match="another root key"):
            await restored(there, local.place, Wanted(without_record=True))
        assert _is_empty(there)
