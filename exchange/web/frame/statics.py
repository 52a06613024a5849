"""Static files under an address that carries their content's hash, so that they may be cached for a year.

One hash for the whole folder, so that style sheets and scripts reach each other by relative addresses. The
list is read once at the start: a path that is not in it does not exist, whatever it looks like.

They are compressed, and they alone: they are the same for everybody and hold no secret. Pages are not, because
the size of a compressed page that holds both a secret and what somebody else chose tells the secret (BREACH).
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from exchange.core.errors import NotFound

ROOT = Path(__file__).parent.parent / "static"
FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
}
"""What is served, each with its type and character set; whatever else lies in the folder is not (ASVS 13.4.7)."""


@dataclass
class Statics:
    """The static files by name (`site.css`, `vendor/x.js`) and the hash over all of them."""

    root: Path = ROOT
    files: dict[str, Path] = field(default_factory=dict)
    small: dict[str, bytes] = field(default_factory=dict, repr=False)
    digest: str = ""

    def __post_init__(self) -> None:
        whole = sha256()
        for path in _files(self.root):
            name = path.relative_to(self.root).as_posix()
            self.files[name] = path
            content = path.read_bytes()
            if path.suffix != ".png":
                self.small[name] = gzip.compress(content, 9, mtime=0)
            whole.update(name.encode() + b"\0" + sha256(content).digest())
        self.digest = whole.hexdigest()[:16]

    def url(self, name: str) -> str:
        """The address of a file."""
        return f"/static/{self.digest}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer `/static/{digest}/{name}`; an old digest is not found rather than wrongly cached."""
        name = request.match_info["name"]
        path = self.files.get(name)
        if path is None or request.match_info["digest"] != self.digest:
            raise NotFound
        headers = {"Cache-Control": FOREVER, "Content-Type": TYPES[path.suffix], "Vary": "Accept-Encoding"}
        if name in self.small and _takes_gzip(request.headers.get("Accept-Encoding", "")):
            return web.Response(body=self.small[name], headers=headers | {"Content-Encoding": "gzip"})
        return web.FileResponse(path, headers=headers)


def _files(root: Path) -> Iterator[Path]:
    return (p for p in sorted(root.rglob("*")) if p.is_file() and p.suffix in TYPES)


def _takes_gzip(untrusted_accept: str) -> bool:
    """Whether a browser asks for gzip; a refusal by weight (`gzip;q=0`) is one."""
    asked = dict((part.replace(" ", "").partition(";")[::2]) for part in untrusted_accept[:200].lower().split(","))
    return "gzip" in asked and asked["gzip"] not in ("q=0", "q=0.0")
