"""What every answer of every surface must carry (SECURITY "The portal, links, sessions"), and forging its tokens."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

EXACT = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "web",
}
POLICY = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'",
    "frame-ancestors 'none'",
)  # fmt: skip
NEVER = ("unsafe-inline", "unsafe-eval", "http:", "https:", " data:", "*")
DENIED = ("geolocation=()", "payment=()", "usb=()", "display-capture=()", "clipboard-read=()")
FOREVER = "public, max-age=31536000, immutable"


def wrong_headers(path: str, status: int, headers: Mapping[str, str], *, features: tuple[str, ...] = ()) -> list[str]:
    """What is missing or wrong in one answer; empty when all is well. `features` the page may use."""
    found = [name for name, value in EXACT.items() if headers.get(name) != value]
    policy, allowed = headers.get("Content-Security-Policy", ""), headers.get("Permissions-Policy", "")
    found += [part for part in POLICY if part not in policy] + [part for part in NEVER if part in policy]
    found += [part for part in DENIED if part not in allowed] + ["fullscreen"] * ("fullscreen=(self)" not in allowed)
    opened = [name for name in ("camera", "microphone", "publickey-credentials-get") if f"{name}=(self)" in allowed]
    found += [f"{name} open" for name in opened if name not in features]
    cached = {FOREVER} if path.startswith("/static/") and status == 200 else {"no-store"}
    return found + (["Cache-Control"] if headers.get("Cache-Control") not in cached else [])


def token_for(secret: str) -> str:
    """The token that forms of a browser with this secret cookie carry: the salt is the sender's own choice."""
    salt = "0123456789abcdef"
    return salt + hmac.new(secret.encode(), b"exchange form v1\0" + salt.encode(), sha256).hexdigest()
