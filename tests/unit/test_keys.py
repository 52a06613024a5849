from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core import keys
from exchange.core.errors import Unreadable
from exchange.core.sealed import context
from tests.vectors import second_reader

HERE = context("s", "c", "m", "", "test")
ELSEWHERE = context("s", "c2", "m", "", "test")
PAIR = keys.new_case_key()
OTHER = keys.new_case_key()
KEY = keys.new_data_key()
Open = Callable[[bytes, bytes, bytes], bytes]


def test_a_case_key_has_the_stored_shape_and_hides_itself() -> None:
    """Private 96 bytes, public 1,216, the public follows from the private, and repr shows neither."""
    assert (len(PAIR.private), len(PAIR.public)) == (keys.PRIVATE, keys.PUBLIC) == (96, 1216)
    assert keys.public_of(PAIR.private) == PAIR.public
    assert repr(PAIR) == "CaseKey()"
    with pytest.raises(Unreadable):
        keys.public_of(PAIR.private[:-1])


def test_keys_are_fresh() -> None:
    """A hundred data keys are a hundred different ones of 32 bytes."""
    made = {keys.new_data_key() for _ in range(100)}
    assert len(made) == 100
    assert {len(key) for key in made} == {32}


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=40))
def test_envelopes_round_trip(plain: bytes, bound: bytes) -> None:
    """Both envelopes give back any plaintext under the same context."""
    assert keys.open_sealed(PAIR.private, keys.seal_to(PAIR.public, plain, bound), bound) == plain
    assert keys.unwrap(KEY, keys.wrap(KEY, plain, bound), bound) == plain


def test_envelopes_open_only_as_made() -> None:
    """Another key, another context, another version, any flipped byte, any cut: Unreadable."""
    blob, wrapped = keys.seal_to(PAIR.public, KEY, HERE), keys.wrap(KEY, b"secret", HERE)
    tries: list[tuple[Open, bytes, bytes, bytes]]
    tries = [(keys.open_sealed, OTHER.private, blob, HERE), (keys.open_sealed, PAIR.private, blob, ELSEWHERE)]
    tries += [(keys.open_sealed, PAIR.private[:95], blob, HERE), (keys.unwrap, KEY[:31], wrapped, HERE)]
    tries += [(keys.unwrap, bytes(32), wrapped, HERE), (keys.unwrap, KEY, wrapped, ELSEWHERE)]
    tries += [(keys.unwrap, KEY, wrapped[:cut], HERE) for cut in range(len(wrapped))]
    tries += [(keys.unwrap, KEY, bent(wrapped, at), HERE) for at in range(len(wrapped))]
    tries += [(keys.open_sealed, PAIR.private, blob[:cut], HERE) for cut in (0, 1, 1120, 1121, 1136, -1)]
    tries += [(keys.open_sealed, PAIR.private, bent(blob, at), HERE) for at in (0, 1, 1088, 1089, 1120, 1121, -1)]
    for function, key, untrusted, bound in tries:
        with pytest.raises(Unreadable):
            function(key, untrusted, bound)


def bent(blob: bytes, at: int) -> bytes:
    """The blob with one bit changed."""
    out = bytearray(blob)
    out[at] ^= 1
    return bytes(out)


def test_sealing_with_a_wrong_key_is_an_error_of_the_caller() -> None:
    """Nothing is ever sealed under a short key."""
    with pytest.raises(ValueError, match="32 bytes"):
        keys.wrap(KEY[:16], b"x", HERE)
    with pytest.raises(ValueError, match="1216 bytes"):
        keys.seal_to(PAIR.public[:-1], b"x", HERE)


def test_wraps_of_the_same_thing_differ() -> None:
    """Nonces and encapsulations are fresh."""
    assert len({keys.wrap(KEY, b"x", HERE) for _ in range(50)}) == 50
    assert len({keys.seal_to(PAIR.public, b"x", HERE) for _ in range(3)}) == 3


@pytest.mark.parametrize("text", ["", "Siân O’Neil", "line\nline", "שלום", "x" * 5000])
def test_fields_of_both_kinds_open(text: str) -> None:
    """Tag 1 under the field key, tag 2 to the case; one function reads both."""
    one, two = keys.seal_field(KEY, text, HERE), keys.seal_field_to(PAIR.public, text, HERE)
    assert (one[0], two[0]) == (keys.FIELD_UNDER_KEY, keys.FIELD_TO_CASE) == (1, 2)
    for blob in (one, two):
        assert keys.open_field(blob, HERE, field_key=KEY, private=PAIR.private) == text


def test_fields_open_only_as_made() -> None:
    """Another column's context, the other kind's key only, a foreign tag, nothing, bytes that are no text."""
    one, two = keys.seal_field(KEY, "x", HERE), keys.seal_field_to(PAIR.public, "x", HERE)
    no_text = b"\x01" + keys.wrap(KEY, b"\xff", HERE)[1:]
    tries: list[tuple[bytes, bytes, bytes | None, bytes | None]]
    tries = [(one, ELSEWHERE, KEY, PAIR.private), (two, ELSEWHERE, KEY, PAIR.private)]
    tries += [(one, HERE, None, PAIR.private), (two, HERE, KEY, None), (b"", HERE, KEY, PAIR.private)]
    tries += [(bytes([tag]) + one[1:], HERE, KEY, PAIR.private) for tag in (0, 2, 3, 255)]
    tries += [(b"\x01" + two[1:], HERE, KEY, PAIR.private), (no_text, HERE, KEY, PAIR.private)]
    for blob, bound, field_key, private in tries:
        with pytest.raises(Unreadable):
            keys.open_field(blob, bound, field_key=field_key, private=private)


def test_envelopes_of_one_kind_never_open_as_another() -> None:
    """A wrap is not a field and a sealed key is not a sealed field, under the very same key and context."""
    with pytest.raises(Unreadable):
        keys.open_field(keys.wrap(KEY, b"x", HERE), HERE, field_key=KEY)
    with pytest.raises(Unreadable):
        keys.unwrap(KEY, keys.seal_field(KEY, "x", HERE), HERE)
    with pytest.raises(Unreadable):
        keys.open_field(b"\x02" + keys.seal_to(PAIR.public, b"x", HERE)[1:], HERE, private=PAIR.private)


def test_derive_is_hkdf_sha256() -> None:
    """RFC 5869 test case 3: no salt, no info, the first 32 bytes; and labels part keys."""
    assert keys.derive(b"\x0b" * 22, "").hex().startswith("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879e")
    assert keys.derive(KEY, "id") == second_reader.derive(KEY, "id")
    assert len({keys.derive(KEY, label) for label in ("id", "wrap", "ID", "")}) == 4


def test_a_second_reader_opens_every_envelope() -> None:
    """docs/sealed-format.md is enough: its reader, with its own HPKE, opens what keys.py makes."""
    field, far = b"exchange/field/v1\x00", b"exchange/field-hpke/v1\x00"
    assert second_reader.open_wrap(KEY, keys.wrap(KEY, b"w", HERE), HERE) == b"w"
    assert second_reader.open_wrap(KEY, keys.seal_field(KEY, "é", HERE), HERE, field) == "é".encode()
    assert second_reader.open_envelope(PAIR.private, keys.seal_to(PAIR.public, KEY, HERE), HERE) == KEY
    blob = keys.seal_field_to(PAIR.public, "é", HERE)
    assert second_reader.open_envelope(PAIR.private, blob, HERE, far) == "é".encode()


def test_random_below_reaches_all_and_only_its_range() -> None:
    """Numbers below the limit, each of them in time."""
    assert {keys.random_below(4) for _ in range(200)} == {0, 1, 2, 3}
