"""One-time links under fire: many browsers with the right code at once, over two portal processes and one database.

    python -m bench.redeem --rounds 100 --attempts 1000 --races 100

Each round makes a link; all attempts start together; exactly one may win, by the answers and by the database. Then the
races: taking a link back while it is opened. In the record whoever came first stands first; after a revocation nobody
gets in. Ends with 1 at the first surprise. The allowances per address and per link are off here, so that every
attempt reaches the database.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from exchange.store.embedded import EmbeddedPostgres
from tests.support.database import cloned, make_template
from tests.support.redeeming import attempt, browsers, fresh_link, one_round, race_with_revoking, two_portals
from tests.support.running import Exchange


async def fire(running: Exchange, portals: tuple[str, str], asked: argparse.Namespace) -> None:
    """The rounds and the races, and what came of them."""
    chance, statuses, first = random.Random(asked.seed), Counter[int](), Counter[str]()
    async with running.service() as service, browsers() as http:
        world = await running.case(service)
        message, _ = await world.released()
        began = time.monotonic()
        for number in range(1, asked.rounds + 1):
            statuses += await one_round(world, http, portals, await fresh_link(world, message), asked.attempts)
            if number % 10 == 0 or number == asked.rounds:
                print(f"round {number}: {dict(statuses)}, {time.monotonic() - began:.0f} s", flush=True)
        print(
            f"{asked.rounds} rounds x {asked.attempts} attempts: {statuses[303]} winners, 1 in each round", flush=True
        )
        for number in range(asked.races):
            wait = chance.uniform(-asked.spread, asked.spread)
            first[await race_with_revoking(world, http, portals[number % 2], message, wait)] += 1
        print(f"{asked.races} races: revoked first {first['revoked']}, opened first {first['claimed']}, broken 0")
        for number in range(asked.races):
            link = await fresh_link(world, message)
            await world.revoke(message)
            assert (await attempt(http, portals[number % 2], link.secret)).status == 404
        print(f"{asked.races} openings after a revocation: opened 0", flush=True)


def main() -> int:
    """Start, fire, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--attempts", type=int, default=1000)
    parser.add_argument("--races", type=int, default=100)
    parser.add_argument("--spread", type=float, default=0.06, help="seconds by which either starts later")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg", durable=False) as server:
        make_template(server)
        with cloned(server) as url, two_portals(url, Path(folder)) as (running, portals):
            asyncio.run(fire(running, portals, asked))
    return 0


if __name__ == "__main__":
    sys.exit(main())
