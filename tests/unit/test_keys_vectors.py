import hashlib
import json
from pathlib import Path

from exchange.core import keys, links
from exchange.core.recovery import from_recovery_text, recovery_text
from exchange.core.sealed import context
from tests.vectors import second_reader

FOLDER = Path(__file__).parents[1] / "vectors" / "keys"


def load(name: str) -> dict[str, str]:
    """The fields of one stored vector."""
    fields: dict[str, str] = json.loads((FOLDER / f"{name}.json").read_text())
    return fields


def hexes(vector: dict[str, str], *names: str) -> list[bytes]:
    """Some fields of a vector as bytes."""
    return [bytes.fromhex(vector[name]) for name in names]


def test_the_example_context_of_the_page() -> None:
    """docs/sealed-format.md section 1 shows these bytes, and both encoders make them."""
    page = (FOLDER.parents[2] / "docs" / "sealed-format.md").read_text()
    shown = next(line for line in page.splitlines() if line.startswith("    65786368"))
    assert context("s", "c", "", "", "p") == bytes.fromhex(shown.replace(" ", ""))
    assert second_reader.context("s", "c", "", "", "p") == bytes.fromhex(shown.replace(" ", ""))


def test_a_stored_wrap_and_envelope_open() -> None:
    """What an earlier version stored opens, here and in the second reader."""
    key, bound, blob, plain = hexes(load("wrap"), "key", "context", "blob", "plaintext")
    assert keys.unwrap(key, blob, bound) == second_reader.open_wrap(key, blob, bound) == plain
    private, public, bound, blob, plain = hexes(load("envelope"), "private", "public", "context", "blob", "plaintext")
    assert keys.public_of(private) == public
    assert keys.open_sealed(private, blob, bound) == plain
    assert second_reader.open_envelope(private, blob, bound) == plain


def test_stored_fields_open() -> None:
    """Both tags, by open_field and by the second reader."""
    key, bound, blob = hexes(load("field-1"), "key", "context", "blob")
    assert keys.open_field(blob, bound, field_key=key) == load("field-1")["text"]
    assert second_reader.open_wrap(key, blob, bound, b"exchange/field/v1\x00").decode() == load("field-1")["text"]
    private, bound, blob = hexes(load("field-2"), "private", "context", "blob")
    assert keys.open_field(blob, bound, private=private) == load("field-2")["text"]
    again = second_reader.open_envelope(private, blob, bound, b"exchange/field-hpke/v1\x00")
    assert again.decode() == load("field-2")["text"]


def test_stored_links_sessions_and_codes_are_found_again() -> None:
    """Derivations and the code's hash stay what they were; the hash is plain scrypt."""
    link, session, code = load("link"), load("session"), load("code")
    assert [links.lookup_hash(link["secret"]), links.wrap_key(link["secret"])] == hexes(link, "lookup_hash", "wrap_key")
    assert [links.session_hash(session["secret"]), links.session_key(session["secret"])] == hexes(
        session, "session_hash", "session_key"
    )
    salt, stored = hexes(code, "salt", "hash")
    assert links.code_matches("acorn barley COMPASS", salt, stored)
    assert hashlib.scrypt(b"acornbarleycompass", salt=salt, n=2**14, r=8, p=1, dklen=32) == stored


def test_a_printed_sheet_is_still_understood() -> None:
    """The sheet in somebody's safe opens the same root key, and is printed the same."""
    sheet = load("sheet")
    assert from_recovery_text(sheet["text"]) == bytes.fromhex(sheet["key"])
    assert recovery_text(bytes.fromhex(sheet["key"])) == sheet["text"]
