"""Needs you now as somebody reads it who looks at all of it: the first page, and each heading to its end."""

import re
from html import unescape

from tests.support.console_site import Client

SECTION = re.compile(r'<section aria-labelledby="group-(\w+)">.*?</section>', re.DOTALL)
ONWARD = re.compile(r'href="([^"]+)" rel="next"')


async def all_of_home(client: Client) -> str:
    """Every heading with all its rows, each row once."""
    _, home = await client.get("/")
    return "\n".join([await _whole(client, found[1], found[0]) for found in SECTION.finditer(home)])


async def _whole(client: Client, key: str, section: str) -> str:
    """What the first page shows of a heading, or all its pages where it leads to them."""
    following, pages = f"/?group={key}", []
    if f'href="{following}"' not in section:
        return section
    while following:
        _, page = await client.get(following)
        pages += [found[0] for found in SECTION.finditer(page)]
        onward = ONWARD.search(page)
        following = unescape(onward[1]) if onward else ""
    return "\n".join(pages)
