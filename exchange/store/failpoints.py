"""Named places at which a test may make this process fail or end, as a crash would; off, each is one comparison.

They stand wherever an end between two effects matters: around commits, objects, entries of the record, jobs. A test
arms them in its own process, or starts a process with `EXCHANGE_FAILPOINT`: a name, or `name:3` for the third time it
is reached, or `*:40` for the fortieth place of all. There the process kills itself (SIGKILL). A real service does not
start with it. `tests/faults/` drives them (docs/decisions/0023).
"""

import os
import signal
from collections.abc import Callable

from exchange.core.errors import WrongSetting

VARIABLE = "EXCHANGE_FAILPOINT"
EVERY = "*"
NAMES = frozenset(
    {
        "copy.sealed",
        "copy.written",
        "erasure.signed",
        "job.begun",
        "job.deferred",
        "job.done",
        "leaves.placed",
        "leaves.to_be_placed",
        "leaves.written",
        "link.rewrapped",
        "link.won",
        "making.announced",
        "making.sealed",
        "object.asked",
        "object.deleted",
        "object.named",
        "object.stored",
        "object.to_be_deleted",
        "object.written",
        "original.confirmed",
        "original.read",
        "part.to_be_sent",
        "piece.counted",
        "piece.reserved",
        "piece.stored",
        "product.announced",
        "product.made",
        "product.sealed",
        "reap.forgotten",
        "reap.marked",
        "record.kept",
        "record.signed",
        "refiling.copied",
        "unit.committed",
        "unit.placed",
        "unit.to_be_committed",
    }
)
"""Every place there is; `tests/faults/test_failpoints.py` compares them with the code."""

_armed: Callable[[str], None] | None = None


def failpoint(name: str) -> None:
    """A place. Does nothing unless a test has armed it."""
    if _armed is not None:
        _armed(name)


def arm(what: Callable[[str], None] | None) -> None:
    """From now on `what` is called with each place's name; None disarms. For tests."""
    global _armed  # noqa: PLW0603  # one process, one switch
    _armed = what


def arm_as_told(*, demo: bool) -> None:
    """By the environment. Raises `WrongSetting` in a real service, and for a place that there is not."""
    told = os.environ.get(VARIABLE)
    if not told:
        return
    if not demo:
        raise WrongSetting(f"{VARIABLE} ends the process on purpose and is for tests of a demonstration. Remove it.")
    name, _, number = told.partition(":")
    if name not in NAMES | {EVERY} or not (number or "1").isdigit():
        raise WrongSetting(f"{VARIABLE} must be the name of a place, and the time it is reached: unit.committed:3")
    arm(_Killer(name, int(number or 1)))


class _Killer:
    """Ends the process the n-th time a place is reached; nothing is cleaned up."""

    def __init__(self, name: str, number: int) -> None:
        self._name, self._left = name, number

    def __call__(self, name: str) -> None:
        if self._name in (name, EVERY):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
