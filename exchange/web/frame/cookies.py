"""Cookies of both sites. Private by construction: HttpOnly, Path=/, no Domain, `__Host-` behind TLS.

On plain loopback (the demonstration) browsers refuse `__Host-` and Secure, so the plain name is used there.
"""

from typing import Literal

from aiohttp import web

from exchange.web.frame.state import SITE

SameSite = Literal["Lax", "Strict"]


def cookie_name(request: web.Request, name: str) -> str:
    """The name as the browser knows it: `__Host-name` behind TLS, `name` on plain loopback."""
    return f"__Host-{name}" if request.config_dict[SITE].secure else name


def private_cookie(request: web.Request, name: str) -> str | None:
    """The value of a cookie set by `set_private_cookie`, untrusted; None if absent, empty or over 4 KiB."""
    untrusted = request.cookies.get(cookie_name(request, name), "")
    return untrusted if 0 < len(untrusted) <= 4096 else None


def set_private_cookie(
    request: web.Request,
    response: web.StreamResponse,
    name: str,
    value: str,
    *,
    samesite: SameSite = "Lax",
    max_age: int | None = None,
) -> None:
    """Set a cookie that scripts cannot read. `max_age` in seconds; None ends with the browser."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        path="/",
        httponly=True,
        secure=request.config_dict[SITE].secure,
        samesite=samesite,
        max_age=max_age,
    )


def clear_private_cookie(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Take a cookie back."""
    secure = request.config_dict[SITE].secure
    response.del_cookie(cookie_name(request, name), path="/", secure=secure, httponly=True, samesite="Lax")
