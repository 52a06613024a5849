"""Red team: the portal's process, its role, the whole database and all objects together open nothing.

First the attack is proved to work: with the root key it opens everything, with one visitor's secret exactly what
that visitor may read. Without either it must open nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core.links import new_secret
from exchange.core.model import Channel, ConsentKind, Kind
from exchange.steps import consent, draft, links, release, sending, upload, view
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.database import cloned, role_urls
from tests.support.red_team import Loot, Result, attack, dump_of, plunder
from tests.support.roles import as_portal
from tests.support.running import Exchange, running_exchange
from tests.support.world import World, said_of

LETTERS = 6
"""Letters that only lie there, in review."""
PIECES = 3


@dataclass
class Planted:
    """A service in the middle of its work, and what each visitor holds: their secret, and the objects it is for."""

    loot: Loot
    root_key: bytes
    expected: dict[str, set[str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def running(
    migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Exchange]]:
    """A portal as a process of its own, over a fresh database."""
    folder = tmp_path_factory.mktemp("red-team")
    with cloned(migrated_postgres) as url, running_exchange(url, folder, names=("portal",)) as found:
        yield url, found


@pytest.fixture(scope="module")
def planted(running: tuple[str, Exchange]) -> Planted:
    """Visitors in the middle of reading, previewing, accepting, writing; a link nobody opened; then all is taken."""
    url, exchange = running
    return asyncio.run(_plant(url, exchange))


async def _plant(url: str, exchange: Exchange) -> Planted:
    async with exchange.service() as service:
        world = await exchange.case(service)
        found = Planted(Loot({}, {}, set()), exchange.settings.root_key_file.read_bytes())
        for number in range(LETTERS):
            await world.letter(f"Letter {number}: this must never be read by a thief.")
        await _reader(world, found)
        await _preview(world, found)
        await _accepted_just_now(world, found)
        await _writer(world, found)
        message, link = await world.released("A letter whose link nobody has opened.")
        found.secrets["a link"], found.expected["a link"] = link.secret, await _parts(service, message)
        dump = dump_of(plain_url(url))
        found.loot = plunder(dump, await _bucket(service), *_told(exchange), *_seen(url))
        return found


async def _reader(world: World, found: Planted) -> None:
    message, link = await world.released("A letter that is being read.")
    cookie = new_secret()
    visit = await world.visit(link, cookie)
    opened = await view.open_for_visitor(as_portal(world.service), visit, "text")
    assert await opened.reader.whole()
    found.secrets["a reader"], found.expected["a reader"] = cookie, await _parts(world.service, message)


async def _preview(world: World, found: Planted) -> None:
    message = await world.approved("A letter that its author looks at.")
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    cookie = new_secret()
    await world.visit(link, cookie)
    found.secrets["an author"], found.expected["an author"] = cookie, await _parts(world.service, message)


async def _accepted_just_now(world: World, found: Planted) -> None:
    """The grant is sealed to the session's own key pair by a worker."""
    message, link = await world.offered("A letter accepted in this sitting.", by_link=True, on_acceptance=True)
    assert link is not None
    cookie, portal = new_secret(), as_portal(world.service)
    visit = await world.visit(link, cookie)
    said = portal, visit.actor, world.recipient, ConsentKind.RECEIVE, True, said_of(ConsentKind.RECEIVE)
    await consent.record(*said, message_id=message)
    assert await release.grant_on_acceptance(world.service, visit.id, message)
    found.secrets["who accepted"], found.expected["who accepted"] = cookie, await _parts(world.service, message)


async def _writer(world: World, found: Planted) -> None:
    """A draft, and an upload of several pieces that is under way."""
    link = await links.invite(
        world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL, kind=Kind.AUDIO
    )
    cookie, portal = new_secret(), as_portal(world.service)
    visit = await world.visit(link, cookie)
    await draft.save(portal, visit, "A draft that must never be read by a thief.")
    message = await sending.begin(portal, visit)
    visitor = draft.visitor(visit)
    made = await upload.begin_upload(portal, visit.actor, message, size=PIECES * 9_000_000, visitor=visitor)
    await upload.append(portal, visit.actor, made, 0, _chunks(), visitor=visitor)
    async with reading(world.service) as conn:
        mine = select(t.piece.c.object_key).where(t.piece.c.upload_id == made, t.piece.c.durable)
        found.expected["an author at work"] = set((await conn.execute(mine)).scalars())
    found.secrets["an author at work"] = cookie
    assert len(found.expected["an author at work"]) >= PIECES


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(PIECES * 9):
        yield bytes(1_000_000)


async def _parts(service: Service, message: UUID) -> set[str]:
    mine = select(t.part.c.object_key).join(t.revision, t.revision.c.id == t.part.c.revision_id)
    async with reading(service) as conn:
        return set((await conn.execute(mine.where(t.revision.c.message_id == message))).scalars())


async def _bucket(service: Service) -> dict[str, bytes]:
    return {name: await service.objects.get(name) async for name, _ in service.objects.list("")}


def _told(exchange: Exchange) -> Iterator[str]:
    """What the process was given: its whole environment and command line, and every setting it works with."""
    process = exchange.tree.children[0].process
    assert process is not None
    for name in ("environ", "cmdline"):
        yield from Path(f"/proc/{process.pid}/{name}").read_text(encoding="utf-8").split("\0")
    settings = exchange.settings.for_portal()
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        yield value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)


def _seen(url: str) -> Iterator[bytes]:
    """What the portal's role can select by itself."""
    seen = dump_of(plain_url(role_urls(url)["portal_database_url"]), every=False)
    assert {"account", "ledger_leaf", "procrastinate_jobs"}.isdisjoint(seen)
    assert set(seen["key_pair"][0]) == {"id", "public"}
    yield from plunder(seen, {}).values


def test_the_portals_process_is_told_nothing_but_its_own(running: tuple[str, Exchange]) -> None:
    """No path of a key, no other role's URL or password: neither in its environment nor on its command line."""
    url, exchange = running
    told = "\n".join(_told(exchange))
    urls = role_urls(url)
    assert urls["portal_database_url"] in told
    for other in ("owner_database_url", "database_url"):
        assert urls[other] not in told
        assert urls[other].split(":")[2].split("@")[0] not in told
    for word in ("root.key", "ledger.key", "ROOT_KEY", "LEDGER_KEY", "SMTP_PASSWORD"):
        assert word not in told


def test_the_portal_the_database_and_the_bucket_together_open_nothing(planted: Planted) -> None:
    """Every value found anywhere, as every kind of key, in every context: not one object, not one key, not one text."""
    result = attack(planted.loot)
    _say("without a secret", result)
    assert result.objects == len(planted.loot.objects) >= 2 * LETTERS + sum(map(len, planted.expected.values()))
    assert (result.opened, result.unwrapped) == ({}, set())


def test_the_attack_works_with_the_root_key_it_opens_everything(planted: Planted) -> None:
    """The proof that the program would find what there is to find: all that a data key exists for."""
    result = attack(planted.loot, planted.root_key)
    _say("with the root key", result)
    assert set(result.opened) == set(planted.loot.objects)
    assert {"case key", "field key", "link's secret", "a text"} <= result.unwrapped
    assert any(b"must never be read" in plain for plain in result.opened.values())


@pytest.mark.parametrize("who", ["a reader", "an author", "who accepted", "an author at work", "a link"])
def test_with_one_visitors_secret_it_opens_exactly_theirs(planted: Planted, who: str) -> None:
    """One session's cookie, or one link nobody has opened yet: the objects of that visit, and no other."""
    result = attack(planted.loot, planted.secrets[who])
    _say(f"with the secret of {who}", result)
    assert planted.expected[who]
    assert set(result.opened) == planted.expected[who]
    assert "case key" not in result.unwrapped


def _say(what: str, result: Result) -> None:
    tried, opened = f"{result.values} values, {result.tried} tries", len(result.opened)
    print(f"{what}: {tried}, objects {result.objects}, opened {opened}")  # noqa: T201  # the figure that is asked for
