"""How far the making of a new version is, in words; and where it can be seen once it is there."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from exchange.core.access import ON_THE_TEAM
from exchange.core.errors import ExchangeError
from exchange.core.model import Actor, Event
from exchange.steps import redact
from exchange.steps.redact import Workshop
from exchange.steps.rejections import SENTENCES
from exchange.store.read import MessageView
from exchange.store.service import Service
from exchange.web.frame import gettext, ngettext

SOONEST = 5
"""Percent done before minutes are told: before that they would be a guess."""


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


def made(found: MessageView, shop: Workshop) -> Row[Any] | None:
    """The newest version, if it was made of this list."""
    newest = found.newest
    return newest if newest is not None and shop.current and newest.id != shop.clean.id and shop.wanted else None


def _words(making: Row[Any]) -> str:
    if making.state == "refused":
        return gettext(SENTENCES[making.refused_code]) if making.refused_code in SENTENCES else ""
    if making.state != "waiting":
        return ""
    percent = making.progress
    words = gettext("The new version is being made.") + (f" {percent} %" if percent else "")
    if percent < SOONEST:
        return words
    left = (datetime.now(UTC) - making.at).total_seconds() * (100 - percent) / percent
    minutes = max(1, round(left / 60))
    return (
        words + ". " + ngettext("About %(num)s minute left.", "About %(num)s minutes left.", minutes) % {"num": minutes}
    )
