"""Signed checkpoints: the C2SP forms, frozen notes of a foreign implementation, and what is refused."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from exchange.core.ledger import leaf_hash, tree_head
from exchange.core.notes import BadKey, BadNote, Checkpoint, KeySigner, Verifier, open_checkpoint

VECTORS = Path(__file__).parent.parent / "vectors" / "ledger"
SIGNER = KeySigner.generate("exchange.example/record")
CHECKPOINT = Checkpoint(SIGNER.name, 5, bytes(range(32)))
NOTE = CHECKPOINT.signed(SIGNER)


def vector(name: str) -> dict[str, Any]:
    """One frozen vector."""
    return dict(json.loads((VECTORS / name).read_text(encoding="utf-8")))


def test_a_note_made_by_the_foreign_tool_opens() -> None:
    """A note that golang.org/x/mod/sumdb/note signed opens here."""
    made = vector("note-from-go.json")
    opened = open_checkpoint(made["note"], Verifier.from_vkey(made["vkey"]))
    assert (opened.origin, opened.size, b64encode(opened.root).decode()) == (
        made["origin"], made["size"], made["root"],
    )  # fmt: skip


def test_a_note_that_the_foreign_tool_accepted_is_still_made_the_same() -> None:
    """The frozen note over seven frozen leaves comes out byte for byte, from the frozen key."""
    frozen = vector("note-to-go.json")
    signer = KeySigner.from_skey(frozen["skey"])
    root = tree_head([leaf_hash(leaf.encode()) for leaf in frozen["leaves"]])
    assert signer.verifier.vkey == frozen["vkey"]
    assert Checkpoint(signer.name, len(frozen["leaves"]), root).signed(signer) == frozen["note"]


def test_the_specification_s_own_key_pair() -> None:
    """The example in the signed-note documentation: secret and public line, and its signature."""
    example = vector("note-example.json")
    signer = KeySigner.from_skey(example["skey"])
    assert signer.skey == example["skey"]
    assert signer.verifier == Verifier.from_vkey(example["vkey"])
    assert f"{signer.verifier.key_id.hex()}" == "c74f20a3"
    assert example["signature"] == b64encode(
        signer.verifier.key_id + signer.sign(example["text"].encode())
    ).decode()  # fmt: skip


def test_round_trip() -> None:
    """A checkpoint that was signed opens as itself; keys read back from their lines."""
    assert open_checkpoint(NOTE, Verifier.from_vkey(SIGNER.verifier.vkey + "\n")) == CHECKPOINT
    assert KeySigner.from_skey(SIGNER.skey).sign(b"x") == SIGNER.sign(b"x")
    assert SIGNER.skey not in repr(SIGNER)


def test_every_changed_character_is_caught() -> None:
    """Changing, removing or doubling any one character of a note makes it refused."""
    for place in range(len(NOTE)):
        changed = "B" if NOTE[place] != "B" else "C"
        for piece in (changed, "", NOTE[place] * 2):
            with pytest.raises(BadNote):
                open_checkpoint(NOTE[:place] + piece + NOTE[place + 1 :], SIGNER.verifier)


def test_a_witness_s_signature_is_kept_and_ignored() -> None:
    """Another key's line beside ours does no harm; alone it is not enough."""
    other = KeySigner.generate("witness.example")
    line = f"\u2014 {other.name} {b64encode(other.verifier.key_id + other.sign(b'x')).decode()}\n"
    assert open_checkpoint(NOTE + line, SIGNER.verifier) == CHECKPOINT
    with pytest.raises(BadNote, match="not signed with this key"):
        open_checkpoint(CHECKPOINT.body + "\n" + line, SIGNER.verifier)


def test_extension_lines_are_signed_too() -> None:
    """A checkpoint with further lines (C2SP allows them) opens, and they are under the signature."""
    body = CHECKPOINT.body + "extension\n"
    signature = b64encode(SIGNER.verifier.key_id + SIGNER.sign(body.encode())).decode()
    note = f"{body}\n\u2014 {SIGNER.name} {signature}\n"
    assert open_checkpoint(note, SIGNER.verifier) == CHECKPOINT
    with pytest.raises(BadNote):
        open_checkpoint(note.replace("extension", "extensiom"), SIGNER.verifier)


def test_a_key_of_the_same_name_is_another_key() -> None:
    """A note signed by an impostor of the same name is refused."""
    impostor = KeySigner.generate(SIGNER.name)
    with pytest.raises(BadNote):
        open_checkpoint(CHECKPOINT.signed(impostor), SIGNER.verifier)


def test_another_record_s_checkpoint_is_refused() -> None:
    """Our signature under another origin is not a checkpoint of this record."""
    with pytest.raises(BadNote, match="another record"):
        open_checkpoint(Checkpoint("other.example", 5, bytes(32)).signed(SIGNER), SIGNER.verifier)


@pytest.mark.parametrize(
    "body",
    ["", "a\n", "a\n1\n", "a\n01\nAA==\n", "a\n-1\nAA==\n", "a\n1\nAA==\n", "a\nx\n" + "A" * 43 + "=\n",
     "\n1\n" + "A" * 43 + "=\n"],
)  # fmt: skip
def test_bodies_that_are_no_checkpoint(body: str) -> None:
    """A signature does not turn any text into a checkpoint."""
    signature = b64encode(SIGNER.verifier.key_id + SIGNER.sign(body.encode())).decode()
    with pytest.raises(BadNote):
        open_checkpoint(f"{body}\n\u2014 {SIGNER.name} {signature}\n", SIGNER.verifier)


@pytest.mark.parametrize(
    "vkey",
    ["", "x", "a+b+c", SIGNER.verifier.vkey[:-4], SIGNER.verifier.vkey.replace("+", "-"), SIGNER.skey,
     "other" + SIGNER.verifier.vkey, "a b+00000000+" + "A" * 44],
    ids=["empty", "letter", "parts", "cut", "dashes", "secret", "name", "space"],
)  # fmt: skip
def test_mistyped_keys_are_refused(vkey: str) -> None:
    """A key with a typing error says so, instead of failing every checkpoint."""
    with pytest.raises(BadKey):
        Verifier.from_vkey(vkey)


@pytest.mark.parametrize(
    "skey", ["", "x" + SIGNER.skey, SIGNER.skey[:-4], SIGNER.verifier.vkey], ids=lambda key: str(len(key))
)
def test_mistyped_signing_keys_are_refused(skey: str) -> None:
    """So does a signing key."""
    with pytest.raises(BadKey):
        KeySigner.from_skey(skey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb"])
def test_unusable_names_are_refused(name: str) -> None:
    """A key's name has no space and no plus."""
    with pytest.raises(BadKey):
        KeySigner.generate(name)
