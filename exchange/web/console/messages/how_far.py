"""How far the making safe is, in words: for the page, for its script, and for whoever listens already."""

from typing import Any

from exchange.core.model import State
from exchange.core.progress import LESS, minutes_left
from exchange.store.read import MessageView
from exchange.web.frame import N_, gettext, ngettext

ARRIVING = N_("It has arrived and is locked away. The service is making it safe.")
WORKING = N_("The service is making it safe.")


def progress_words(found: MessageView) -> str:
    """What is being done and how far it is; nothing once it is over."""
    if found.message.state != State.QUARANTINED:
        return ""
    percent = found.message.progress
    return gettext(WORKING) + f" {percent} %" if percent else gettext(ARRIVING)


def left_words(found: MessageView) -> str:
    """How long it still takes; nothing while nobody can say, or while it waits for somebody."""
    if found.message.state != State.QUARANTINED or found.message.rejected_code:
        return ""
    return minutes_words(minutes_left(found.message.working_since, found.message.progress, found.now))


def minutes_words(left: int | None) -> str:
    """What `minutes_left` says."""
    if left is None:
        return ""
    if left == LESS:
        return gettext("Less than a minute left.")
    return ngettext("About %(num)s minute left.", "About %(num)s minutes left.", left) % {"num": left}


def working(found: MessageView) -> dict[str, Any]:
    """What the templates' `progress` takes."""
    return {"progress_words": progress_words(found), "left_words": left_words(found), "stage": stage(found)}


def stage(found: MessageView) -> str:
    """Changes when the page has something new to show."""
    return f"{found.message.state}-early" if found.early is not None else str(found.message.state)
