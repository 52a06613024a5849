"""What a process does once so that no page waits for it: templates and first queries compiled, catalogues read.

Little by little, between requests: a process answers from its first moment, and whoever comes then waits for one
template at most.
"""

import asyncio
import gc
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from jinja2.bccache import Bucket, BytecodeCache

from exchange.core.errors import StorageUnavailable
from exchange.web.frame import i18n
from exchange.web.frame.state import READYING, SITE

_USES = re.compile(r'{%-?\s*(?:extends|from|include|import)\s+"([^"]+)"')


class Compiled(BytecodeCache):
    """Templates compiled once for all applications of this process; one whose source has changed is compiled anew."""

    _known: dict[str, tuple[str, Any]] = {}  # noqa: RUF012  # of the process, not of one cache

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was compiled of this very source."""
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._known[bucket.key] = (bucket.checksum, bucket.code)


async def make_ready(app: web.Application, *, after: float = 0.0) -> None:
    """Compile every template of this site with what it uses, read the catalogues, do what the site asks for besides.

    Begins `after` so many seconds. What is there then is not looked through for garbage any more.
    """
    await asyncio.sleep(after)
    env = aiohttp_jinja2.get_env(app)
    for name in templates_of(env, app[SITE].name):
        env.get_template(name)
        await asyncio.sleep(0)
    for code in i18n.LANGUAGES:
        await asyncio.to_thread(i18n.catalogue, code)
    for act in app.get(READYING, []):
        with suppress(StorageUnavailable):  # the pages themselves say so
            await act()
    gc.freeze()


def templates_of(env: jinja2.Environment, site: str) -> Iterator[str]:
    """The names of a site's own templates and, from there, of all that they use."""
    begins = (f"{site}/", "layout/")
    waiting, seen = [name for name in env.list_templates() if name.startswith(begins)], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or not name.endswith(".html"):
            continue
        seen.add(name)
        yield name
        assert env.loader is not None
        waiting += _USES.findall(env.loader.get_source(env, name)[0])
