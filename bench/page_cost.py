"""What one page costs: CPU milliseconds of the console's process and of the database's, and queries."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from exchange.store.service import Service
from exchange.web.frame import make_ready
from tests.support.console_site import Client, running_console
from tests.support.many_pages import Page, counting

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """Of each visit after the first: milliseconds of this process; of all together: those of the database."""

    first: float = 0.0
    own: list[float] = field(default_factory=list)
    database: float = 0.0
    queries: int = 0
    size: int = 0


async def costs_of(service: Service, pages: list[Page], visits: int, database: Callable[[], float]) -> dict[Page, Cost]:
    """Visit each page so often, one after the other. The console and its visitor are this process."""
    found = {page: Cost() for page in pages}
    async with running_console(service) as console:
        await make_ready(console.app)
        clients = {page.role: await console.as_(page.who) for page in pages}
        for page, cost in found.items():
            with counting(service) as sent:
                cost.first, cost.size = await _visit(clients[page.role], page)
            cost.queries = len(sent)
            before = database()
            for _ in range(visits):
                cost.own.append((await _visit(clients[page.role], page))[0])
            cost.database = (database() - before) / visits
    return found


async def _visit(client: Client, page: Page) -> tuple[float, int]:
    began = time.process_time()
    status, text = await client.get(page.path)
    assert status in (200, 409), (page, status)
    return (time.process_time() - began) * 1000, len(text)


def database_cpu(folder: Path) -> float:
    """CPU milliseconds that the processes of a cluster have used, those of open connections included."""
    postmaster = (folder / "data" / "postmaster.pid").read_text().split()[0]
    whole = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if words[1] == postmaster:
            whole += int(words[11]) + int(words[12])
    return whole * 1000 / TICKS


def told(costs: dict[Page, Cost]) -> str:
    """A table, the dearest page first."""
    lines = [f"{'page':58} {'queries':>7} {'kB':>5} {'first':>6} {'own ms':>7} {'database':>8}"]
    for page, cost in sorted(costs.items(), key=lambda one: -(median(one[1].own) + one[1].database)):
        name = f"{page.role} {page.route}"
        lines.append(f"{name:58} {cost.queries:7} {cost.size / 1000:5.0f} {cost.first:6.0f} "
                     f"{median(cost.own):7.1f} {cost.database:8.1f}")  # fmt: skip
    return "\n".join(lines)
