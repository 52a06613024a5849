"""How far the making of a new version is, in words; and where it can be seen once it is there."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from exchange.core.access import ON_THE_TEAM
from exchange.core.errors import ExchangeError
from exchange.core.model import Actor, Event
from exchange.core.progress import minutes_left
from exchange.steps import redact
from exchange.steps.redact import Workshop
from exchange.steps.rejections import SENTENCES
from exchange.store.read import MessageView
from exchange.store.service import Service
from exchange.web.console.messages.how_far import minutes_words
from exchange.web.frame import gettext


async def workshop_of(service: Service, actor: Actor, found: MessageView) -> Workshop | None:
    """The list and the making, for whoever may take something out now."""
    if Event.REVISE not in found.events or found.newest is None or found.relation not in ON_THE_TEAM:
        return None
    try:
        return await redact.workshop(service, actor, found.message.id)
    except ExchangeError:
        return None


def told(making: Row[Any] | None) -> dict[str, Any]:
    """State, percent and words of the making that was asked for last; nothing where none was."""
    if making is None:
        return {"state": "", "percent": None, "words": ""}
    return {"state": making.state, "percent": making.progress, "words": _words(making)}


def made(shop: Workshop) -> Row[Any] | None:
    """The newest version, if it was made of this list."""
    newest = shop.newest
    return newest if newest is not None and shop.current and newest.id != shop.clean.id and shop.wanted else None


def _words(making: Row[Any]) -> str:
    if making.state == "refused":
        return gettext(SENTENCES[making.refused_code]) if making.refused_code in SENTENCES else ""
    if making.state != "waiting":
        return ""
    percent = making.progress
    words = gettext("The new version is being made.") + (f" {percent} %" if percent else "")
    left = minutes_words(minutes_left(making.at, percent, datetime.now(UTC)))
    return f"{words}. {left}" if left else words
