"""Text as it may be shown: one form, no hidden or steering characters. Pure.

NFC, LF line ends, and nothing of Unicode's categories Cc, Cf, Cs, Co, Cn except tab and line feed: bidi
overrides, zero-width marks, soft hyphens, tag characters and byte-order marks all go. Zero-width joiner and
non-joiner stay between letters of the scripts that need them (Unicode 16, section 23.2).
"""

import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

_JOINERS = "\u200c\u200d"
_NEEDS_JOINERS = ((0x0600, 0x08FF), (0x0900, 0x0DFF), (0x1000, 0x109F), (0x1780, 0x17FF))
_BREAKS = str.maketrans({"\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def clean(untrusted_text: str) -> str:
    """The text with only what a reader can see, NFC, LF, no blanks at line ends, one LF at the end."""
    text = untrusted_text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
    text = unicodedata.normalize("NFC", text)
    kept = (char for i, char in enumerate(text) if _shown(char, text[i - 1 : i]))
    lines = unicodedata.normalize("NFC", "".join(kept)).split("\n")
    body = "\n".join(line.rstrip() for line in lines).strip("\n")
    return body + "\n" if body else ""


def _shown(char: str, before: str) -> bool:
    if char in "\n\t":
        return True
    if char in _JOINERS:
        return any(low <= ord(before or " ") <= high for low, high in _NEEDS_JOINERS)
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def decode(untrusted_data: bytes) -> str | None:
    """Bytes of a text file as text: UTF-8, UTF-16 with or without mark, else Windows-1252; None if binary."""
    if untrusted_data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _try(untrusted_data, "utf-16")
    if untrusted_data.startswith(BOM_UTF8):
        return _try(untrusted_data, "utf-8-sig")
    if guess := _unmarked_utf16(untrusted_data):
        return _try(untrusted_data, guess)
    if any(byte < 32 and byte not in b"\t\n\r\x0b\x0c" for byte in set(untrusted_data)):
        return None
    return _try(untrusted_data, "utf-8") or _try(untrusted_data, "cp1252")


def _try(untrusted_data: bytes, encoding: str) -> str | None:
    try:
        return untrusted_data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unmarked_utf16(untrusted_data: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a zero in nearly every second byte."""
    head = untrusted_data[:4096]
    if len(head) < 4 or len(untrusted_data) % 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.7 and odd < half * 0.1 else None
