"""Checkpoints and trees against code that is not ours: golang.org/x/mod/sumdb (collected where Go is)."""

import os
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.core.cosign import Cosigner, Kind, WitnessKey
from exchange.core.ledger import Tree, leaf_hash
from exchange.core.notes import Checkpoint, KeySigner, Verifier, open_checkpoint, open_note
from exchange.core.proof import EntryProof
from exchange.core.witness import Submission
from tests.support.go import X_MOD
from tests.support.ledger import ORIGIN, leaves, signed_note

SOURCE = Path(__file__).parent / "foreign" / "verify_note.go"
SIGNER = KeySigner.generate(ORIGIN)
TEXTS = leaves(203)
TREE = Tree(leaf_hash(text.encode()) for text in TEXTS)

Foreign = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    """The foreign program, built once; gives each text to it as a file."""
    folder = tmp_path_factory.mktemp("foreign")
    gopath = X_MOD.parents[5]
    go = {"GO111MODULE": "off", "GOPATH": str(gopath), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    program = folder / "verify_note"
    subprocess.run(["go", "build", "-o", program, SOURCE], env={**os.environ, **go}, check=True, timeout=150)

    def run(act: str, *words: str, **texts: str) -> subprocess.CompletedProcess[str]:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        files = [str(folder / word) if word in texts else word for word in words]
        return subprocess.run([program, act, *files], capture_output=True, text=True, timeout=60, check=False)

    return run


def lines(items: list[str]) -> str:
    """One per line."""
    return "".join(item + "\n" for item in items)


def test_the_foreign_tool_accepts_our_checkpoints(foreign: Foreign) -> None:
    """It verifies the note with our key's public line and sees the same text."""
    note = signed_note(TEXTS, SIGNER)
    done = foreign("open", SIGNER.verifier.vkey, "note", note=note)
    assert (done.returncode, done.stdout) == (0, open_checkpoint(note, SIGNER.verifier).body)


def test_the_foreign_tool_refuses_what_we_refuse(foreign: Foreign) -> None:
    """A changed size and another key of the same name are refused by both."""
    note = signed_note(TEXTS, SIGNER)
    assert foreign("open", SIGNER.verifier.vkey, "note", note=note.replace("203", "204")).returncode == 1
    other = KeySigner.generate(ORIGIN).verifier.vkey
    assert foreign("open", other, "note", note=note).returncode == 1


def test_we_accept_the_foreign_tool_s_notes(foreign: Foreign) -> None:
    """A key and a note made there open here."""
    body = Checkpoint(ORIGIN, 203, TREE.root()).body
    vkey, _, note = foreign("make", ORIGIN, "body", body=body).stdout.partition("\n")
    assert open_checkpoint(note, Verifier.from_vkey(vkey)).root == TREE.root()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 64, 100, 203])
def test_both_trees_have_the_same_root(foreign: Foreign, size: int) -> None:
    """tlog's tree over the leaves and ours."""
    done = foreign("root", "leaves", leaves=lines(TEXTS[:size]))
    assert done.stdout == b64encode(TREE.root(size)).decode() + "\n" or size == 0
    assert done.returncode == 0


@pytest.mark.parametrize("index", [0, 1, 100, 127, 128, 201, 202])
def test_the_foreign_tool_accepts_our_inclusion_proofs(foreign: Foreign, index: int) -> None:
    """A leaf of a filtered export can be checked with foreign code, and at another place it cannot."""
    proof = lines([b64encode(step).decode() for step in TREE.inclusion(index)])
    given = {"note": signed_note(TEXTS, SIGNER), "leaf": TEXTS[index], "proof": proof}
    key = SIGNER.verifier.vkey
    assert foreign("place", key, "note", str(index), "leaf", "proof", **given).stdout == "in place\n"
    assert foreign("place", key, "note", str(index ^ 1), "leaf", "proof", **given).returncode == 1


@pytest.mark.parametrize("index", [0, 77, 202])
def test_the_foreign_tool_accepts_our_proof_files(foreign: Foreign, index: int) -> None:
    """A `.tlog-proof` file leads there to the entry's text; at another place it does not."""
    note, key = signed_note(TEXTS, SIGNER), SIGNER.verifier.vkey
    proof = EntryProof(index, TEXTS[index], tuple(TREE.inclusion(index)), note).file
    assert foreign("proof", key, "file", file=proof).stdout == TEXTS[index]
    moved = proof.replace(f"index {index}\n", f"index {index ^ 1}\n")
    assert foreign("proof", key, "file", file=moved).returncode == 1


@pytest.mark.parametrize("old", [1, 64, 100, 202])
def test_the_foreign_tool_accepts_our_consistency_proofs(foreign: Foreign, old: int) -> None:
    """What a witness is sent continues the older checkpoint there too; another history does not."""
    key, before = SIGNER.verifier.vkey, signed_note(TEXTS, SIGNER, old)
    sent = Submission(old, tuple(TREE.consistency(old)), signed_note(TEXTS, SIGNER)).body
    assert foreign("grows", key, "before", "sent", before=before, sent=sent).stdout == "continues\n"
    other = signed_note(leaves(old, seed=2), SIGNER)
    assert foreign("grows", key, "before", "sent", before=other, sent=sent).returncode == 1


def test_the_foreign_tool_accepts_our_cosignature(foreign: Foreign) -> None:
    """It reads the witness's key and time from a note that a second organisation cosigned."""
    witness = Cosigner.generate("witness.example/w1", Kind.ED25519)
    note = signed_note(TEXTS, SIGNER)
    cosigned = note + witness.cosign(open_note(note, SIGNER.verifier), 1_800_000_000)
    given = (SIGNER.verifier.vkey, witness.key.vkey, "note")
    assert foreign("seen", *given, note=cosigned).stdout == "1800000000\n"
    assert foreign("seen", *given, note=note).returncode == 1


def test_we_accept_the_foreign_tool_s_cosignature(foreign: Foreign) -> None:
    """A witness that runs other code."""
    note = signed_note(TEXTS, SIGNER)
    vkey, _, line = foreign("cosign", "foreign.example", "note", note=note).stdout.partition("\n")
    assert WitnessKey.from_vkey(vkey).times(open_note(note + line, SIGNER.verifier)) == [1_700_000_000]
