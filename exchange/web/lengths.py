"""How long a message is, roughly, in words: what a recipient is told before anything is shown."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from exchange.web.frame import gettext, ngettext
from exchange.web.frame.dates import length


def rough(parts: Sequence[Row[Any]]) -> str:
    """ "about 4 minutes", "3 pages", "about a page": of the parts of one version."""
    seconds = next((p.facts["seconds"] for p in parts if p.name in ("sound", "picture") and "seconds" in p.facts), 0)
    if seconds:
        return length(seconds)
    pages = sum(part.name.startswith("page-") for part in parts)
    if pages:
        return ngettext("%(num)d page", "%(num)d pages", pages) % {"num": pages}
    return gettext("about a page")
