"""Static files under an address that carries their content's hash, so that they may be cached for a year.

The list is read once at the start: a path that is not in it does not exist, whatever it looks like.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from exchange.core.errors import NotFound

ROOT = Path(__file__).parent.parent / "static"
FOREVER = "public, max-age=31536000, immutable"
SKIPPED = frozenset({".map", ".md", ".json", ".txt"})


@dataclass
class Statics:
    """The static files: name (`site.css`, `vendor/x.js`) to address and file."""

    root: Path = ROOT
    files: dict[str, tuple[str, Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in _files(self.root):
            name = path.relative_to(self.root).as_posix()
            self.files[name] = (sha256(path.read_bytes()).hexdigest()[:16], path)

    def url(self, name: str) -> str:
        """The address of a file; a missing one gives an address that answers 404."""
        digest = self.files[name][0] if name in self.files else "missing"
        return f"/static/{digest}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer `/static/{digest}/{name}`; an old digest is not found rather than wrongly cached."""
        digest, path = self.files.get(request.match_info["name"], ("", self.root))
        if not digest or digest != request.match_info["digest"]:
            raise NotFound
        return web.FileResponse(path, headers={"Cache-Control": FOREVER})


def _files(root: Path) -> Iterator[Path]:
    return (p for p in sorted(root.rglob("*")) if p.is_file() and p.suffix not in SKIPPED)
