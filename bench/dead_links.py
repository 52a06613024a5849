"""Dead links over HTTP: are the five states told apart by bytes, or by time?

    python -m bench.dead_links --each 200

Links that are unknown, used, expired, locked and revoked are tried in turns by fresh browsers with the right code.
Prints sizes and times per state, and the greatest distance between the distributions of any two states (two-sample
Kolmogorov-Smirnov) beside what chance alone exceeds once in a hundred comparisons. Ends with 1 if bytes differ.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
from pathlib import Path

from exchange.store.embedded import EmbeddedPostgres
from tests.support.database import cloned, make_template
from tests.support.dead import STATES, dead_links, farthest
from tests.support.redeeming import Tried, attempt, browsers
from tests.support.running import Exchange, running_exchange


async def ask(running: Exchange, each: int) -> dict[str, list[Tried]]:
    """`each` attempts per state, in turns; three states at a time, so that no state has a place of its own."""
    found: dict[str, list[Tried]] = {state: [] for state in STATES}
    async with running.service() as service, browsers() as http:
        secrets = await dead_links(await running.case(service))
        for number in range(each):
            order = list(STATES[number % 5 :] + STATES[: number % 5])
            for few in (order[:3], order[3:]):
                tried = await asyncio.gather(*(attempt(http, running.portal, secrets[state]()) for state in few))
                for state, one in zip(few, tried, strict=True):
                    found[state].append(one)
    return found


def report(found: dict[str, list[Tried]]) -> bool:
    """The table; whether nothing tells the states apart by bytes."""
    for state, tried in found.items():
        times = sorted(1000 * one.seconds for one in tried)
        middle, late = statistics.median(times), times[int(0.95 * len(times))]
        print(f"{state:8} {len(tried):5} answers, {min(times):6.1f} to {max(times):6.1f} ms,", end=" ")
        print(f"median {middle:6.1f}, 95 of 100 below {late:6.1f}")
    pairs = itertools.combinations(found, 2)
    apart, which = max((farthest(*([o.seconds for o in found[s]] for s in two)), two) for two in pairs)
    each = min(map(len, found.values()))
    print(f"greatest distance {apart:.3f} ({' and '.join(which)}); by chance up to {1.63 * (2 / each) ** 0.5:.3f}")
    alike = {(one.status, one.digest) for tried in found.values() for one in tried}
    print(f"different answers: {len(alike)}")
    return len(alike) == 1


def main() -> int:
    """Start, ask, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg", durable=False) as server:
        make_template(server)
        with cloned(server) as url, running_exchange(url, Path(folder), ("portal", "console")) as running:
            return 0 if report(asyncio.run(ask(running, asked.each))) else 1


if __name__ == "__main__":
    sys.exit(main())
