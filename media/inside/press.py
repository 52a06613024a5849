"""Sheets of data to one tagged PDF (PDF/UA-1), set by Typst. Order: nothing; what is to be set is the input.

Descriptor 3: JSON as `media/pack.py` writes it; the pictures it names and `press.typ`'s own data lie in the folder.
No word of it is markup: the template reads strings, Typst evaluates none. What no font of ours can draw stands in
brackets by its Unicode name where it is a sign or a smiley; where it is a letter, nothing is set at all: half a
letter is no letter.
"""

import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import font_roboto  # type: ignore[import-untyped]
import segno
import typst
from PIL import ImageFont

from media.inside import say

HERE = Path(__file__).parent
LONGEST_WORD = 24
"""Letters after which a word may be broken, where it is longer than any line."""
_KEPT = {"\n", "\t", "\u200c", "\u200d", "\u200e", "\u200f"}
_LEFT_OUT = ("Cc", "Cf", "Cs", "Co", "Cn")
_FROM_RIGHT = ("ar", "fa", "he", "ur", "yi", "ps", "ku", "sd")
_SIGNS = ("S", "M", "N", "P", "Z")
_LONG = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")


def main() -> None:
    """Descriptor 3 in, pack.pdf out."""
    say.order()
    with os.fdopen(3, "rb") as file:
        pack = json.load(file)
    fonts = _fonts()
    pack["fonts"] = ["Roboto", *_families()]
    drawn = {char: _drawn(char, fonts) for char in _characters(pack["sheets"])}
    if any(words is None for words in drawn.values()):
        say.refuse("no_letters")
    pack["sheets"] = [[_block(block, drawn) for block in sheet] for sheet in pack["sheets"]]
    Path("pack.json").write_text(json.dumps(pack), encoding="ascii")
    _codes(pack["sheets"])
    Path("pack.pdf").write_bytes(_set())
    say.answer(made=True)


def clean(text: str) -> str:
    """One form, without what cannot be seen: controls, overrides of direction, variation selectors."""
    whole = unicodedata.normalize("NFC", text.replace("\r\n", "\n").encode("utf-8", "replace").decode())
    return "".join(
        char for char in whole
        if char in _KEPT or (unicodedata.category(char) not in _LEFT_OUT and not 0xFE00 <= ord(char) <= 0xFE0F)
    )  # fmt: skip


def is_rtl(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left (UAX 9, rule P2)."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((way != "L" for way in strong if way in ("L", "R", "AL")), False)


def paragraphs(text: str, language: str) -> list[dict[str, Any]]:
    """Lines by paragraphs, each with its direction and language; what is longer than a line may be broken."""
    found = []
    for part in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines, rtl = [_line(line) for line in part.split("\n")], is_rtl(part)
        spoken = language if rtl == (language in _FROM_RIGHT) else _of_script(part, language)
        found.append({"lines": lines, "rtl": rtl, "language": spoken})
    return found


def _of_script(text: str, language: str) -> str:
    """A language of this script for a paragraph that cannot be in the letter's own."""
    ways = [unicodedata.bidirectional(char) for char in text]
    return "ar" if "AL" in ways else "he" if "R" in ways else "en" if language in _FROM_RIGHT else language


def _line(text: str) -> str:
    shown = text.expandtabs(4).rstrip()
    indent = len(shown) - len(shown.lstrip(" "))
    return "\u00a0" * min(indent, 40) + _LONG.sub(lambda found: found[0] + "\u200b", shown[indent:])


def _fonts() -> list[ImageFont.FreeTypeFont]:
    files = [font_roboto.Roboto, *map(str, sorted((HERE / "fonts").glob("*.ttf")))]
    return [ImageFont.truetype(file, 20) for file in files]


def _families() -> list[str]:
    return sorted({str(ImageFont.truetype(str(file), 20).getname()[0]) for file in (HERE / "fonts").glob("*.ttf")})


def _characters(sheets: list[list[dict[str, Any]]]) -> set[str]:
    return {char for sheet in sheets for block in sheet for text in _texts(block) for char in clean(text)}


def _texts(block: dict[str, Any]) -> list[str]:
    listed = [item for pair in block.get("codes", []) for item in pair] + block.get("items", [])
    return [text for text in (block.get("text", ""), block.get("label", ""), *listed) if text]


def _drawn(char: str, fonts: list[ImageFont.FreeTypeFont]) -> str | None:
    """What is set for a character: itself, its name in brackets, or None for a letter that cannot be drawn."""
    if char.isspace() or char in _KEPT:
        return char
    if any(bytes(font.getmask(char)) != bytes(font.getmask("\uffff")) for font in fonts):
        return char
    if not unicodedata.category(char).startswith(_SIGNS):
        return None
    return f"[{unicodedata.name(char, 'sign').lower()}]"


def _block(block: dict[str, Any], drawn: dict[str, str | None]) -> dict[str, Any]:
    def shown(text: str) -> str:
        return "".join(drawn[char] or "" for char in clean(text))

    done = dict(block)
    if block["kind"] == "letter":
        done["paragraphs"] = paragraphs(shown(block["text"]), block["language"])
    for name in ("text", "label"):
        if name in block:
            done[name] = shown(block[name])
    done["items"] = [shown(text) for text in block.get("items", [])]
    done["codes"] = [[shown(text) for text in pair] for pair in block.get("codes", [])]
    return done


def _codes(sheets: list[list[dict[str, Any]]]) -> None:
    for block in (block for sheet in sheets for block in sheet if block["kind"] == "qr"):
        code = segno.make(block["text"], error="q", micro=False)
        code.save("qr.svg", kind="svg", border=4, xmldecl=False, light="#fff")


def _set() -> bytes:
    own = [str(HERE / "fonts"), str(Path(font_roboto.Roboto).parent)]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=own)
    template = (HERE / "press.typ").read_bytes()
    press = typst.Compiler(template, root=".", font_paths=fonts, ignore_system_fonts=True)
    try:
        made = press.compile(format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError:
        say.refuse("damaged")
    if not isinstance(made, bytes):
        say.refuse("damaged")
    return made


if __name__ == "__main__":
    main()
