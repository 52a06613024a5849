"""The restore drill: into an empty place, with real PostgreSQL, in folders and in S3; and what is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text

from exchange.core.audit import Outcome, verify
from exchange.core.errors import ExchangeError, LinkDead, NotFound, Refused, SignInNeeded
from exchange.core.gate import Act, explain
from exchange.core.ledger import Peaks
from exchange.core.model import Channel, FactKind, State
from exchange.core.notes import Verifier
from exchange.settings import Settings
from exchange.steps import (
    accounts,
    backup,
    bars,
    cases,
    concern,
    consent,
    erase,
    hold,
    offer,
    release,
    review,
    tasks,
    visit,
)
from exchange.steps import restored as steps_restored
from exchange.steps.restore import Record, Wanted
from exchange.store import facts, ledger_copy, ledger_read, reaper
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import plain_url
from exchange.store.ledgerkey import load_signer
from exchange.store.objects import LocalObjects
from exchange.store.service import Service, open_service
from exchange.store.unit import reading
from tests.integration.test_erasure import all_leaves, readable
from tests.support.backups import Drill, drill, empty_place, restored
from tests.support.swift import Swift
from tests.support.world import World

COOKIE = "c" * 43


@pytest.fixture(params=["folders", "s3"])
async def here(service: Service, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Drill]:
    """A service with a case, and a place for backups: folders, or buckets of a real S3 server."""
    swift: Swift | None = request.getfixturevalue("swift") if request.param == "s3" else None
    place = tmp_path / f"d{abs(hash(request.node.name)) % 10**8}"
    place.mkdir()
    async with drill(service, place, swift) as made:
        yield made


@pytest.fixture
async def local(service: Service, tmp_path: Path) -> AsyncIterator[Drill]:
    """The same in folders."""
    async with drill(service, tmp_path, None) as made:
        yield made


async def verified(service: Service, since: str) -> Any:
    """What an auditor's own check says of the whole record, against a checkpoint kept from before."""
    verifier = load_signer(service.settings.ledger_key_file).verifier
    async with reading(service) as conn:
        lines = [line async for line in ledger_read.export(conn)]
    return verify(lines, verifier, since)


async def test_a_restore_brings_back_what_was_there_and_nothing_that_went(
    here: Drill, migrated_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Show 3: readable, the record whole against the last outside checkpoint, erased and withdrawn stay so, no old
    link or session works, every case is paused until a person lifts it."""
    world, service = here.world, here.service
    kept = await world.approved()
    gone = await world.approved()
    taken_back, _ = await world.offered()
    read, link = await world.released()
    session = (await world.visit(link, COOKIE)).id
    before = await readable(service, world.case)
    await here.sign()
    made = await here.backup()
    assert (made.objects, made.missing) == (len(before), ())
    assert made.copied == len(before)

    await erase.erase_message(service, world.supervisor, gone)
    await consent.withdraw_message(service, world.facilitator, taken_back)
    await world.fact(FactKind.CONTACT_ORDER, "in_force")
    outside = await here.sign()

    with empty_place(migrated_postgres, service.settings, tmp_path / "again") as there:
        done = await restored(there, here.place, Wanted(since=outside), _surviving(here))
        assert done.objects == len(before)
        assert done.from_outside > 0
        async with open_service(there, with_keys=True) as opened:
            again = replace(opened, objects=_surviving(here) or opened.objects)
            now = World(**{**vars(world), "service": again})
            await _nothing_old_opens(now, link.secret, session)
            assert await now.state(gone) == State.ERASED
            assert await now.state(taken_back) == State.WITHDRAWN
            still = await readable(again, world.case)
            assert still == before - await objects_of(service, gone)
            assert await objects_of(again, kept) <= still
            assert await objects_of(again, read) <= still
            await _paused_until_lifted(now, kept)
            verdict = await verified(again, outside)
            assert verdict.outcome is Outcome.WHOLE, verdict.problems
            leaves = await all_leaves(again)
            assert leaves[: len(await all_leaves(service))] == await all_leaves(service)


def _surviving(here: Drill) -> Any:
    """Where the record lies outside the backup: the object store, which in this drill outlived the database."""
    return here.service.objects


async def objects_of(service: Service, message: UUID) -> set[str]:
    """The objects of one message, by its rows."""
    p, r, u = t.piece, t.revision, t.upload
    pieces = select(p.c.object_key).join(u).where(u.c.message_id == message)
    parts = select(t.part.c.object_key).join(r).where(r.c.message_id == message)
    async with reading(service) as conn:
        return {row for query in (pieces, parts) for row in (await conn.execute(query)).scalars()}


async def _nothing_old_opens(now: World, secret: str, session: UUID) -> None:
    """Neither the link nor the session of before, and nothing is left in the rows that could open anything."""
    service = now.service
    with pytest.raises(ExchangeError) as refused:
        await now.visit(type("Link", (), {"secret": secret})(), "g" * 43)
    assert isinstance(refused.value, LinkDead)
    with pytest.raises((SignInNeeded, LinkDead, NotFound)):
        await visit.load(service, COOKIE, session)
    async with reading(service) as conn:
        for table in (t.link, t.portal_session):
            assert {row.payload for row in await conn.execute(select(table.c.payload))} == {None}
        assert (await conn.execute(select(t.grant))).first() is None
        assert set((await conn.execute(select(t.link.c.state))).scalars()) <= {"revoked", "done", "expired", "locked"}


async def _paused_until_lifted(now: World, message: UUID) -> None:
    """The gate says no for the pause; the team finds a task; lifted by a person, it says it no more."""
    service = now.service
    async with reading(service) as conn:
        row = (await conn.execute(select(t.message).where(t.message.c.id == message))).one()
        known = await facts.load(conn, row, digest=await now.digest(message))
        at = (await conn.execute(select(text("now()")))).scalar_one()
        waits = select(t.task.c.kind).where(t.task.c.kind == "decide_pause", t.task.c.done_at.is_(None))
        assert (await conn.execute(waits)).scalars().all() == ["decide_pause"]
    codes = {reason.code for reason in explain(Act.OFFER, known, at).reasons}
    assert {"case_paused", "contact_order"} <= codes
    await now.fact(FactKind.PAUSE, "off")
    async with reading(service) as conn:
        known = await facts.load(conn, row, digest=await now.digest(message))
        assert (await conn.execute(waits)).first() is None
    assert "case_paused" not in {reason.code for reason in explain(Act.OFFER, known, at).reasons}


async def test_into_a_really_empty_place_the_record_comes_from_an_export(
    local: Drill, migrated_postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Database and objects are lost; what the auditor has leads on. Without it the restore says so and stops."""
    world, service = local.world, local.service
    message = await world.approved()
    await local.sign()
    await local.backup()
    await erase.erase_message(service, world.supervisor, message)
    outside = await local.sign()
    copy = LocalObjects(service.settings.objects_folder or tmp_path)
    verifier = load_signer(service.settings.ledger_key_file).verifier
    head = await ledger_copy.copied(copy, verifier)
    assert head is not None
    record = Record(await ledger_copy.note_of(copy), 0, await ledger_copy.read(copy, 0, head.size))
    with empty_place(migrated_postgres, service.settings, tmp_path / "again") as there:
        with pytest.raises(Refused, match="Nothing tells what happened"):
            await restored(there, local.place, Wanted())
        with pytest.raises(Refused, match="covers"):
            await restored(there, local.place, Wanted(without_record=True, since=outside))
        assert _is_empty(there)
        await _nobody_comes_in_before_it_is_done(there, local, Wanted(record=record), monkeypatch)
        done = await restored(there, local.place, Wanted(record=record, since=outside))
        assert done.erased == 1
        async with open_service(there, with_keys=True) as again:
            assert await readable(again, world.case) == set()
            assert (await verified(again, outside)).outcome is Outcome.WHOLE
            assert (await ledger_copy.copied(again.objects, verifier)) is not None
        with pytest.raises(Refused, match="not empty"):
            await restored(there, local.place, Wanted(record=record))


async def _nobody_comes_in_before_it_is_done(
    there: Settings, local: Drill, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is loaded, links are alive again: no process of the service gets a connection. Then it breaks off."""
    refused = []

    async def broken(_service: Service) -> int:
        for url in (there.database_url, there.portal_database_url):
            assert url is not None
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(plain_url(url.get_secret_value()))
            refused.append(url)
        raise Refused("broken off")

    with monkeypatch.context() as then:
        then.setattr(steps_restored, "close_everything", broken)
        with pytest.raises(Refused, match="broken off"):
            await restored(there, local.place, wanted)
    assert len(refused) == 2
    assert _is_empty(there)


async def test_what_was_decided_since_is_done_again_or_looked_at_again(
    local: Drill, migrated_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """A retracted approval, a concern, a person barred, a legal hold, a changed password, a new contact: none of it
    is forgotten; and after people have looked it can be shared anew."""
    world, service = local.world, local.service
    approved, worry, offered = await world.shared(), await world.approved(), (await world.offered())[0]
    await local.sign()
    await local.backup()
    await review.retract(service, world.facilitator, approved, await world.digest(approved), reason="A street.")
    await concern.raise_concern(service, world.facilitator, worry, kind="threat", note="Look.")
    await world.accept(offered)
    await bars.set_bar(service, world.supervisor, world.case, world.second.id or world.case, reason="A cousin.")
    await hold.place_hold(service, world.supervisor, world.case, "A court asked.")
    await accounts.reset(service, world.administrator, world.stranger.id or world.case)
    contact = cases.SafeContact(Channel.PHONE, address="01632 960 111")
    await cases.set_safe_contact(service, world.facilitator, world.recipient, contact)
    await world.letter()
    outside = await local.sign()
    with empty_place(migrated_postgres, service.settings, tmp_path / "again") as there:
        done = await restored(there, local.place, Wanted(since=outside), service.objects)
        assert done.closed == ["reed"]
        assert list(done.lost.values()) == [1]
        async with open_service(there, with_keys=True) as opened:
            now = World(**{**vars(world), "service": replace(opened, objects=service.objects)})
            assert await now.state(approved) == State.WITHHELD
            assert await now.state(worry) == State.CONCERN
            assert await now.state(offered) == State.IN_REVIEW
            await _remembered(now)
            await _shared_anew(now, offered)


async def _remembered(now: World) -> None:
    async with reading(now.service) as conn:
        kinds = set((await conn.execute(select(t.task.c.kind).where(t.task.c.done_at.is_(None)))).scalars())
        barred = (await conn.execute(select(t.bar.c.account_id).where(t.bar.c.until.is_(None)))).scalars().all()
        held = (await conn.execute(select(t.legal_hold.c.id).where(t.legal_hold.c.lifted_at.is_(None)))).all()
        whom = set((await conn.execute(select(t.safe_contact.c.participant_id))).scalars())
        active = (await conn.execute(select(t.account.c.active).where(t.account.c.login == "reed"))).scalar_one()
    assert {"decide_pause", "again_stopped", "again_person", "again_message"} <= kinds
    assert (barred, len(held), active) == ([now.second.id], 1, False)
    assert whom == {now.author}


async def _shared_anew(now: World, message: UUID) -> None:
    """After people have looked: lifted, approved, agreed and handed over again."""
    async with reading(now.service) as conn:
        changed = (await conn.execute(select(t.task.c.id).where(t.task.c.kind == "again_person"))).scalars().all()
    for task in changed:
        await tasks.finish_task(now.service, now.facilitator, task)
    await now.fact(FactKind.PAUSE, "off")
    contact = cases.SafeContact(Channel.EMAIL, address="harmed@people.example")
    await cases.set_safe_contact(now.service, now.facilitator, now.recipient, contact)
    await now.approve(message)
    await now.agree_to_share(message)
    told = offer.Terms("A letter of one page.", Channel.PHONE)
    await offer.make_offer(now.service, now.facilitator, message, told)
    await now.accept(message)
    await release.release_by_link(now.service, now.facilitator, message, channel=Channel.EMAIL)
    assert await now.state(message) == State.RELEASED


def _is_empty(settings: Settings) -> bool:
    """No table but the mark that a restore ended here, and no object."""
    assert settings.owner_database_url is not None
    with psycopg.connect(plain_url(settings.owner_database_url.get_secret_value())) as connection:
        tables = connection.execute("select relname from pg_class where relnamespace = 'public'::regnamespace")
        names = {row[0] for row in tables}
    folder = settings.objects_folder
    assert folder is not None
    return names <= {"restoring"} and not [path for path in folder.rglob("*") if path.is_file()]


async def test_what_is_kept_long_enough_is_thrown_away_with_its_objects(
    local: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates of erasure name that day: heads, streams, and objects that no backup needs any more."""
    world, service = local.world, local.service
    gone, kept = await world.letter(), await world.letter()
    long_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(days=36)
    with monkeypatch.context() as then:
        then.setattr(backup, "_now", lambda _service: _moment(long_ago))
        await local.backup()
    await erase.erase_message(service, world.supervisor, gone)
    await reaper.reap(service)
    second = await local.backup()
    assert second.thrown_away == 1
    opened = await backup.check(service, local.place)
    assert opened.head.id == second.id
    names = {key async for key, _ in local.place.list("objects/")}
    assert names == {f"objects/{key}" for key in await objects_of(service, kept)}
    assert [head async for head, _ in local.place.list("head/")] == [f"head/{second.id}"]


async def _moment(at: datetime) -> datetime:
    return at


async def test_an_object_that_the_store_has_lost_is_told_and_an_erased_one_is_not(local: Drill) -> None:
    """The backup is made of what is there; what a row needs and the store lacks is named."""
    service = local.service
    message = await local.world.letter()
    lost = min(await objects_of(service, message))
    await service.objects.delete(lost)
    made = await local.backup()
    assert made.missing == (lost,)
    assert made.objects == len(await objects_of(service, message)) - 1


async def test_the_record_outside_is_never_written_over_by_a_database_that_went_back(local: Drill) -> None:
    """A longer record in the store stays; a changed one leads to no signed root."""
    world, service = local.world, local.service
    await world.letter()
    await local.sign()
    verifier: Verifier = load_signer(service.settings.ledger_key_file).verifier
    head = await ledger_copy.copied(service.objects, verifier)
    assert head is not None
    async with reading(service) as conn:
        size = (await conn.execute(text("select max(size) from public.ledger_checkpoint"))).scalar_one()
    assert head.size == size
    longer = replace(head, size=head.size + 1).signed(load_signer(service.settings.ledger_key_file))
    await service.objects.put(ledger_copy.NEWEST, longer.encode())
    with pytest.raises(ExchangeError, match="does not continue"):
        await ledger_copy.add(service, verifier)
    assert (await ledger_copy.note_of(service.objects)) == longer
    leaves = await ledger_copy.read(service.objects, 0, head.size)
    assert ledger_copy.prove(Peaks(), leaves, head).root() == head.root
    changed = [leaves[0].replace("operator", "operators"), *leaves[1:]]
    for wrong in (changed, leaves[:-1], leaves[::-1]):
        with pytest.raises(ExchangeError):
            ledger_copy.prove(Peaks(), wrong, head)
