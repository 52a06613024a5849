"""Proofs from what lies beside the leaves: the same as a tree's, never wrong ones, also for older leaves."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.core.audit import Outcome, verify
from exchange.core.cosign import Cosigner, Kind
from exchange.core.export import Seen
from exchange.core.leaf import undated
from exchange.core.ledger import Tree
from exchange.core.notes import KeySigner, open_note
from exchange.core.witness import RolledBack, Submission, judge
from exchange.store import ledger, ledger_proofs, ledger_read
from exchange.store.engine import make_engine, plain_url
from tests.support.ledger import ORIGIN, fields

SIGNER = KeySigner.generate(ORIGIN)
KEY = SIGNER.verifier
ONE, TWO = Cosigner.generate("one.example"), Cosigner.generate("two.example", Kind.ED25519)
SIZE = 77
BORDERS = [0, 1, 2, 15, 16, 29, 30, 31, 32, 63, 64, 65, 71, 72, 75, 76]


@pytest.fixture
async def engine(empty_database: str) -> AsyncIterator[AsyncEngine]:
    """A record of 77 signed leaves; both witnesses are known."""
    async with await psycopg.AsyncConnection.connect(plain_url(empty_database)) as conn:
        await conn.execute(ledger.ddl().encode())
    opened = make_engine(empty_database)
    await grow(opened, 30)
    await grow(opened, SIZE - 30)
    async with opened.begin() as conn:
        for witness in (ONE, TWO):
            assert await ledger_proofs.trust(conn, witness.key)
    yield opened
    await opened.dispose()


async def grow(engine: AsyncEngine, count: int) -> None:
    """Append and sign."""
    async with engine.begin() as conn:
        await ledger.append(conn, [fields(number) for number in range(count)])
        await ledger.checkpoint(conn, SIGNER)


async def tree_of(engine: AsyncEngine) -> Tree:
    """The tree over the leaves' own hashes."""
    async with engine.begin() as conn:
        return Tree([hash_ async for _, _, hash_ in ledger.raw_leaves(conn, 0, await ledger_read.size(conn))])


async def cosign(engine: AsyncEngine, witness: Cosigner, size: int, at: int = 1_800_000_000) -> list[str]:
    """The witness cosigns the checkpoint of that size and hands it in; who was new."""
    async with engine.begin() as conn:
        opened = await ledger_proofs.checkpoint_of(conn, size)
        return [key.name for key in await ledger_proofs.keep(conn, size, witness.cosign(opened, at))]


async def exported(engine: AsyncEngine) -> list[str]:
    """The whole record."""
    async with engine.begin() as conn:
        return [line async for line in ledger_read.export(conn)]


async def test_every_proof_is_the_tree_s_own(engine: AsyncEngine) -> None:
    """Inclusion and consistency, hash for hash, around every border of a full subtree."""
    tree = await tree_of(engine)
    async with engine.begin() as conn:
        for index in BORDERS:
            proof = await ledger_proofs.entry_proof(conn, index)
            assert list(proof.steps) == tree.inclusion(index)
            assert proof.check(KEY).opened.checkpoint.size == SIZE
        for old in BORDERS[1:]:
            assert list(await ledger_proofs.consistency(conn, old, SIZE, tree.root())) == tree.consistency(old)


async def test_leaves_from_before_get_their_subtrees(empty_database: str) -> None:
    """A record that began under the first schema: after the second script the same proofs come out."""
    first, second = ledger.ddl().split("-- What proofs and witnesses need", 1)
    async with await psycopg.AsyncConnection.connect(plain_url(empty_database)) as conn:
        await conn.execute(first.encode())
    engine = make_engine(empty_database)
    async with engine.begin() as conn:
        values = {"leaves": [undated(fields(number)) for number in range(41)]}
        await conn.execute(text("select ledger_append(cast(:leaves as text[]))"), values)
    async with await psycopg.AsyncConnection.connect(plain_url(empty_database)) as raw:
        await raw.execute(f"-- {second}".encode())
    await grow(engine, 9)
    tree = await tree_of(engine)
    async with engine.begin() as conn:
        for index in (0, 1, 31, 32, 39, 40, 41, 47, 48, 49):
            assert list((await ledger_proofs.entry_proof(conn, index)).steps) == tree.inclusion(index)
        with pytest.raises(Exception, match="append-only"):
            await conn.execute(text("update ledger_leaf set nodes = '{}'"))
    await engine.dispose()


@pytest.mark.parametrize(
    "edit",
    ["update ledger_leaf set leaf = replace(leaf, 'view', 'vieu') where index = 3",
     "update ledger_leaf set nodes[1] = sha256('x') where index = 1",
     "update ledger_leaf set hash = sha256('x') where index = 2",
     "delete from ledger_leaf where index = 7"],
    ids=["text", "subtree", "hash", "gone"],
)  # fmt: skip
async def test_a_tampered_record_gives_no_proof(engine: AsyncEngine, edit: str) -> None:
    """Instead of a proof that does not hold, the service says that something is broken."""
    async with engine.begin() as conn:
        await conn.execute(text("alter table ledger_leaf disable trigger all"))
        await conn.execute(text(edit))
    async with engine.begin() as conn:
        with pytest.raises(ledger.LedgerBroken):
            await ledger_proofs.entry_proof(conn, 3)


async def test_an_entry_that_is_not_signed_yet_has_no_proof(engine: AsyncEngine) -> None:
    """Nor has one that does not exist."""
    async with engine.begin() as conn:
        await ledger.append(conn, [fields(1)])
        for index in (SIZE, SIZE + 1, -1):
            with pytest.raises(ledger_proofs.NotSigned):
                await ledger_proofs.entry_proof(conn, index)


async def test_cosignatures_are_kept_once_and_travel_with_proofs(engine: AsyncEngine) -> None:
    """Under the newest checkpoint that covers the entry and that most witnesses cosigned."""
    assert await cosign(engine, ONE, 30) == ["one.example"]
    assert await cosign(engine, TWO, 30) == ["two.example"]
    assert await cosign(engine, ONE, SIZE) == ["one.example"]
    assert await cosign(engine, ONE, SIZE, at=1_800_000_001) == []
    async with engine.begin() as conn:
        early, late = await ledger_proofs.entry_proof(conn, 3), await ledger_proofs.entry_proof(conn, 50)
    assert early.check(KEY, [ONE.key, TWO.key]).opened.checkpoint.size == 30
    assert late.check(KEY, [ONE.key]).opened.checkpoint.size == SIZE


async def test_unknown_and_wrong_cosignatures_are_not_kept(engine: AsyncEngine) -> None:
    """A stranger's line, a line over another checkpoint, no line at all."""
    async with engine.begin() as conn:
        opened = await ledger_proofs.checkpoint_of(conn, 30)
        with pytest.raises(ledger_proofs.UnknownWitness):
            await ledger_proofs.keep(conn, 30, Cosigner.generate("stranger.example").cosign(opened, 1))
        for lines in ("", "x\n", ONE.cosign(await ledger_proofs.checkpoint_of(conn, SIZE), 5)):
            with pytest.raises(Exception, match=r"wrong|not a signed"):
                await ledger_proofs.keep(conn, 30, lines)
        assert (await conn.execute(text("select count(*) from ledger_cosignature"))).scalar_one() == 0


async def test_an_export_carries_what_each_witness_saw_last(engine: AsyncEngine) -> None:
    """Checked only with the keys that the auditor brings; the newest of each counts."""
    await cosign(engine, ONE, 30)
    await cosign(engine, TWO, 30)
    await cosign(engine, TWO, SIZE)
    await grow(engine, 5)
    verdict = verify(await exported(engine), KEY, witnesses=[ONE.key, TWO.key])
    assert verdict.outcome is Outcome.WHOLE
    assert [(saw.name, saw.size) for saw in verdict.witnessed] == [("one.example", 30), ("two.example", SIZE)]
    assert "one.example saw the first 30, at 2027-01-15 08:00 UTC." in verdict.sentence


async def test_an_export_without_a_named_witness_is_broken(engine: AsyncEngine) -> None:
    """Whoever must have cosigned and has not."""
    await cosign(engine, ONE, 30)
    verdict = verify(await exported(engine), KEY, witnesses=[ONE.key, TWO.key])
    assert (verdict.outcome, verdict.sentence) == (
        Outcome.BROKEN, "This does NOT verify: two.example did not cosign it.",
    )  # fmt: skip


async def test_a_rewritten_record_does_not_continue_what_was_cosigned(engine: AsyncEngine) -> None:
    """The service's own key signs another history: the witness's checkpoint gives it away."""
    await cosign(engine, ONE, 30)
    async with engine.begin() as conn:
        kept = await ledger_proofs.cosigned(conn, SIZE, (await tree_of(engine)).root())
    forged = [line for line in await exported(engine) if not line.startswith('{"cosigned"')]
    assert verify(forged, KEY).outcome is Outcome.WHOLE
    wrong = Seen(kept[0].note, ()).line
    verdict = verify([*forged[:-1], wrong, forged[-1]], KEY)
    assert (verdict.outcome, "does not continue" in verdict.sentence) == (Outcome.BROKEN, True)


async def test_a_submission_takes_a_witness_forward(engine: AsyncEngine) -> None:
    """From nothing, from an older checkpoint, and, where the record was cut back, to the refusal."""
    async with engine.begin() as conn:
        older = (await ledger_proofs.checkpoint_of(conn, 30)).checkpoint
        newest = (await ledger_proofs.checkpoint_of(conn, SIZE)).checkpoint
        for last, old in ((None, 0), (older, 30), (newest, SIZE)):
            sent = Submission.parse((await ledger_proofs.submission(conn, old)).body)
            assert judge(sent, KEY, last).checkpoint == newest
        cut = await ledger_proofs.submission(conn, SIZE + 1)
    beyond = open_note(cut.note, KEY).checkpoint
    with pytest.raises(RolledBack):
        judge(cut, KEY, type(beyond)(beyond.origin, SIZE + 1, bytes(32)))
