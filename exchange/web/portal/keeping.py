"""What was typed when the page had locked: carried by the page itself, sealed under the browser's own secret.

So ten minutes of thinking lose nothing without scripts, and what lies in the page says nothing to whoever
looks at it without the cookie.
"""

import base64
import binascii
from uuid import UUID

from exchange.core import keys, links
from exchange.core.errors import Unreadable
from exchange.core.sealed import context

LONGEST = 700 * 1024


def seal_text(cookie: str, session: UUID, text: str) -> str:
    """`text` for a hidden field of the locked page."""
    sealed = keys.wrap(links.session_key(cookie), text.encode("utf-8", "replace"), _bound(session))
    return base64.urlsafe_b64encode(sealed).decode()


def open_text(cookie: str, session: UUID, untrusted: str) -> str | None:
    """What `seal_text` took; None for anything else."""
    try:
        sealed = base64.urlsafe_b64decode(untrusted[: 2 * LONGEST])
        return keys.unwrap(links.session_key(cookie), sealed, _bound(session)).decode()
    except (Unreadable, binascii.Error, ValueError):
        return None


def _bound(session: UUID) -> bytes:
    return context("exchange", str(session), "portal", "typed", "kept")
