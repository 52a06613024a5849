"""The ledger on real PostgreSQL: appended with the act or not at all, never changed, signed only if true."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from exchange.core.audit import Outcome, verify
from exchange.core.errors import LedgerUnavailable
from exchange.core.export import Filter
from exchange.core.leaf import LeafRefused
from exchange.core.ledger import Peaks, leaf_hash
from exchange.core.notes import BadNote, KeySigner, open_checkpoint
from exchange.store import ledger, ledger_read
from exchange.store.engine import make_engine, plain_url
from tests.support.ledger import CASES, ORIGIN, fields

SIGNER = KeySigner.generate(ORIGIN)
KEY = SIGNER.verifier


@pytest.fixture
async def engine(empty_database: str) -> AsyncIterator[AsyncEngine]:
    """A pool over a fresh database that holds the ledger and nothing else."""
    async with await psycopg.AsyncConnection.connect(plain_url(empty_database)) as conn:
        await conn.execute(ledger.ddl().encode())
    opened = make_engine(empty_database)
    yield opened
    await opened.dispose()


async def add(engine: AsyncEngine, count: int, first: int = 0) -> list[int]:
    """Append `count` leaves in one transaction."""
    async with engine.begin() as conn:
        return await ledger.append(conn, [fields(first + number) for number in range(count)])


async def sign(engine: AsyncEngine, kept: str | None = None) -> str | None:
    """Sign a checkpoint."""
    async with engine.begin() as conn:
        return await ledger.checkpoint(conn, SIGNER, kept)


async def exported(engine: AsyncEngine, filters: Filter | None = None) -> list[str]:
    """The lines of an export."""
    async with engine.begin() as conn:
        return [line async for line in ledger_read.export(conn, filters)]


async def tamper(engine: AsyncEngine, *statements: str) -> None:
    """What a database administrator can do: switch the triggers off and edit."""
    async with engine.begin() as conn:
        for table in ("ledger_leaf", "ledger_head", "ledger_checkpoint"):
            await conn.execute(text(f"alter table {table} disable trigger user"))
        for statement in statements:
            await conn.execute(text(statement))
        for table in ("ledger_leaf", "ledger_head", "ledger_checkpoint"):
            await conn.execute(text(f"alter table {table} enable trigger user"))


async def rewrite_hashes(engine: AsyncEngine) -> None:
    """Make hashes and head fit whatever the leaves now say, as a careful forger would."""
    await tamper(
        engine,
        "update ledger_leaf set hash = sha256(decode('00', 'hex') || convert_to(leaf, 'UTF8'))",
    )
    async with engine.begin() as conn:
        found = (await conn.execute(text("select hash from ledger_leaf order by index"))).scalars().all()
        grown = Peaks().extend(bytes(hash_of_leaf) for hash_of_leaf in found)
        await conn.execute(text("alter table ledger_head disable trigger user"))
        head = {"size": grown.size, "peaks": list(grown.peaks)}
        await conn.execute(text("update ledger_head set size = :size, peaks = :peaks"), head)


async def test_database_and_python_grow_the_same_tree(engine: AsyncEngine) -> None:
    """After every append of 1 to 9 leaves the head in the database is the tree over the leaves."""
    for number in range(1, 10):
        await add(engine, number)
        async with engine.begin() as conn:
            head = (await conn.execute(text("select size, peaks from ledger_head"))).one()
            texts = [leaf async for _, leaf, _ in ledger.raw_leaves(conn, 0, 1000)]
        grown = Peaks().extend(leaf_hash(leaf.encode()) for leaf in texts)
        assert (grown.size, grown.peaks) == (head.size, tuple(head.peaks))


async def test_leaves_carry_the_database_s_time(engine: AsyncEngine) -> None:
    """The time in the leaf is the row's, to the microsecond, in order, and now."""
    await add(engine, 20)
    async with engine.begin() as conn:
        found = await ledger_read.leaves(conn)
        now = (await conn.execute(text("select clock_timestamp()"))).scalar_one()
    assert [datetime.fromisoformat(entry.leaf["at"]) for entry in found] == [entry.at for entry in found]
    assert sorted(entry.at for entry in found) == [entry.at for entry in found]
    assert timedelta(0) < now - found[-1].at < timedelta(minutes=1)


async def test_a_leaf_goes_with_its_transaction(engine: AsyncEngine) -> None:
    """Rolled back, nothing is left; the next leaf takes the place."""
    async with engine.connect() as conn:
        assert await ledger.append(conn, [fields(0), fields(1)]) == [0, 1]
        await conn.rollback()
    assert await add(engine, 1) == [0]
    async with engine.begin() as conn:
        assert await ledger.append(conn, []) == []
        assert await ledger_read.size(conn) == 1


async def test_a_session_can_append_too(engine: AsyncEngine) -> None:
    """An AsyncSession does as well as a connection."""
    async with AsyncSession(engine) as session, session.begin():
        assert await ledger.append(session, [fields(0)]) == [0]


async def test_eight_at_once_leave_no_gap(engine: AsyncEngine) -> None:
    """Concurrent appends get each index once, and the tree is that of the leaves."""

    async def worker(number: int) -> list[int]:
        return [index for n in range(10) for index in await add(engine, 1 + n % 3, number * 100 + n)]

    found = await asyncio.gather(*(worker(number) for number in range(8)))
    assert sorted(index for part in found for index in part) == list(range(8 * 19))
    await sign(engine)
    assert verify(await exported(engine), KEY).outcome is Outcome.WHOLE


FORBIDDEN = [
    "update ledger_leaf set leaf = leaf",
    "delete from ledger_leaf",
    "truncate ledger_leaf",
    "update ledger_checkpoint set note = note",
    "delete from ledger_checkpoint",
    "truncate ledger_checkpoint",
    "update ledger_head set size = 0, peaks = '{}'",
    "update ledger_head set size = size",
    "delete from ledger_head",
    "truncate ledger_head",
    "insert into ledger_head (one, size, peaks) values (false, 0, '{}')",
    "select ledger_append(array['{}'])",
    "select ledger_append(array[]::text[])",
    "select ledger_append(null)",
    """select ledger_append(array['{"at":"@","x":{"at":"@"}}'])""",
    """select ledger_append(array['{"at":"@"'])""",
]


async def test_the_database_refuses_to_change_the_record(engine: AsyncEngine) -> None:
    """No update, delete or truncate, no second head, no leaf without its time or that is no JSON."""
    await add(engine, 3)
    await sign(engine)
    before = await exported(engine)
    for statement in FORBIDDEN:
        async with engine.connect() as conn:
            with pytest.raises(DBAPIError):
                await conn.exec_driver_sql(statement)
        assert await exported(engine) == before
    assert await add(engine, 1) == [3]


async def test_others_may_do_nothing_by_default(engine: AsyncEngine) -> None:
    """A role without grants can neither read nor append; with EXECUTE alone it appends and reads nothing."""
    async with engine.begin() as conn:
        await conn.execute(text("drop role if exists ledger_stranger"))
        await conn.execute(text("create role ledger_stranger"))
    asks = ("select * from ledger_leaf", "insert into ledger_leaf values (9, '{}', '', now())")
    call = """select ledger_append(array['{"act"\\:"a.b","at"\\:"@"}'])"""
    for ask in (*asks, call):
        with pytest.raises(DBAPIError, match="permission denied"):
            await as_stranger(engine, ask)
    async with engine.begin() as conn:
        await conn.execute(text("grant execute on function ledger_append to ledger_stranger"))
    await as_stranger(engine, call)
    with pytest.raises(DBAPIError, match="permission denied"):
        await as_stranger(engine, asks[0])
    async with engine.begin() as conn:
        await conn.execute(text("drop owned by ledger_stranger"))
        await conn.execute(text("drop role ledger_stranger"))


async def as_stranger(engine: AsyncEngine, statement: str) -> None:
    """Run a statement as the role without grants."""
    async with engine.begin() as conn:
        await conn.execute(text("set local role ledger_stranger"))
        await conn.execute(text(statement))


async def test_what_a_leaf_must_not_say_is_refused_before_the_database(engine: AsyncEngine) -> None:
    """LeafRefused leaves the transaction usable and nothing written."""
    async with engine.begin() as conn:
        with pytest.raises(LeafRefused):
            await ledger.append(conn, [fields(0), {**fields(1), "name": "Anna"}])
        assert await ledger_read.size(conn) == 0


async def break_tables(conn: AsyncConnection) -> None:
    """The ledger's head is gone."""
    await conn.execute(text("drop table ledger_head cascade"))


async def kill_own_backend(conn: AsyncConnection) -> None:
    """The connection dies."""
    with pytest.raises(DBAPIError):
        await conn.execute(text("select pg_terminate_backend(pg_backend_pid())"))


async def fail_before(conn: AsyncConnection) -> None:
    """The transaction failed already."""
    with pytest.raises(DBAPIError):
        await conn.execute(text("select 1 / 0"))


@pytest.mark.parametrize("trouble", [break_tables, kill_own_backend, fail_before])
async def test_whatever_goes_wrong_is_ledger_unavailable(engine: AsyncEngine, trouble: Any) -> None:
    """An append that cannot be made is never silent."""
    async with engine.connect() as conn:
        await trouble(conn)
        with pytest.raises(LedgerUnavailable):
            await ledger.append(conn, [fields(0)])
        with pytest.raises(LedgerUnavailable):
            await ledger.checkpoint(conn, SIGNER)


async def test_checkpoints_extend_each_other(engine: AsyncEngine) -> None:
    """Each is signed over the leaves so far, none without growth, and each is found in the later export."""
    assert await sign(engine) is None
    notes = []
    for count in (1, 4, 11):
        await add(engine, count)
        notes.append(await sign(engine, notes[-1] if notes else None))
        assert await sign(engine, notes[-1]) is None
    assert [open_checkpoint(str(note), KEY).size for note in notes] == [1, 5, 16]
    for note in notes:
        assert verify(await exported(engine), KEY, note).outcome is Outcome.WHOLE
    async with engine.begin() as conn:
        found = await ledger_read.signed_by(conn, KEY)
    assert found is not None
    assert (found[0].size, found[1].note) == (16, notes[-1])
    assert datetime.now(UTC) - found[1].at < timedelta(minutes=1)


EDITS = {
    "a leaf edited": ["update ledger_leaf set leaf = replace(leaf, 'shown', 'stopped') where index = 8"],
    "a leaf deleted": ["delete from ledger_leaf where index = 7"],
    "the last leaf deleted": ["delete from ledger_leaf where index = 9"],
    "leaves swapped": [
        "update ledger_leaf set index = 100 where index = 7",
        "update ledger_leaf set index = 7 where index = 8",
        "update ledger_leaf set index = 8 where index = 100",
    ],
    "the head set back": [
        "update ledger_head set size = 5, peaks = (select peaks from ledger_checkpoint where size = 5)"
    ],
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS.keys())
async def test_an_edited_record_is_not_signed(engine: AsyncEngine, edits: list[str]) -> None:
    """Edits behind the triggers' back, since the last checkpoint: the signer refuses (or signs nothing)."""
    await add(engine, 5)
    note = await sign(engine)
    await add(engine, 5, 5)
    await tamper(engine, *edits)
    if "head" in edits[0]:
        assert await sign(engine, note) is None
        with pytest.raises(LedgerUnavailable):
            await add(engine, 1)
        return
    with pytest.raises(ledger.LedgerBroken):
        await sign(engine, note)


@pytest.mark.parametrize(
    "edits",
    [
        ["delete from ledger_checkpoint"],
        ["update ledger_checkpoint set root = sha256('x')"],
        ["update ledger_checkpoint set note = replace(note, '8', '5')"],
        ["update ledger_checkpoint set peaks = array[sha256('x')]"],
        ["update ledger_checkpoint set peaks = '{}'"],
    ],
    ids=lambda edits: edits[0],
)
async def test_an_edited_checkpoint_is_not_built_upon(engine: AsyncEngine, edits: list[str]) -> None:
    """A checkpoint row that was removed or changed stops the signer, who kept the last note elsewhere."""
    await add(engine, 8)
    note = await sign(engine)
    await add(engine, 1)
    await tamper(engine, *edits)
    with pytest.raises((ledger.LedgerBroken, BadNote)):
        await sign(engine, note)


@pytest.mark.parametrize("careful", [False, True], ids=["plain", "hashes rewritten"])
@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS.keys())
async def test_an_edited_record_does_not_verify(engine: AsyncEngine, edits: list[str], careful: bool) -> None:
    """Edits of signed leaves, even with all hashes made to fit, are caught by the auditor's export."""
    await add(engine, 5)
    await sign(engine)
    await add(engine, 5, 5)
    note = await sign(engine)
    await tamper(engine, *edits)
    if careful:
        await rewrite_hashes(engine)
    outcome = verify(await exported(engine), KEY, note).outcome
    assert outcome is (Outcome.WHOLE if "ledger_head" in edits[0] else Outcome.BROKEN)


FILTERS = [
    Filter(case=str(CASES[3])),
    Filter(act="view.opened"),
    Filter(outcome="shown"),
    Filter(account=str(fields(4)["actor"]["id"])),
    Filter(participant=str(fields(4)["actor"]["id"])),
    Filter(message=str(fields(11)["message"])),
    Filter(since="2026-01-01T00:00:00.000000Z", act="message.put_in"),
    Filter(until="2026-01-01T00:00:00.000000Z"),
]


async def test_filtered_exports_verify_as_part(engine: AsyncEngine) -> None:
    """The database finds what each filter means, every leaf with its proof, and it is called a part."""
    await add(engine, 40)
    await sign(engine)
    await add(engine, 5)
    whole = [json.loads(json.loads(line)["leaf"]) for line in (await exported(engine))[1:-1]]
    for filters in FILTERS:
        lines = await exported(engine, filters)
        places = [json.loads(line)["i"] for line in lines[1:-1]]
        assert places == [number for number, leaf in enumerate(whole) if filters.matches(leaf)]
        assert bool(places) is (filters.until is None)
        assert verify(lines, KEY).outcome is Outcome.PART


async def test_a_filtered_export_of_an_edited_record_is_broken(engine: AsyncEngine) -> None:
    """An edited leaf has no proof, and a removed one does not bring the export down."""
    await add(engine, 40)
    await sign(engine)
    await tamper(engine, "update ledger_leaf set leaf = replace(leaf, 'shown', 'stopped') where index = 8")
    assert verify(await exported(engine, FILTERS[0]), KEY).outcome is Outcome.BROKEN
    await tamper(engine, "delete from ledger_leaf where index = 11")
    assert verify(await exported(engine, FILTERS[0]), KEY).outcome is Outcome.BROKEN


async def test_pages_of_the_record(engine: AsyncEngine) -> None:
    """Ranges, limits and newest first."""
    await add(engine, 30)
    async with engine.begin() as conn:
        newest = await ledger_read.leaves(conn, limit=3, newest_first=True)
        middle = await ledger_read.leaves(conn, 10, 13)
        found = await ledger_read.leaves(conn, filters=Filter(case=str(CASES[1])), limit=2)
    assert [entry.index for entry in newest] == [29, 28, 27]
    assert [entry.index for entry in middle] == [10, 11, 12]
    assert [entry.index for entry in found] == [1, 6]
    assert found[0].leaf["case"] == str(UUID(str(CASES[1])))


async def test_nothing_signed_is_said_plainly(engine: AsyncEngine) -> None:
    """An export before the first checkpoint is refused with a sentence."""
    await add(engine, 3)
    with pytest.raises(ledger_read.NothingSigned, match="No checkpoint"):
        await exported(engine)
