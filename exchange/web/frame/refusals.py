"""Every refusal goes into the log, so that probing and broken backends are seen (ASVS 5.0.0 16.3.2 to 16.3.4).

One line says what was refused, on which route, with which status, and for a member of staff which account. It never
says from where it came, what was sent or which case it was about: the record holds what was done, this holds what
was not. A flood cannot fill the disk: each kind of refusal is written so often a minute and no more.
"""

from time import monotonic

import structlog
from aiohttp import web

from exchange.core.model import ActorKind
from exchange.web.frame.pace import Allowance
from exchange.web.frame.state import ACTOR, ASKING, REFUSALS

PER_MINUTE = 120
KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = structlog.get_logger("web")


def new_allowance() -> Allowance:
    """How often one application writes of one kind of refusal."""
    return Allowance(PER_MINUTE)


def note(request: web.Request, status: int, kind: str) -> None:
    """Write one refusal: `kind` is the error's class. What is our own fault (5xx) is an error, the rest is not."""
    if not request.app[REFUSALS].take(kind, monotonic()):
        return
    asking = request.get(ASKING) or request.get(ACTOR)
    account = str(asking.id) if asking is not None and asking.kind is ActorKind.STAFF else ""
    write = log.error if status >= 500 else log.warning
    write(
        "refused",
        kind=kind,
        status=status,
        method=request.method if request.method in KNOWN else "other",
        route=getattr(request.match_info.route.resource, "canonical", ""),
        account=account,
    )
