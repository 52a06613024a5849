"""A database of an earlier version, with a case in it, is brought up to date and worked on.

What lies in `tests/vectors/upgrade` was made by the code of its time (`tests/support/old_version.py`).
"""

import gzip
import json
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import select, text
from typer.testing import CliRunner

from exchange.cli import app
from exchange.core.audit import Outcome
from exchange.core.gate import Act, explain
from exchange.core.model import Actor, ActorKind, Channel, Role, State
from exchange.settings import Settings
from exchange.steps import cases, release, signing, view
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.backup import dump
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.migrate import head
from exchange.store.roles import make_roles
from exchange.store.service import Service, open_service
from exchange.store.unit import now_of, reading
from tests.integration.test_erasure import readable
from tests.integration.test_restore import verified
from tests.support.assessing import assess
from tests.support.database import cloned, role_urls
from tests.support.world import LETTER, World

VERSIONS = sorted(path for path in (Path(__file__).parents[1] / "vectors" / "upgrade").iterdir() if path.is_dir())
DRILL = pytest.mark.asyncio(loop_scope="module")
ROLES = {
    "facilitator": Role.FACILITATOR, "second": Role.FACILITATOR, "stranger": Role.FACILITATOR,
    "supervisor": Role.SUPERVISOR, "auditor": Role.AUDITOR, "administrator": Role.ADMINISTRATOR,
}  # fmt: skip


@dataclass
class Upgraded:
    """The service over what an earlier version left, and the ids of its messages by where they stand."""

    world: World
    ids: dict[str, UUID]
    note: str
    before: str

    @property
    def service(self) -> Service:
        """The service."""
        return self.world.service


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VERSIONS, ids=lambda path: path.name)
async def upgraded(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Upgraded]:
    """Loaded as it was, and brought up to date by the product's own command."""
    left: Path = request.param
    folder = tmp_path_factory.mktemp("upgrade")
    with tarfile.open(left / "folder.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    for path in (folder / "keys", *(folder / "keys").iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    with cloned(postgres, "template0") as url:
        before = await _load(url, left)
        _migrate(url)
        settings = Settings.load(demo=True, folder=folder, scratch=folder / "scratch", **role_urls(url))
        async with open_service(settings, with_keys=True) as service:
            ids = {name: UUID(value) for name, value in json.loads((left / "ids.json").read_text()).items()}
            note = (folder / "checkpoint" / "newest.note").read_text()
            world = _world(service, ids)
            await assess(service, world.facilitator, world.case)  # the one of that day runs out
            yield Upgraded(world, ids, note, before)


async def _load(url: str, left: Path) -> str:
    """The schema's revision before anything was done to it."""

    async def archive() -> AsyncIterator[bytes]:
        yield gzip.decompress((left / "database.dump.gz").read_bytes())

    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        make_roles(connection)
        # the dump makes it again
        connection.execute("drop schema public")
        connection.execute("create schema public authorization pg_database_owner")
        await dump.load(url, archive())
        (revision,) = connection.execute("select version_num from public.alembic_version").fetchone() or ("",)
    return str(revision)


def _migrate(url: str) -> None:
    environment = {f"EXCHANGE_{name.upper()}": value for name, value in role_urls(url).items()}
    done = CliRunner().invoke(app, ["migrate"], env=environment)
    assert done.exit_code == 0, done.output
    assert "up to date" in done.output


def _world(service: Service, ids: dict[str, UUID]) -> World:
    staff = {
        name: Actor(ActorKind.STAFF, ids[name], frozenset({role}), stepped_up=True) for name, role in ROLES.items()
    }
    return World(service=service, **{name: ids[name] for name in ("case", "author", "recipient")}, **staff)


@DRILL
async def test_an_earlier_version_s_database_comes_up_to_date(upgraded: Upgraded) -> None:
    """From the revision that its folder is named after to the newest; every message stands where it stood."""
    async with reading(upgraded.service) as conn:
        assert (await conn.execute(text("select version_num from alembic_version"))).scalar_one() == head()
    assert upgraded.before != head()
    for name in ("in_review", "approved", "offered", "accepted", "released"):
        assert await upgraded.world.state(upgraded.ids[name]) == name
    assert await upgraded.world.state(upgraded.ids["shared"]) == State.APPROVED


@DRILL
async def test_its_record_still_verifies_and_goes_on(upgraded: Upgraded) -> None:
    """Against the checkpoint of that time, also after a new one was signed; the rules were kept."""
    await upgraded.world.approve(upgraded.ids["in_review"])
    await signing.sign(upgraded.service)
    verdict = await verified(upgraded.service, upgraded.note)
    assert verdict.outcome is Outcome.WHOLE, verdict.problems
    assert not verdict.problems


@DRILL
async def test_its_letters_open_and_the_gate_still_says_why(upgraded: Upgraded) -> None:
    """Every object of the case; and what may be handed over may be, what was not accepted may not."""
    async with reading(upgraded.service) as conn:
        objects = {row.object_key for table in (t.part, t.piece) for row in await conn.execute(select(table))}
        assert objects == await readable(upgraded.service, upgraded.world.case)
        codes = {}
        for name in ("offered", "accepted"):
            row = (await conn.execute(select(t.message).where(t.message.c.id == upgraded.ids[name]))).one()
            known = await facts.load(conn, row, digest=await upgraded.world.digest(row.id))
            codes[name] = {reason.code for reason in explain(Act.RELEASE, known, await now_of(conn)).reasons}
    assert codes == {"offered": {"receive_consent"}, "accepted": set()}


@DRILL
async def test_what_was_accepted_before_is_handed_over_and_read_after(upgraded: Upgraded) -> None:
    """By a new link, with the code that was agreed then; and people and cases can be added."""
    world, message = upgraded.world, upgraded.ids["accepted"]
    link = await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    found = await world.visit(link, "c" * 43)
    opened = await view.open_for_visitor(world.service, found, "text")
    assert b"".join([bytes(part) async for part in opened.reader.range(0, opened.reader.size)]).decode() == LETTER
    assert await cases.open_case(world.service, world.facilitator)
    assert await world.state(await world.approved()) == State.APPROVED


def test_nothing_there_but_what_its_own_version_made() -> None:
    """Small, and in the form that the tool writes."""
    assert VERSIONS
    for version in VERSIONS:
        assert {path.name for path in version.iterdir()} == {"database.dump.gz", "folder.tar.gz", "ids.json"}
        assert sum(path.stat().st_size for path in version.iterdir()) < 300 * 1024
