"""Cosignatures as C2SP tlog-cosignature has them: forms, messages composed by hand, and what is refused."""

from base64 import b64decode, b64encode
from hashlib import sha256
from struct import pack

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from dilithium_py.ml_dsa import ML_DSA_44

from exchange.core.cosign import Cosigner, Kind, WitnessKey, moment
from exchange.core.notes import BadKey, BadNote, Checkpoint, KeySigner, open_note

LOG = KeySigner.generate("exchange.example/record")
HEAD = Checkpoint(LOG.name, 1234, bytes(range(32)))
OPENED = open_note(HEAD.signed(LOG), LOG.verifier)
AT = 1_679_315_147
WITNESSES = [Cosigner.generate("witness.example/w1", kind) for kind in Kind]
IDS = [witness.key.kind.name for witness in WITNESSES]
each = pytest.mark.parametrize("witness", WITNESSES, ids=IDS)


def parts(line: str) -> tuple[str, bytes, int, bytes]:
    """Name, key id, time, signature of a line."""
    dash, name, data = line.removesuffix("\n").split(" ")
    raw = b64decode(data)
    assert dash == "\u2014"
    return name, raw[:4], int.from_bytes(raw[4:12]), raw[12:]


@each
def test_a_cosigned_note_opens_and_says_when(witness: Cosigner) -> None:
    """The line stands in the note; the log's own check ignores it, the witness's key reads its time."""
    cosigned = open_note(OPENED.note + witness.cosign(OPENED, AT), LOG.verifier)
    assert cosigned.checkpoint == HEAD
    assert witness.key.times(cosigned) == [AT]
    assert witness.key.times(OPENED) == []


def test_the_ed25519_message_is_that_of_the_specification() -> None:
    """Type 0x04, two lines before the note's text, checked with the bare primitive."""
    witness = WITNESSES[0]
    name, key_id, at, signature = parts(witness.cosign(OPENED, AT))
    assert (name, at, len(signature)) == (witness.name, AT, 64)
    assert key_id == sha256(b"witness.example/w1\n\x04" + witness.key.public).digest()[:4]
    message = f"cosignature/v1\ntime 1679315147\nexchange.example/record\n1234\n{b64encode(HEAD.root).decode()}\n"
    Ed25519PublicKey.from_public_bytes(witness.key.public).verify(signature, message.encode())


def test_the_ml_dsa_message_is_that_of_the_specification() -> None:
    """Type 0x06 and the `cosigned_message` structure; accepted by OpenSSL's ML-DSA and by a foreign one."""
    witness = WITNESSES[1]
    name, key_id, at, signature = parts(witness.cosign(OPENED, AT))
    assert (name, at, len(signature), len(witness.key.public)) == (witness.name, AT, 2420, 1312)
    assert key_id == sha256(b"witness.example/w1\n\x06" + witness.key.public).digest()[:4]
    message = b"subtree/v1\n\x00" + b"\x12witness.example/w1" + pack(">Q", AT)
    message += b"\x17exchange.example/record" + pack(">QQ", 0, 1234) + HEAD.root
    MLDSA44PublicKey.from_public_bytes(witness.key.public).verify(signature, message)
    assert ML_DSA_44.verify(witness.key.public, message, signature)
    assert not ML_DSA_44.verify(witness.key.public, message + b"x", signature)


def test_a_foreign_ml_dsa_cosignature_is_accepted() -> None:
    """A witness whose key and signature were made by other code than ours."""
    public, secret = ML_DSA_44.keygen()
    key = WitnessKey("foreign.example", Kind.ML_DSA_44, public)
    message = b"subtree/v1\n\x00\x0fforeign.example" + pack(">Q", AT)
    message += b"\x17exchange.example/record" + pack(">QQ", 0, 1234) + HEAD.root
    data = key.key_id + pack(">Q", AT) + ML_DSA_44.sign(secret, message)
    line = f"\u2014 foreign.example {b64encode(data).decode()}\n"
    assert key.times(open_note(OPENED.note + line, LOG.verifier)) == [AT]


@each
def test_any_changed_byte_of_a_cosignature_is_caught(witness: Cosigner) -> None:
    """Time, first and last byte of the signature, and one byte less."""
    line = witness.cosign(OPENED, AT)
    data = bytearray(b64decode(line.split(" ")[2]))
    for place in (11, 12, len(data) - 1):
        changed = bytes([*data[:place], data[place] ^ 1, *data[place + 1 :]])
        with pytest.raises(BadNote):
            witness.key.times(again(witness, changed))
    with pytest.raises(BadNote):
        witness.key.times(again(witness, bytes(data[:-1])))


def again(witness: Cosigner, data: bytes) -> object:
    """The note with these bytes as the witness's line."""
    return open_note(f"{OPENED.note}\u2014 {witness.name} {b64encode(data).decode()}\n", LOG.verifier)


@each
def test_a_cosignature_of_another_checkpoint_is_caught(witness: Cosigner) -> None:
    """A line moved to a note of another size does not verify there."""
    other = Checkpoint(LOG.name, 1235, HEAD.root).signed(LOG)
    with pytest.raises(BadNote, match="wrong"):
        witness.key.times(open_note(other + witness.cosign(OPENED, AT), LOG.verifier))


@each
def test_keys_survive_their_lines(witness: Cosigner) -> None:
    """Secret and public line read back; the secret is in no repr."""
    again_ = Cosigner.from_skey(witness.skey + "\n")
    assert again_.key == witness.key == WitnessKey.from_vkey(witness.key.vkey + "\n")
    assert witness.skey not in repr(witness)


def test_the_two_kinds_have_different_key_ids() -> None:
    """One name, two keys, told apart."""
    assert len({witness.key.key_id for witness in WITNESSES}) == 2


@pytest.mark.parametrize(
    "line",
    ["", "x", "a+b+c", LOG.verifier.vkey, WITNESSES[0].key.vkey[:-4], "other" + WITNESSES[1].key.vkey,
     WITNESSES[0].skey],
    ids=["empty", "letter", "parts", "log", "cut", "name", "secret"],
)  # fmt: skip
def test_other_lines_are_no_witness_keys(line: str) -> None:
    """Also not the key of a record: what signs it must not witness it."""
    with pytest.raises(BadKey):
        WitnessKey.from_vkey(line)
    with pytest.raises(BadKey):
        Cosigner.from_skey(line.replace("PRIVATE+KEY+", ""))


def test_a_time_before_1970_is_not_signed() -> None:
    """Zero would say nothing about the time."""
    with pytest.raises(ValueError, match="1970"):
        WITNESSES[0].cosign(OPENED, 0)


def test_times_are_said_in_words() -> None:
    """As people write them, and without an error where they cannot be."""
    assert moment(AT) == "2023-03-20 12:25 UTC"
    assert moment(2**63 - 1) == "an impossible time"
