"""Which runs there are: every way in, every way over, every ending; and what is done to the service meanwhile."""

import random

from tests.faults.lives import Plan
from tests.faults.people import Script

TYPED = ("begin", "type_old", "type_new", "send")
FILE = ("begin", "begin_upload", "upload_file", "send")
BY_LINK = ("invite", "keep_draft", "write", "send_it")
IN = (TYPED, BY_LINK, FILE)
REVIEWED = ("make_safe", "look_through", "approve", "agree", "make_offer")
LINK = ("accept", "hand_over", "race", "read_it", "still_open")
AT_ONCE = ("accept_by_link", "grant_at_once", "read_it", "still_open")
PRINTED = ("accept", "print_it", "show", "put_away")
WITH_ME = ("accept", "present", "show", "put_away")
READ = (LINK, AT_ONCE)
SHOWN = (PRINTED, WITH_ME)
AFTER = (
    (),
    ("withdraw",),
    ("give_stop_link", "stop_it"),
    ("revoke",),
    ("want_out", "ask_without", "make_without"),
    ("wipe",),
    ("close", "retain"),
    ("copy_out",),
)
MISFILED = ("report_misfiled", "decide_place", "refile")
"""Moved to the right place instead of handed over: what comes after the review is told by the other scripts."""
KEEPS_OPEN = ((), ("copy_out",))
POINTS = 200
"""About as many failpoints as a run comes by."""
EVERY = (
    (TYPED, LINK, ("withdraw",)),
    (BY_LINK, AT_ONCE, ("wipe",)),
    (TYPED, PRINTED, ("copy_out",)),
    (FILE, WITH_ME, ("close", "retain")),
    (TYPED, LINK, ("want_out", "ask_without", "make_without")),
    (BY_LINK, LINK, ("give_stop_link", "stop_it")),
    (TYPED, AT_ONCE, ("revoke",)),
    (TYPED, (), MISFILED),
)
"""The scripts whose every failpoint is tried: each way in, over, out and elsewhere stands in one of them."""

IN_ORDER = (
    "unit.to_be_committed", "leaves.written", "unit.committed", "leaves.to_be_placed", "leaves.placed", "unit.placed",
    "piece.reserved", "object.asked", "object.written", "object.named", "object.stored", "piece.stored",
    "piece.counted", "job.deferred", "job.begun", "original.confirmed", "original.read", "product.made",
    "product.announced", "product.sealed", "job.done", "part.to_be_sent", "link.won", "link.rewrapped",
    "making.announced", "making.sealed", "reap.marked", "object.to_be_deleted", "object.deleted", "reap.forgotten",
    "record.signed", "record.kept",
)  # fmt: skip
JOURNEYS = (
    (EVERY[4], IN_ORDER[0::2]),
    (EVERY[4], IN_ORDER[1::2]),
    (EVERY[1], ("erasure.signed",)),
    (EVERY[2], ("copy.written", "copy.sealed")),
    (EVERY[7], ("refiling.copied",)),
)
"""Runs that are killed at every named place, each time a little further on."""


def acts_of(way_in: tuple[str, ...], over: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """A whole run."""
    shut = ("shut",) if over in READ and after not in KEEPS_OPEN else ()
    reviewed = REVIEWED if over else REVIEWED[:1]
    return (*way_in, *reviewed, *over, *after, *shut, "tidy")


def script_of(seed: int) -> Script:
    """The script of a seed; files are rarer, for each is opened in the sandbox."""
    dice = random.Random(f"script-{seed}")
    way_in = dice.choices(IN, (5, 4, 1))[0]
    over, after = dice.choice(READ + READ + SHOWN), dice.choice(AFTER)
    return Script(seed, acts_of(way_in, over, after), hasty=way_in is TYPED and dice.random() < 0.5)


def plans_of(seed: int, *, postgres: bool = True) -> list[Plan]:
    """What happens in the first lives of a seed; the one after them is left in peace."""
    dice = random.Random(f"plans-{seed}")
    plans, left = [], POINTS
    for _ in range(dice.choices((1, 2, 3, 5), (4, 3, 2, 1))[0]):
        at = dice.randint(1, max(1, left))
        left -= at
        what = dice.choices(("kill", "fail", "postgres"), (16, 5, 1))[0]
        plans.append(Plan("kill" if what == "postgres" and not postgres else what, at))
    return plans
