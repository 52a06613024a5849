"""Languages of the pages: English message ids, catalogues in `exchange/web/locale`, one language per request.

Catalogues are compiled in memory from their `.po` files when first needed, so that no stale `.mo` exists.
The language of the running request is a context variable: aiohttp gives every request its own task context.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent.parent / "locale"


@dataclass(frozen=True)
class Language:
    """One language of the pages; `draft` catalogues say so on every page."""

    code: str
    name: str
    direction: str = "ltr"
    draft: bool = False


LANGUAGES = {
    "en": Language("en", "English"),
    "cy": Language("cy", "Cymraeg", draft=True),
}
DEFAULT = "en"
MIRRORED = Language("ar-XB", "ﺔﺑﺮﺠﺗ", "rtl")
"""For tests and developers: every sentence in Arabic letters, from right to left. It says nothing in any language;
what is left in Latin letters was not translated, and what stands on the wrong side was laid out by hand."""
_ARABIC = str.maketrans(
    dict(zip("abcdefghijklmnopqrstuvwxyz", "ابثدعفغهيجكلمنوبقرستوڤوخيز", strict=True))
    | dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ابثدعفغهيجكلمنوبقرستوڤوخيز", strict=True))
)
_PLACE = re.compile(r"(%\(\w+\)[sd])")

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def current_language() -> str:
    """The code of the language in which this request is answered."""
    return _language.get()


def use_language(code: str) -> None:
    """Answer the running request in `code`; an unknown code means the default."""
    _language.set(code if code in LANGUAGES else DEFAULT)


def choose_language(untrusted_cookie: str | None, untrusted_accept: str) -> str:
    """The visitor's own choice, else what the browser asks for, else English."""
    if untrusted_cookie in LANGUAGES:
        return str(untrusted_cookie)
    wanted = [part.split(";")[0].strip() for part in untrusted_accept[:200].split(",")]
    return negotiate_locale([w for w in wanted if w], list(LANGUAGES), sep="-") or DEFAULT


def offer_mirrored() -> None:
    """Let this process answer in the mirrored language too (setting `mirrored_language`, refused outside the demo)."""
    LANGUAGES[MIRRORED.code] = MIRRORED


class Mirrored(NullTranslations):
    """The English catalogue in Arabic letters; places such as `%(name)s` stay as they are."""

    def gettext(self, message: str) -> str:
        """One sentence."""
        return "".join(part if _PLACE.match(part) else part.translate(_ARABIC) for part in _PLACE.split(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One of two."""
        return self.gettext(msgid1 if n == 1 else msgid2)


@cache
def catalogue(code: str) -> NullTranslations:
    """The compiled catalogue of one language; an absent file means English as written."""
    if code == MIRRORED.code:
        return Mirrored()
    path = LOCALE / code / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        messages = read_po(source, locale=code)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def gettext(message: str) -> str:
    """`message` in the language of the request. An empty id would give the catalogue's header: guarded."""
    return catalogue(current_language()).gettext(message) if message else ""


def gettext_in(code: str) -> Callable[[str], str]:
    """The same in a language that is named, whatever the request's."""
    return catalogue(code).gettext


def ngettext(one: str, many: str, number: int) -> str:
    """The plural form for `number` in the language of the request."""
    return catalogue(current_language()).ngettext(one, many, number)


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark a string for the catalogue where it cannot be translated yet (module constants)."""
    return message
