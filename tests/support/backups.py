"""A service with a case in it, its backup, and an empty place to restore it into."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from exchange.core.model import OPERATOR
from exchange.settings import Settings
from exchange.steps import backup, restore, setup, signing
from exchange.steps.restore import Restored, Wanted
from exchange.store.backup.place import open_place
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.objects import ObjectStore, open_objects
from exchange.store.service import Service, open_service
from tests.support.database import cloned, role_urls
from tests.support.swift import Swift
from tests.support.world import World, make_world

__all__ = ["OPERATOR", "Drill", "drill", "empty_place", "restored"]


class Drill:
    """A founded service over `kind` of store (`local` or `s3`), and the place of its backups."""

    def __init__(self, world: World, place: ObjectStore) -> None:
        self.world, self.place = world, place
        self.service = world.service

    @property
    def owner(self) -> str:
        """The URL of the database's owner."""
        assert self.service.settings.owner_database_url is not None
        return self.service.settings.owner_database_url.get_secret_value()

    async def sign(self) -> str:
        """Sign the record, also outside the database; the newest note."""
        await signing.sign(self.service)
        return (self.service.settings.folder / "checkpoint" / "newest.note").read_text()

    async def backup(self) -> backup.Made:
        """Make one."""
        return await backup.make(self.service, self.owner, self.place)


@asynccontextmanager
async def drill(service: Service, folder: Path, swift: Swift | None) -> AsyncIterator[Drill]:
    """Objects and backups in folders, or each in a bucket of its own."""
    values: dict[str, Any] = {"backup_to": f"local:{folder / 'backups'}", "backup_days": 35}
    if swift is not None:
        there = {f"backup_{name}": value for name, value in swift.settings(f"{folder.name}-b").items()}
        there.pop("backup_objects")
        secrets = ("backup_s3_access_key", "backup_s3_secret_key")
        there |= {name: SecretStr(str(there[name])) for name in secrets}
        values |= there | {"backup_to": "s3"}
    settings = service.settings.model_copy(update=values)
    objects = open_objects(Settings.load(folder=folder, **swift.settings(folder.name))) if swift else service.objects
    used = replace(service, settings=settings, objects=objects)
    setup.make_keys(settings)
    await setup.found_service(used, demo=True, name="Letter Bridge")
    place = open_place(settings)
    try:
        yield Drill(await make_world(used), place)
    finally:
        await place.close()
        if swift:
            await objects.close()


@contextmanager
def empty_place(server: EmbeddedPostgres, source: Settings, folder: Path, **changes: Any) -> Iterator[Settings]:
    """Another machine: an empty database, no objects, no keys but the root key from the sheet."""
    with ExitStack() as stack:
        url = stack.enter_context(cloned(server, "template0"))
        roles = {name: SecretStr(value) for name, value in role_urls(url).items()}
        keys = folder / "keys"
        keys.mkdir(mode=0o700, parents=True)
        (keys / "root.key").touch(mode=0o600)
        (keys / "root.key").write_text(source.root_key_file.read_text())
        own = {"folder": folder, "root_key_file": keys / "root.key", "ledger_key_file": keys / "ledger.key"}
        own |= {"objects": f"local:{folder / 'objects'}", "scratch": folder / "scratch"}
        yield source.model_copy(update={**own, **roles, **changes})


async def restored(
    settings: Settings, place: ObjectStore, wanted: Wanted, objects: ObjectStore | None = None
) -> Restored:
    """Restore there as the owner."""
    assert settings.owner_database_url is not None
    owner = settings.owner_database_url.get_secret_value()
    async with open_service(settings.model_copy(update={"database_url": SecretStr(owner)}), with_keys=True) as opened:
        return await restore.restore(replace(opened, objects=objects or opened.objects), owner, place, wanted)
