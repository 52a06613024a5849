"""The keys under which the frame keeps things on the application and on a request."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from multidict import MultiDict

from exchange.web.frame.site import Site
from exchange.web.frame.statics import Statics

if TYPE_CHECKING:
    from exchange.web.frame.pace import Allowance, Pace

SERVICE: web.AppKey[Any] = web.AppKey("service", object)
SITE = web.AppKey("site", Site)
STATICS = web.AppKey("statics", Statics)
PACE: "web.AppKey[Pace]" = web.AppKey("pace", object)  # type: ignore[arg-type]  # pace.py imports this file
READYING: web.AppKey[Any] = web.AppKey("readying", list)
"""Acts without arguments that a site does once so that no page waits for it."""
REFUSALS: "web.AppKey[Allowance]" = web.AppKey("refusals", object)  # type: ignore[arg-type]  # likewise
PROXIES: web.AppKey[Any] = web.AppKey("proxies", tuple)

ACTOR: web.RequestKey[Any] = web.RequestKey("actor", object)
ASKING: web.RequestKey[Any] = web.RequestKey("asking", object)
"""Who asks, known before it is known whether they may; for the log alone."""
SIGNED_IN_NAME = web.RequestKey("signed_in_name", str)
NONCE = web.RequestKey("nonce", str)
FEATURES: "web.RequestKey[tuple[str, ...]]" = web.RequestKey("features", tuple)
"""What Permissions-Policy allows on this one answer beside what its route names."""
FORM = web.RequestKey("form", MultiDict[str])
FORM_SECRET = web.RequestKey("form_secret", str)
NOTICE_SHOWN = web.RequestKey("notice_shown", bool)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Context = Mapping[str, Any]
