"""The message that a page is about, as its template takes it, and the small things every handler here needs."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import Row

from exchange.core import access
from exchange.core.errors import Conflict, NotAllowed, NotFound
from exchange.steps import view
from exchange.store import read
from exchange.store.read import MessageView
from exchange.web import frame
from exchange.web.console.messages import words
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import kind_of, said
from exchange.web.frame import gettext
from exchange.web.frame.i18n import current_language
from exchange.web.frame.routing import route_of
from exchange.web.translated import told

LONGEST_TEXT_SHOWN = 2_000_000


async def message_of(request: web.Request) -> MessageView:
    """The message of the address, for whoever has the route's permission as near to the case as they are.

    `NotFound` for whoever may not even know of it, `NotAllowed` for whoever sees it and may not do this.
    """
    actor, route = actor_of(request), route_of(request)
    found = await read.message_view(service_of(request), actor, id_of(request, "message"))
    if route is None or not access.may(actor, route.permission, found.relation):
        raise NotAllowed
    return found


def newest_of(found: MessageView) -> Row[Any]:
    """The newest version. `Conflict` while there is none."""
    if found.newest is None:
        raise Conflict("No safe version has been made yet.")
    return found.newest


def version_numbered(found: MessageView, untrusted_number: str) -> Row[Any]:
    """The version of that number, the newest where none is named. NotFound."""
    newest = newest_of(found)
    if not untrusted_number:
        return newest
    for row in found.revisions:
        if str(row.number) == untrusted_number:
            return row
    raise NotFound


def first_of_round(found: MessageView, version: Row[Any]) -> Row[Any] | None:
    """The first clean version of what was put in then, if `version` was made from it."""
    first = min((row for row in found.revisions if row.round == version.round), key=lambda row: row.number)
    return first if first.number < version.number else None


def page(
    request: web.Request,
    template: str,
    found: MessageView,
    form: frame.ErrorSummary | None = None,
    *,
    status: int = 200,
    **more: Any,
) -> web.Response:
    """A page about one message: the template knows `view`, `message`, `kind` and `path_to`."""
    context = {
        "view": found,
        "message": found.message,
        "kind": kind_of(found.message),
        "path_to": f"/messages/{found.message.id}",
        "form": form if form is not None else frame.blank(),
        "words": words,
        "said": said,
        "tongue": current_language(),
        **more,
    }
    return frame.render(request, f"console/messages/{template}.html", context, status=status)


async def read_part(
    request: web.Request, message: UUID, name: str, *, digest: str | None = None, release: UUID | None = None
) -> str:
    """A text part whole, to stand in a page. Opening it is recorded before the first byte is read."""
    service, actor = service_of(request), actor_of(request)
    opened = await view.open_for_staff(service, actor, message, name, digest=digest, release=release)
    if opened.part.size > LONGEST_TEXT_SHOWN:
        return gettext("This text is too long for this page.")
    return (await opened.reader.whole()).decode("utf-8", "replace")


def named(parts: Iterable[Row[Any]], prefix: str) -> list[Row[Any]]:
    """The parts whose name begins so, in order: `page-`, `translation-`."""
    return [part for part in parts if part.name.startswith(prefix)]


def has(parts: Iterable[Row[Any]], name: str) -> bool:
    """Whether a version has such a part."""
    return any(part.name == name for part in parts)


def texts_of(parts: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The parts that are read as text, captions too."""
    return [part for part in parts if part.media_type.startswith("text/")]


def part_words(part: Row[Any]) -> str:
    """What a part is, in words; a translation says into which language."""
    if part.name.startswith("translation"):
        language = words.LANGUAGES.get(part.facts.get("language", ""), part.facts.get("language", ""))
        named = gettext("Translation: %(language)s") % {"language": language}
        made = told(part.facts)
        return f"{named}. {made}" if made else named
    if part.name.startswith("page-"):
        return gettext("Page %(number)s") % {"number": int(part.name.removeprefix("page-"))}
    return said(words.PART_NAMES, part.name)
