"""Crash runs from seeds: each a whole letter, killed or failed again and again, then checked.

    python -m tests.faults.campaign --runs 2000 --seed 1     # random runs, from this seed on
    python -m tests.faults.campaign --runs 1 --seed 1234     # one of them again
    python -m tests.faults.campaign --every                  # one kill at every single failpoint of eight scripts
    python -m tests.faults.campaign --names                  # one kill at every named place

What is wrong is printed with its seed, and the end is 1.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exchange.store.failpoints import NAMES
from tests.faults import afterwards, handing_over, misfiling, putting_in  # noqa: F401  # their acts register themselves
from tests.faults.checker import check_run, check_service
from tests.faults.lives import Life, Plan, live
from tests.faults.people import Script
from tests.faults.scripts import EVERY, JOURNEYS, acts_of, plans_of, script_of
from tests.faults.stage import Place, Stage, stage

QUIET = Plan()
MOST_LIVES = 12


@dataclass
class Tally:
    """What came of a campaign."""

    runs: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def say(self, seconds: float) -> str:
        """One paragraph."""
        kills, fails, restarts = (self.counts[f"plan:{what}"] for what in ("kill", "fail", "postgres"))
        said = f"{self.runs} crash runs, {seconds:.0f} s: {kills} kill -9, {fails} failures, "
        said += f"{restarts} kills of PostgreSQL, at {len(self.places)} of {len(NAMES)} named places; "
        said += f"{self.counts['acts']} acts acknowledged, {self.counts['served']} pieces served\n"
        kinds = ("I1", "I2", "I3", "I4", "I5")
        names = ("lost", "past the gate", "served without a leaf", "double redemptions", "left over")
        found = [f"{name} {sum(kind in one for one in self.wrong)}" for kind, name in zip(kinds, names, strict=True)]
        return said + ", ".join(found)


def run(
    on: Stage, script: Script, plans: list[Plan], tally: Tally, before_check: Callable[[], None] = lambda: None
) -> list[str]:
    """One run: as many lives as there are plans, and one in peace; what is wrong."""
    tally.runs += 1
    with on.place() as place:
        for plan in [*plans, *[QUIET] * MOST_LIVES]:
            life = _live(place, script, plan)
            _count(tally, plan, life)
            if life.end == "broken":
                return [f"{script.acts}: {life.said[-2000:]}"]
            if life.end == "done":
                break
        else:
            return ["it never came to an end"]
        lines = place.history.lines()
        tally.counts["acts"] += sum("act" in line for line in lines)
        for what in ("served", "refused", "alarm"):
            tally.counts[what] += sum(what in line for line in lines)
        before_check()
        return asyncio.run(_checked(place, script))


def _live(place: Place, script: Script, plan: Plan) -> Life:
    async def life() -> None:
        async with place.people(script) as people:
            await people.play()

    return live(life, plan, place.folder / "said", postgres=place.stage.postgres, mend=place.stage.restart)


def _count(tally: Tally, plan: Plan, life: Life) -> None:
    if life.last:
        tally.counts[f"plan:{plan.what}"] += 1
        tally.places[life.last] += 1


async def _checked(place: Place, script: Script) -> list[str]:
    async with place.people(script) as people:
        return [*await check_run(people), *await check_service(people.service)]


def randomly(seed: int, runs: int) -> Iterator[tuple[str, Script, list[Plan]]]:
    """Runs from seeds."""
    for number in range(seed, seed + runs):
        yield f"--seed {number} --runs 1", script_of(number), plans_of(number)


def at_every_point(on: Stage, tally: Tally, scripts: int) -> Iterator[tuple[str, Script, list[Plan]]]:
    """A kill at each failpoint that each script comes by."""
    for number, parts in enumerate(EVERY[:scripts]):
        script = Script(-number, acts_of(*parts))
        points = _points(on, script, tally)
        print(f"script {number}: {points} failpoints", flush=True)
        for at in range(1, points + 1):
            yield f"--every, script {number}, failpoint {at}", script, [Plan("kill", at)]


def _points(on: Stage, script: Script, tally: Tally) -> int:
    with on.place() as place:
        life = _live(place, script, QUIET)
        tally.wrong += [] if life.end == "done" else [life.said[-3000:]]
        return life.points


def at_every_name() -> Iterator[tuple[str, Script, list[Plan]]]:
    """A kill at each named place, many in a row within one run."""
    for number, (parts, names) in enumerate(JOURNEYS):
        script = Script(-1 - number, acts_of(*parts))
        yield f"--names, journey {number}", script, [Plan("kill", 1, name) for name in names]
    restarts = [Plan("postgres", at, name) for name in ("unit.to_be_committed", "unit.committed") for at in (2, 5)]
    yield "--names, PostgreSQL", Script(-9, acts_of(*EVERY[0])), restarts


def main() -> int:
    """Print what was done; 1 where an invariant broke."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, nargs="?", const=len(EVERY), default=0)
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--keep", action="store_true", help="stop at the first run that is wrong")
    asked = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as on:
        campaigns = [randomly(asked.seed, asked.runs), at_every_point(on, tally, asked.every)]
        for campaign in [*campaigns, *([at_every_name()] if asked.names else [])]:
            for name, script, plans in campaign:
                wrong = run(on, script, plans, tally)
                tally.wrong += [f"{name}: {one}" for one in wrong]
                print("\n".join(f"! {name}: {one}" for one in wrong), end="\n" if wrong else "", flush=True)
                if asked.keep and wrong:
                    return 1
    print(tally.say(time.monotonic() - began), flush=True)
    missed = sorted(NAMES - set(tally.places))
    print(f"not reached: {', '.join(missed)}" if missed else "every named place was reached")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
