"""Random walks over the real steps on PostgreSQL, beside a second opinion of when a message may be read.

A walk starts at a stage of the happy path (nothing decided … read once), does a few random acts, and after
each act tries to read as the recipient. `Belief` knows DESIGN section 6 in its own few words: no line of the
gate is used here. A read that succeeds although a condition is missing, and a read that fails although all
hold, both end the campaign with the seed. Each walk is rolled back to its stage by a savepoint.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from exchange.core.errors import ExchangeError
from exchange.core.model import Actor, Channel, ConsentKind, FactKind, Method, Status
from exchange.steps import closing, concern, consent, erase, offer, release, review, texts, view, visit
from exchange.steps.consent import Said
from tests.support import assessing
from tests.support.closing import shut
from tests.support.one_connection import OneConnection
from tests.support.world import PERSON, World

COOKIE = "C" * 42 + "A"
STAGES = 8


@dataclass
class Belief:
    """What must be true for the recipient to read, kept by hand."""

    case: set[str] = field(default_factory=set)
    people: dict[str, set[str]] = field(default_factory=lambda: {"author": set(), "recipient": set()})
    assessed: bool = True
    approved: bool = False
    shared: bool = False
    accepted: bool = False
    session: bool = False
    carve_out: bool = False

    def readable(self) -> bool:
        """All ten conditions."""
        stopped = self.case - ({"order"} if self.carve_out else set())
        return (
            not stopped
            and not self.people["author"]
            and not self.people["recipient"]
            and self.assessed
            and self.approved
            and self.shared
            and self.accepted
            and self.session
        )

    def void(self) -> None:
        """A new version, a return, a retraction, a concern."""
        self.approved = self.shared = self.accepted = self.session = False


@dataclass
class Walk:
    """One walk: the world on one connection, the message, what is believed, what was tried."""

    world: World
    message: UUID
    dice: random.Random
    belief: Belief = field(default_factory=Belief)
    link: Any = None
    visit: Any = None
    tried: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)

    def copy(self) -> "Walk":
        """The same place with a belief and a log of its own."""
        people = {who: set(known) for who, known in self.belief.people.items()}
        believed = replace(self.belief, case=set(self.belief.case), people=people)
        return replace(self, belief=believed, log=[*self.log])

    async def act(self, name: str) -> bool:
        """Try one act by name; what it did is believed only if the step went through."""
        try:
            await ACTS[name](self)
        except ExchangeError:
            self.tried[f"{name}:refused"] += 1
            self.log.append(f"{name} refused")
            return False
        self.tried[f"{name}:done"] += 1
        self.log.append(name)
        return True

    async def check(self) -> None:
        """Read as the recipient and compare with what is believed."""
        got = await self._read()
        self.tried["read:yes" if got else "read:no"] += 1
        if got != self.belief.readable():
            raise AssertionError(f"read {got}, believed {self.belief}: {self.log}")

    async def _read(self) -> bool:
        if self.visit is None:
            return False
        try:
            opened = await view.open_for_visitor(self.world.service, self.visit, "text")
            async for _ in opened.reader.range(0, 1):
                return True
        except ExchangeError:
            return False
        return False


Act = Callable[[Walk], Awaitable[None]]


async def approve(w: Walk) -> None:
    """The facilitator approves."""
    if await w.world.approve(w.message):
        w.belief.approved = True


async def give_back(w: Walk) -> None:
    """Return to the author."""
    await review.return_to_author(
        w.world.service, w.world.facilitator, w.message, await w.world.digest(w.message), reason="x"
    )
    w.belief.void()


async def withhold(w: Walk) -> None:
    """Not to be shared."""
    await review.withhold(w.world.service, w.world.second, w.message, await w.world.digest(w.message), reason="x")
    w.belief.void()


async def retract(w: Walk) -> None:
    """Take the approval back."""
    await review.retract(w.world.service, w.world.second, w.message, await w.world.digest(w.message), reason="x")
    w.belief.void()


async def worry(w: Walk) -> None:
    """Raise a concern."""
    await concern.raise_concern(w.world.service, w.world.facilitator, w.message, kind="threat", note="x")
    w.belief.void()


async def revise(w: Walk) -> None:
    """A new version with a transcription."""
    digest = await w.world.digest(w.message)
    await texts.add_text(
        w.world.service,
        w.world.facilitator,
        w.message,
        base_digest=digest,
        name="transcription",
        language="en",
        text="x",
    )
    w.belief.void()


def share(given: bool) -> Act:
    """The author agrees to share, or takes it back."""

    async def act(w: Walk) -> None:
        await w.world.agree_to_share(w.message, given)
        w.belief.shared = given
        if not given:
            w.belief.accepted = w.belief.session = False

    return act


async def make_offer(w: Walk) -> None:
    """Offer it."""

    await offer.make_offer(
        w.world.service, w.world.facilitator, w.message, offer.Terms("x", Channel.PHONE, by_link=False)
    )


def accept(given: bool) -> Act:
    """The recipient accepts or declines."""

    async def act(w: Walk) -> None:
        await w.world.accept(w.message, given)
        w.belief.accepted = given
        w.belief.session = False if not given else w.belief.session

    return act


async def later(w: Walk) -> None:
    """Not now."""
    await consent.postpone(w.world.service, w.world.facilitator, w.world.recipient, w.message, PERSON)
    w.belief.accepted = w.belief.session = False


async def hand_over(w: Walk) -> None:
    """A fresh link, and the recipient claims it in their browser."""
    w.link = await release.release_by_link(w.world.service, w.world.facilitator, w.message, channel=Channel.EMAIL)
    w.belief.session = False
    # the portal on this very connection: what the walk did is committed nowhere
    w.visit = await w.world.visit(w.link, COOKIE, portal=replace(w.world.service, keys=None))
    w.belief.session = True


async def revoke(w: Walk) -> None:
    """Take the link back."""
    await release.revoke(w.world.service, w.world.facilitator, w.message, wrong_person=w.dice.random() < 0.5)
    w.belief.session = False


async def lock(w: Walk) -> None:
    """Exit this page."""
    await visit.lock(w.world.service, COOKIE, w.visit.id if w.visit else w.message)
    w.belief.session = False


async def withdraw(w: Walk) -> None:
    """The author takes the message back."""
    await consent.withdraw_message(w.world.service, w.world.facilitator, w.message)
    w.belief.void()


async def wipe(w: Walk) -> None:
    """Erase it."""
    await erase.erase_message(w.world.service, w.world.supervisor, w.message)
    w.belief.void()


def case_fact(kind: FactKind, value: str, name: str, stops: bool, by: str = "facilitator") -> Act:
    """A fact of the case."""

    async def act(w: Walk) -> None:
        await w.world.fact(kind, value, by=cast(Actor, getattr(w.world, by)))
        if kind is FactKind.CONTACT_ORDER:
            # an exception counts for the order under which it was recorded
            w.belief.carve_out = False
        (w.belief.case.add if stops else w.belief.case.discard)(name)

    return act


def assess(value: str) -> Act:
    """The risk assessment."""

    async def act(w: Walk) -> None:
        await assessing.assess(w.world.service, w.world.facilitator, w.world.case, value=value)
        w.belief.assessed = value == "current"

    return act


def carve_out(value: str) -> Act:
    """An exception to the order, recorded by a supervisor."""

    async def act(w: Walk) -> None:
        await w.world.fact(FactKind.CARVE_OUT, value, by=w.world.supervisor)
        w.belief.carve_out = value == "recorded"

    return act


def person_fact(who: str, kind: FactKind, value: str, stops: bool) -> Act:
    """A fact of a person."""

    async def act(w: Walk) -> None:
        await w.world.fact(
            kind, value, getattr(w.world, who), by=w.world.supervisor if kind is FactKind.STATUS else None
        )
        (w.belief.people[who].add if stops else w.belief.people[who].discard)(kind)

    return act


def take_part(who: str, given: bool) -> Act:
    """Consent to take part; leaving kills what is shared."""

    async def act(w: Walk) -> None:
        said = Said(Method.PHONE, "take-part-2026-01")
        person = getattr(w.world, who)
        await consent.record(w.world.service, w.world.facilitator, person, ConsentKind.TAKE_PART, given, said)
        (w.belief.people[who].discard if given else w.belief.people[who].add)("takes_part")
        if not given:
            w.belief.session = w.belief.accepted = False
            w.belief.shared = w.belief.shared and who == "recipient"

    return act


async def close(w: Walk) -> None:
    """Close the case."""
    await shut(w.world.service, w.world.supervisor, w.world.case)
    w.belief.case.add("closed")


async def reopen(w: Walk) -> None:
    """Open it again."""
    await closing.reopen(w.world.service, w.world.supervisor, w.world.case)
    w.belief.case.discard("closed")


ACTS: dict[str, Act] = {
    "approve": approve,
    "share": share(True),
    "offer": make_offer,
    "accept": accept(True),
    "hand_over": hand_over,
    "return": give_back,
    "withhold": withhold,
    "retract": retract,
    "concern": worry,
    "revise": revise,
    "unshare": share(False),
    "decline": accept(False),
    "later": later,
    "revoke": revoke,
    "exit": lock,
    "withdraw": withdraw,
    "erase": wipe,
    "pause": case_fact(FactKind.PAUSE, "on", "pause", True),
    "unpause": case_fact(FactKind.PAUSE, "off", "pause", False),
    "hold": case_fact(FactKind.HOLD, "on", "hold", True),
    "lift": case_fact(FactKind.HOLD, "off", "hold", False, by="supervisor"),
    "order": case_fact(FactKind.CONTACT_ORDER, "in_force", "order", True),
    "no_order": case_fact(FactKind.CONTACT_ORDER, "none", "order", False, by="supervisor"),
    "carve_out": carve_out("recorded"),
    "no_carve_out": carve_out("none"),
    "unassessed": assess("none"),
    "assessed": assess("current"),
    "close": close,
    "reopen": reopen,
}
for _who in ("author", "recipient"):
    ACTS |= {
        f"{_who}_leaves": take_part(_who, False),
        f"{_who}_returns": take_part(_who, True),
        f"{_who}_died": person_fact(_who, FactKind.STATUS, Status.DIED, True),
        f"{_who}_active": person_fact(_who, FactKind.STATUS, Status.ACTIVE, False),
        f"{_who}_needs_guardian": person_fact(_who, FactKind.GUARDIAN, "needed", True),
        f"{_who}_has_guardian": person_fact(_who, FactKind.GUARDIAN, "in_place", False),
    }
HAPPY = ("approve", "share", "offer", "accept", "hand_over")


LEVELS = (1, 2, 3, 4)
BRANCHES, LEAVES = 3, 6


async def campaign(world: World, *, seed: int, walks: int, per_stage: int = 50) -> Counter[str]:
    """Run at least `walks` walks; what was tried, how often it was done and refused. Raises on the first surprise."""
    message = await world.letter()
    total: Counter[str] = Counter()
    while total["walks"] < walks:
        engine = cast(AsyncEngine, world.service.engine)
        async with engine.connect() as conn, conn.begin() as outer:
            inside = replace(world, service=replace(world.service, engine=cast(AsyncEngine, OneConnection(conn))))
            wanted = min(per_stage, walks - total["walks"])
            total += await _stage(inside, message, conn, seed + total["walks"], wanted)
            await outer.rollback()
    return total


async def _stage(world: World, message: UUID, conn: AsyncConnection, seed: int, walks: int) -> Counter[str]:
    """Walk along the happy path to a random point, then trees of walks from there."""
    base = Walk(world, message, random.Random(seed), log=[f"seed {seed}"])
    for name in HAPPY[: base.dice.randint(0, len(HAPPY))] if base.dice.random() < 0.4 else HAPPY:
        assert await base.act(name), base.log
    while base.tried["walks"] < walks:
        await _tree(base, conn, base.dice.choice(LEVELS))
    return base.tried


async def _tree(walk: Walk, conn: AsyncConnection, levels: int) -> None:
    """Every path from here to a leaf is one walk of `levels` acts; walks that begin alike share their beginning."""
    for _ in range(BRANCHES if levels > 1 else LEAVES):
        savepoint = await conn.begin_nested()
        try:
            further = walk.copy()
            await further.act(walk.dice.choice(list(ACTS)))
            await further.check()
            if levels > 1:
                await _tree(further, conn, levels - 1)
            else:
                walk.tried["walks"] += 1
        finally:
            await savepoint.rollback()
