"""Headers that every response carries, errors included (SECURITY, "The portal, links, sessions").

They are set when the response is prepared, which is also where aiohttp's own errors pass.
"""

from secrets import token_urlsafe

from aiohttp import web

from exchange.web.frame.routing import ROUTES
from exchange.web.frame.state import FEATURES, NONCE, SITE

DENIED = (
    "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture",
    "encrypted-media", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone",
    "midi", "payment", "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip


def nonce(request: web.Request) -> str:
    """The nonce of this response's scripts and styles: 128 random bits, made when first asked for."""
    if NONCE not in request:
        request[NONCE] = token_urlsafe(16)
    return request[NONCE]


def content_security_policy(token: str) -> str:
    """Nothing but our own files; scripts and styles by nonce or from our static folder."""
    own = f"'self' 'nonce-{token}'"
    return "; ".join((
        "default-src 'none'", f"script-src {own}", f"style-src {own}", "img-src 'self' blob:",
        "media-src 'self' blob:", "connect-src 'self'", "form-action 'self'", "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ))  # fmt: skip


def permissions_policy(features: tuple[str, ...] = ()) -> str:
    """Everything denied but full screen, and what the route asked for."""
    allowed = ("fullscreen", *features)
    denied = [f"{name}=()" for name in DENIED if name not in allowed]
    return ", ".join([*denied, *(f"{name}=(self)" for name in allowed)])


def security_headers(token: str, *, secure: bool, features: tuple[str, ...] = ()) -> dict[str, str]:
    """All of them but Cache-Control, which static files set themselves."""
    headers = {
        "Content-Security-Policy": content_security_policy(token),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": permissions_policy(features),
        "X-Robots-Tag": "noindex, nofollow",
        "Server": "web",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: runs for pages, streams, redirects and refusals alike."""
    route = request.app[ROUTES].get(request.match_info.route)
    features = (*(route.features if route else ()), *request.get(FEATURES, ()))
    response.headers.update(security_headers(nonce(request), secure=request.app[SITE].secure, features=features))
    response.headers.setdefault("Cache-Control", "no-store")
