"""What both sites stand on: routes, headers, forms, languages, rendering. See ../README.md."""

from exchange.web.frame.app import base_application
from exchange.web.frame.cookies import clear_private_cookie, private_cookie, set_private_cookie
from exchange.web.frame.csrf import require as require_token
from exchange.web.frame.flash import Notice, notice
from exchange.web.frame.forms import ErrorSummary, Form, Verbatim, blank, entered, parse
from exchange.web.frame.i18n import N_, gettext, ngettext
from exchange.web.frame.pace import try_link, try_reference
from exchange.web.frame.readying import make_ready
from exchange.web.frame.rendering import leave, render, see_other
from exchange.web.frame.routing import PUBLIC, Csrf, Route, route_census
from exchange.web.frame.runner import FrameRunner
from exchange.web.frame.site import ServiceFacts
from exchange.web.frame.state import ACTOR, FEATURES, READYING, SERVICE, SIGNED_IN_NAME, SITE

__all__ = [
    "ACTOR", "FEATURES", "N_", "PUBLIC", "READYING", "SERVICE", "SIGNED_IN_NAME", "SITE", "Csrf", "ErrorSummary",
    "Form", "FrameRunner", "Notice", "Route", "ServiceFacts", "Verbatim", "base_application", "blank",
    "clear_private_cookie", "entered", "gettext", "leave", "make_ready", "ngettext", "notice", "parse",
    "private_cookie", "render", "require_token", "route_census", "see_other", "set_private_cookie", "try_link",
    "try_reference",
]  # fmt: skip
