"""Runs over a real S3 server behind a proxy that answers as stores and networks do when things go wrong.

    python -m tests.faults.s3_campaign --runs 500 --seed 1

A third of the runs is also killed; in a third the store spoils for good what it had acknowledged.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from exchange.store.objects import s3
from tests.faults.campaign import Tally, run
from tests.faults.lives import Plan
from tests.faults.people import Script
from tests.faults.s3_proxy import FOR_GOOD
from tests.faults.scripts import POINTS, READ, TYPED, acts_of
from tests.faults.stage import Stage, stage
from tests.support.swift import swift_server

ROOT = Path(__file__).parents[2]
READ_SECONDS = 0.8
SPOILT = ("upload/", "revision/")


class Troubles:
    """The proxy's own side."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"127.0.0.1:{port}"

    def plan(self, **trouble: Any) -> None:
        """What goes wrong from now on."""
        self._ask("PUT", "plan", json.dumps(trouble).encode())

    def told(self) -> dict[str, Any]:
        """What was done so far."""
        found: dict[str, Any] = json.loads(self._ask("GET", "tally"))
        return found

    def _ask(self, method: str, what: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://{self.endpoint}/-/{what}", body, headers, method=method)
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310  # likewise
            return bytes(answer.read())


@contextmanager
def troubles(upstream: str) -> Iterator[Troubles]:
    """The proxy as a process: whoever forks has no threads."""
    command = [sys.executable, "-m", "tests.faults.s3_proxy", upstream]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield Troubles(json.loads(process.stdout.readline())["port"])
        finally:
            process.terminate()


@contextmanager
def s3_stage(folder: Path) -> Iterator[tuple[Stage, Troubles]]:
    """A stage whose objects lie in a real S3 server behind the proxy; its client does not wait for long."""
    s3.PATIENCE = urllib3.Timeout(connect=2, read=READ_SECONDS)
    with swift_server(folder / "swift") as swift, troubles(swift.endpoint) as proxy:
        values = swift.settings("staged") | {"s3_endpoint": proxy.endpoint}
        with stage(folder, **values) as on:
            yield on, proxy


def trouble_of(seed: int) -> tuple[Script, list[Plan], dict[str, Any]]:
    """What a seed means."""
    dice = random.Random(f"s3-{seed}")
    script = Script(seed, acts_of(TYPED, dice.choice(READ), dice.choice(((), ("withdraw",), ("wipe",), ("copy_out",)))))
    trouble: dict[str, Any] = {"seed": seed, "often": dice.choice((3, 5, 10))}
    plans = []
    kind = dice.randrange(3)
    if kind == 1:
        plans = [Plan("kill", dice.randint(1, POINTS))]
    if kind == 2:
        trouble |= {"spoil": dice.choice(FOR_GOOD), "nth": 1, "under": dice.choice(SPOILT)}
    return script, plans, trouble


def main() -> int:
    """Print what was done; 1 where an invariant broke."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, s3_stage(Path(folder)) as (on, proxy):
        for seed in range(asked.seed, asked.seed + asked.runs):
            script, plans, trouble = trouble_of(seed)
            proxy.plan(**trouble)
            wrong = run(on, script, plans, tally, before_check=proxy.plan)
            tally.wrong += wrong
            if wrong:
                print("\n".join(f"! --seed {seed} --runs 1 {trouble}: {one}" for one in wrong), flush=True)
        done = proxy.told()["tally"]
    print(tally.say(time.monotonic() - began))
    troubled = sum(number for name, number in done.items() if name not in ("requests", ""))
    print(f"{done['requests']} requests to the store, {troubled} went wrong: {_said(done)}", flush=True)
    print(f"{tally.counts['alarm']} alarms, {tally.counts['refused']} refusals, each a sentence")
    return 1 if tally.wrong else 0


def _said(done: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(done.items()) if name not in ("requests", ""))


if __name__ == "__main__":
    sys.exit(main())
