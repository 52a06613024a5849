"""The catalogues: nothing left out, nothing guessed; Easy Read says what the usual page says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from exchange.settings import Settings
from exchange.web.frame.i18n import LANGUAGES, LOCALE, MIRRORED, Mirrored
from exchange.web.frame.rendering import TEMPLATES
from exchange.web.portal.easy import PAGES

TOOL = Path(__file__).parents[2] / "tools" / "catalogue.py"


def test_the_catalogues_hold_every_sentence_of_the_code() -> None:
    """The tool that keeps them has nothing to say, in a process of its own: what is loaded here is not the code."""
    done = subprocess.run([sys.executable, TOOL, "check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("code", ["en", "cy"])
def test_every_sentence_is_translated(code: str) -> None:
    """0 fuzzy, 0 obsolete; in Welsh 0 untranslated, in English all as written."""
    with (LOCALE / code / "LC_MESSAGES" / "messages.po").open("rb") as source:
        found = read_po(source, locale=code)
    assert [message.id for message in found if message.id and message.fuzzy] == []
    assert list(found.obsolete) == []
    empty = [m.id for m in found if m.id and not (all(m.string) if m.pluralizable else m.string)]
    assert len(empty) == (0 if code == "cy" else len(found))


def test_easy_read_is_translated_line_by_line() -> None:
    """Every line of every Easy Read page has its own Welsh, and a picture that exists."""
    with (LOCALE / "cy" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        welsh = {str(message.id): str(message.string) for message in read_po(source, locale="cy")}
    for name in PAGES:
        text = (TEMPLATES / "portal" / "easy" / name).read_text(encoding="utf-8")
        lines = re.findall(r'line\("([\w-]+)", _\("([^"]+)"\)\)', text)
        assert len(lines) >= 3, name
        assert [words for _, words in lines if welsh.get(words, "") in ("", words)] == []
        assert [p for p, _ in lines if not (TEMPLATES / "portal" / "easy" / "pictures" / f"{p}.svg").is_file()] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_easy_read_asks_and_offers_the_same(name: str) -> None:
    """Forms, answers, ways on and the words of consent are those of the usual page."""
    usual, easy = ((TEMPLATES / "portal" / folder / name).read_text(encoding="utf-8") for folder in ("", "easy"))
    parts = (
        r'form_to\((.+?)\)', r'name="(?:wish|answer)", value="(\w+)"', r'(?m)^\s*\("(\w+)", _\("', r'calm\((.+?),',
        r'href="(/[\w-]+)"',
    )  # fmt: skip
    for part in parts:
        assert sorted(set(re.findall(part, easy))) == sorted(set(re.findall(part, usual))), part
    in_full = re.search(r"\{\{ (?:exact|keeping_private)\(", easy)
    assert bool(in_full) is ("{{ inset(" in usual)


def test_the_mirrored_language_is_never_offered_by_itself() -> None:
    """Only a setting turns it on, and that setting stops the start of a real service."""
    assert MIRRORED.code not in LANGUAGES
    assert Settings.load(demo=True, mirrored_language=True).mirrored_language
    with pytest.raises(Exception, match="EXCHANGE_MIRRORED_LANGUAGE is for tests"):
        Settings.load(demo=False, mirrored_language=True)
    assert Mirrored().gettext("Saved %(time)s") == "ساڤعد %(time)s"
    assert Mirrored().ngettext("%(num)d day", "%(num)d days", 2).startswith("%(num)d ")
