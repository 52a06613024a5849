"""Pages of a list: which one is asked for, and the links to its neighbours (GOV.UK "Pagination")."""

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

HIGHEST = 200
"""Nobody leafs further; whoever looks for something old uses the filter."""


@dataclass(frozen=True)
class Pager:
    """Page `number` of `pages`; `previous` and `next` are addresses, "" where there is none."""

    number: int
    pages: int
    total: int
    previous: str
    next: str


def page_number(request: web.Request) -> int:
    """The page that the address asks for, 1 where it is none."""
    untrusted = request.query.get("page", "")
    return (
        max(1, min(HIGHEST, int(untrusted)))
        if untrusted.isascii() and untrusted.isdigit() and len(untrusted) < 5
        else 1
    )


def pager(path: str, kept: dict[str, str], number: int, total: int, most: int) -> Pager:
    """The pager of a list of `total` rows, `most` to a page; `kept` is the filter, which stays in the links."""
    pages = max(1, min(HIGHEST, -(-total // most)))

    def link(to: int) -> str:
        return path + "?" + urlencode({**{k: v for k, v in kept.items() if v}, "page": to}) if 1 <= to <= pages else ""

    return Pager(number, pages, total, link(number - 1), link(number + 1))
