"""Text in one form: nothing hidden, nothing steering. Pure."""

import pytest

from media.text import clean, decode


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne\n"),
        ("e\u0301", "é\n"),
        ("evil\u202etxt\u202c", "eviltxt\n"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde\n"),
        ("bell\x07 null\x00 esc\x1b[0m", "bell null esc[0m\n"),
        ("tag\U000e0041\U000e007f private\ue000 odd\ud800", "tag private odd\n"),
        ("می\u200cخواهم", "می\u200cخواهم\n"),
        ("a\u200cb", "ab\n"),
        ("tab\tstays  \n\n\n", "tab\tstays\n"),
        (" \u200b\n", ""),
        ("Annwyl ŵr 😀", "Annwyl ŵr 😀\n"),
    ],
)
def test_clean(given: str, shown: str) -> None:
    """Only what a reader can see is left, and cleaning again changes nothing."""
    assert clean(given) == shown
    assert clean(shown) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_decode(encoding: str) -> None:
    """The usual encodings of text files are recognised."""
    assert decode("It cost £5 – “really”, said Zoë.".encode(encoding)) == "It cost £5 – “really”, said Zoë."


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01", b"abc\x00def", b"\xff\xfe\x00\xd8", b"\x81\x8d\x8f"])
def test_binary_is_not_text(data: bytes) -> None:
    """Bytes with zeros or in no encoding are not taken for text."""
    assert decode(data) is None
