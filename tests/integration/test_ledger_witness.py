"""`exchange audit witness` as a second organisation runs it: over HTTP and with files, refusing forks and rollbacks."""

import asyncio
import os
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from exchange.core.audit import verify
from exchange.core.cosign import WitnessKey
from exchange.core.ledger import Tree, leaf_hash
from exchange.core.model import OPERATOR, Actor
from exchange.core.notes import KeySigner, open_note
from exchange.core.proof import EntryProof
from exchange.core.witness import Submission
from exchange.steps import record, setup, witnessing
from exchange.store import record as signing
from exchange.store.ledgerkey import load_signer
from exchange.store.service import Service
from tests.support.api import running_api
from tests.support.ledger import ORIGIN, leaves, signed_note
from tests.support.world import World, make_world

LOG = KeySigner.generate(ORIGIN)


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


async def audit(*words: object) -> Ran:
    """`exchange audit …` as its own process, with nothing of a service in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "exchange.cli_audit", *map(str, words), env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def made_key(folder: Path, kind: str) -> WitnessKey:
    """A witness's key pair, made by the command."""
    done = await audit("witness-key", "witness.example/w1", "--key", folder / f"{kind}.key", "--kind", kind)
    assert (done.code, stat.S_IMODE((folder / f"{kind}.key").stat().st_mode)) == (0, 0o600)
    return WitnessKey.from_vkey(done.out)


async def run_witness(folder: Path, source: object, log: KeySigner = LOG, *words: object) -> Ran:
    """Both keys of the witness, one state."""
    keys = ("--key", folder / "ed25519.key", "--key", folder / "ml-dsa-44.key")
    return await audit("witness", source, *keys, "--log", log.verifier.vkey, "--state", folder / "last.note", *words)


def submission(folder: Path, texts: list[str], old: int, size: int) -> Path:
    """A submission in a file."""
    tree = Tree(leaf_hash(text.encode()) for text in texts[:size])
    steps = tuple(tree.consistency(old)) if 0 < old < size else ()
    path = folder / f"from-{old}-to-{size}.txt"
    path.write_text(Submission(old, steps, signed_note(texts, LOG, size)).body, encoding="utf-8")
    return path


@pytest.fixture
async def keys(tmp_path: Path) -> list[WitnessKey]:
    """One key of each kind, their files in the folder."""
    return [await made_key(tmp_path, kind) for kind in ("ed25519", "ml-dsa-44")]


async def test_a_witness_goes_along_and_refuses_forks_and_rollbacks(tmp_path: Path, keys: list[WitnessKey]) -> None:
    """Growing is cosigned with both keys; another history, or a shorter one, is not, and is kept as evidence."""
    honest, forked = leaves(60), leaves(20) + leaves(60, seed=2)[20:]
    done = await run_witness(tmp_path, submission(tmp_path, honest, 0, 30))
    assert done.code == 0, done.err
    note = open_note(signed_note(honest, LOG, 30) + done.out, LOG.verifier)
    assert [len(key.times(note)) for key in keys] == [1, 1]
    state = (tmp_path / "last.note").read_text(encoding="utf-8")
    assert state == note.note
    for path, words in (
        (submission(tmp_path, forked, 30, 50), "does not begin with what it showed before"),
        (submission(tmp_path, honest, 0, 20), "fewer entries than it did before"),
    ):
        refused = await run_witness(tmp_path, path)
        assert (refused.code, refused.out, words in refused.err) == (1, "", True)
        assert (tmp_path / "last.note").read_text(encoding="utf-8") == state
    evidence = [path.read_text(encoding="utf-8") for path in tmp_path.glob("last.note.refused-*")]
    assert Submission.parse(evidence[0]).note.startswith(ORIGIN)
    assert (await run_witness(tmp_path, submission(tmp_path, honest, 30, 60))).code == 0


async def test_a_changed_state_file_is_refused(tmp_path: Path, keys: list[WitnessKey]) -> None:
    """Nobody can make the witness forget by putting another honestly signed note there."""
    texts = leaves(40)
    assert (await run_witness(tmp_path, submission(tmp_path, texts, 0, 30))).code == 0
    (tmp_path / "last.note").write_text(signed_note(texts, LOG, 10), encoding="utf-8")
    refused = await run_witness(tmp_path, submission(tmp_path, texts, 10, 40))
    assert (refused.code, refused.out) == (2, "")
    assert "own cosignature" in refused.err


async def test_a_key_is_never_written_over(tmp_path: Path, keys: list[WitnessKey]) -> None:
    """The file that is there stays as it is."""
    before = (tmp_path / "ed25519.key").read_text(encoding="ascii")
    done = await audit("witness-key", "other.example", "--key", tmp_path / "ed25519.key")
    assert (done.code, (tmp_path / "ed25519.key").read_text(encoding="ascii")) == (2, before)
    assert (await audit("witness-key", "other.example", "--key", tmp_path / "x", "--kind", "rsa")).code == 2


async def test_the_whole_way_over_http(service: Service, tmp_path: Path, keys: list[WitnessKey]) -> None:
    """A service signs; the witness fetches, cosigns, hands back; proof and export then carry both lines."""
    world = await founded(service)
    signer = load_signer(service.settings.ledger_key_file)
    for key in keys:
        assert await witnessing.trust(service, OPERATOR, key.vkey)
    async with running_api(service) as api:
        caller = await api.as_(world.auditor)
        (tmp_path / "token").write_text(caller.token, encoding="ascii")
        place = f"{api.console.url}/api/v1/record"
        words = ("--token", tmp_path / "token", "--back", "--out", tmp_path / "lines")
        for _ in range(2):
            await signing.sign(service)
            done = await run_witness(tmp_path, place, signer, *words)
            assert done.code == 0, done.err
        proof = await caller.ask("GET", "/record/proof", params={"index": 3})
        assert proof.status == 200
        assert (await api.nobody().ask("GET", "/record/consistency")).status == 401
        again = await caller.do("POST", "/record/cosignatures", await handed(tmp_path, signer))
        assert again == {"witnesses": []}
    path = tmp_path / "entry.tlog-proof"
    path.write_bytes(proof.body)
    named = [word for key in keys for word in ("--witness", key.vkey)]
    checked = await audit("check-proof", path, "--key", signer.verifier.vkey, *named)
    assert (checked.code, "witness.example/w1 saw it at" in checked.out) == (0, True), checked.out
    await signing.sign(service)
    lines = [line async for line in await record.export(service, stepped_up(world), None)]
    verdict = verify(lines, signer.verifier, witnesses=keys)
    assert [saw.name for saw in verdict.witnessed] == ["witness.example/w1"] * 2, verdict.sentence


async def test_a_token_for_witnessing_does_nothing_else(service: Service, tmp_path: Path) -> None:
    """It serves the whole round of `exchange audit witness`; test_api_matrix.py asks every other endpoint with it."""
    world = await founded(service)
    await service_trusts(service, [await made_key(tmp_path, kind) for kind in ("ed25519", "ml-dsa-44")])
    signer = load_signer(service.settings.ledger_key_file)
    await signing.sign(service)
    async with running_api(service) as api:
        auditor = await api.as_(world.auditor, stepped_up=True)
        told = {"label": "second organisation", "days": 30, "scope": "witness"}
        made = await auditor.do("POST", "/tokens", told)
        narrow = replace(auditor, token=made["token"])
        assert [one["scope"] for one in (await auditor.get("/tokens"))["tokens"]] == ["witness", None]
        (tmp_path / "token").write_text(narrow.token, encoding="ascii")
        words = ("--token", tmp_path / "token", "--back", "--out", tmp_path / "lines")
        done = await run_witness(tmp_path, f"{api.console.url}/api/v1/record", signer, *words)
        assert done.code == 0, done.err
        assert (await narrow.get("/record/checkpoint"))["key_name"] == signer.verifier.name
        assert (await narrow.ask("GET", "/record")).status == 403


async def service_trusts(service: Service, keys: list[WitnessKey]) -> None:
    """The operator names the witness's keys."""
    for key in keys:
        assert await witnessing.trust(service, OPERATOR, key.vkey)


async def handed(folder: Path, signer: KeySigner) -> dict[str, object]:
    """What the witness handed in last, to hand it in again."""
    state = open_note((folder / "last.note").read_text(encoding="utf-8"), signer.verifier)
    return {"size": state.checkpoint.size, "lines": (folder / "lines").read_text(encoding="utf-8")}


async def founded(service: Service) -> World:
    """A service with keys and something in its record."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


def stepped_up(world: World) -> Actor:
    """The auditor with a fresh second factor."""
    return replace(world.auditor, stepped_up=True)


async def test_check_proof_says_no(tmp_path: Path) -> None:
    """A changed proof, one of another record, a witness that did not cosign, and what is no proof at all."""
    texts = leaves(9)
    tree = Tree(leaf_hash(text.encode()) for text in texts)
    path = tmp_path / "entry.tlog-proof"
    path.write_text(EntryProof(4, texts[4], tuple(tree.inclusion(4)), signed_note(texts, LOG)).file, encoding="utf-8")
    assert (await audit("check-proof", path, "--key", LOG.verifier.vkey)).code == 0
    stranger = await made_key(tmp_path, "ed25519")
    for words in (
        ("--key", KeySigner.generate(ORIGIN).verifier.vkey),
        ("--key", LOG.verifier.vkey, "--witness", stranger.vkey),
    ):
        done = await audit("check-proof", path, *words)
        assert (done.code, "does NOT verify" in done.out) == (1, True)
    assert (await audit("check-proof", tmp_path / "missing", "--key", LOG.verifier.vkey)).code == 2
