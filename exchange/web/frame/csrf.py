"""Forged requests are refused: a token in every form, and what the browser says about where it came from.

The token is HMAC-SHA256 under a secret cookie of this browser (the session's, or one of its own before
there is a session), so that any number of processes agree on it without a shared key. `Sec-Fetch-Site` must
say same-origin (or none); `Origin: null` is what our own forms send under `Referrer-Policy: no-referrer`,
so the origin is judged only where the browser sends no Sec-Fetch-Site.
"""

import hmac
from hashlib import sha256
from secrets import token_urlsafe

from aiohttp import web
from yarl import URL

from exchange.core.errors import NotAllowed, SignInNeeded
from exchange.web.frame.cookies import private_cookie, set_private_cookie
from exchange.web.frame.forms import form_of
from exchange.web.frame.i18n import N_
from exchange.web.frame.routing import Csrf, Handler, route_of
from exchange.web.frame.state import FORM_SECRET, SAFE_METHODS, SITE

FIELD, HEADER, COOKIE = "csrf", "X-CSRF-Token", "form"
STALE = N_("This page was open for too long. Nothing was changed. Go back, reload the page and try again.")
FOREIGN = N_("This did not come from one of our own pages. Nothing was changed.")


class Forged(NotAllowed):
    """This did not come from one of our own pages. Nothing was changed."""


def token(request: web.Request) -> str:
    """A token for a form of this page. Makes the cookie it hangs on where the browser has none yet.

    The same for the same browser and path, so that pages which must look alike are alike byte for byte.
    """
    secret = _secrets(request)[0]
    salt = _seal(secret, "salt " + request.path)[:16]
    return f"{salt}{_seal(secret, salt)}"


def require(request: web.Request, untrusted_token: str) -> None:
    """Check a token that a HANDLER route found in its body. Raises Forged."""
    salt, seal = untrusted_token[:16], untrusted_token[16:]
    if not any(hmac.compare_digest(_seal(s, salt).encode(), seal.encode()) for s in _known(request)):
        raise Forged(STALE)


def signed(request: web.Request, purpose: str, value: str) -> str:
    """`value` with a seal that only this browser's secret can make (for the notice cookie)."""
    return f"{value}.{_seal(_secrets(request)[0], purpose + value)}"


def unsigned(request: web.Request, purpose: str, untrusted: str) -> str | None:
    """The value in what `signed` made, or None."""
    value, _, seal = untrusted.rpartition(".")
    good = any(hmac.compare_digest(_seal(s, purpose + value).encode(), seal.encode()) for s in _known(request))
    return value if good else None


@web.middleware
async def csrf_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse unsafe requests that do not prove where they come from, before anything else looks at them."""
    route = route_of(request)
    if request.method in SAFE_METHODS or route is None:
        return await handler(request)
    if route.csrf is Csrf.BEARER:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            raise SignInNeeded
        return await handler(request)
    _require_own_origin(request)
    if route.csrf is not Csrf.HANDLER:
        sent = request.headers.get(HEADER, "")
        if not sent and route.csrf is Csrf.FORM:
            sent = (await form_of(request, route.max_body)).get(FIELD, "")
        require(request, sent)
    return await handler(request)


def keep_secret(request: web.Request, response: web.StreamResponse) -> None:
    """Send the cookie that `token` made during this request."""
    if FORM_SECRET in request:
        set_private_cookie(request, response, COOKIE, request[FORM_SECRET])


def _require_own_origin(request: web.Request) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Forged(FOREIGN)
        return
    origin = request.headers.get("Origin", "null")
    if origin != "null" and URL(origin).authority != request.host:
        raise Forged(FOREIGN)


def _known(request: web.Request) -> list[str]:
    """The secrets this browser holds: its session cookie first, then its form cookie."""
    names = (request.config_dict[SITE].name, COOKIE)
    return [value for value in (private_cookie(request, n) for n in names) if value and len(value) >= 20]


def _secrets(request: web.Request) -> list[str]:
    known = _known(request)
    if not known:
        if FORM_SECRET not in request:
            request[FORM_SECRET] = token_urlsafe(32)
        known = [request[FORM_SECRET]]
    return known


def _seal(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), b"exchange form v1\0" + text.encode(), sha256).hexdigest()
