"""What just happened, said once on the next page. The cookie holds the key of a declared sentence and nothing
else: no name, no reference, nothing of the case.

    CASE_OPENED = notice("case-opened", N_("The case is open. Next, add the people in it."))
    return see_other("/cases/…", done=CASE_OPENED)  # from rendering
"""

from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from exchange.web.frame.cookies import clear_private_cookie, private_cookie, set_private_cookie
from exchange.web.frame.csrf import signed, unsigned

COOKIE = "notice"
Tone = Literal["success", "plain"]


@dataclass(frozen=True)
class Notice:
    """A sentence in the notification banner; `sentence` is a message id of the catalogue."""

    key: str
    sentence: str
    tone: Tone = "success"


_declared: dict[str, Notice] = {}


def notice(key: str, sentence: str, *, tone: Tone = "success") -> Notice:
    """Declare a notice at import time. Raises ValueError if the key is taken by another sentence."""
    made = Notice(key, sentence, tone)
    if _declared.setdefault(key, made) != made:
        raise ValueError(f"The notice {key!r} is declared twice.")
    return made


def leave_notice(request: web.Request, response: web.StreamResponse, what: Notice) -> None:
    """Show `what` on the next page."""
    set_private_cookie(request, response, COOKIE, signed(request, COOKIE, what.key), max_age=60)


def waiting_notice(request: web.Request) -> Notice | None:
    """The notice left for this page, if its seal is good."""
    untrusted = private_cookie(request, COOKIE)
    key = unsigned(request, COOKIE, untrusted) if untrusted else None
    return _declared.get(key) if key else None


def clear(request: web.Request, response: web.StreamResponse) -> None:
    """Forget a notice that was shown."""
    clear_private_cookie(request, response, COOKIE)
