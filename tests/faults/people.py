"""The people of one run, and how they behave when the service breaks: they look, and only then try again.

A run is a script: which way the letter takes, act by act (`putting_in.py`, `handing_over.py`, `afterwards.py`). What
was acknowledged stands in the history and is never done twice by them; an act without an answer is looked for first,
on the page where a person would see it, and done again where it is not there.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Executable

from exchange.core.errors import ExchangeError, LedgerUnavailable, StorageUnavailable
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.faults.history import History
from tests.support.world import World

TRIES = 12
WORDS = ("evening", "garden", "sorry", "neighbour", "window", "answer", "bridge", "letter", "lantern", "question")


@dataclass(frozen=True)
class Script:
    """One run: everything that may be different follows from its seed."""

    seed: int
    acts: tuple[str, ...]
    hasty: bool = False

    def letter(self, which: str = "new") -> str:
        """A letter of this run's own: a few lines, or with files some pieces' worth."""
        dice = random.Random(f"{self.seed}-{which}")
        lines = [" ".join(dice.choices(WORDS, k=9)) for _ in range(120 if "upload" in self.acts else 4)]
        return f"The {which} one, {self.seed}.\n\n" + "\n".join(lines) + "\n"

    def cookie(self, whose: str) -> str:
        """The cookie of one browser."""
        dice = random.Random(f"{self.seed}-{whose}")
        return "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", k=42)) + "A"


@dataclass
class People:
    """Everybody in one case, through one life of the service."""

    world: World
    script: Script
    history: History
    portal: Service
    """As the portal has it: its own database role, no keys."""

    @property
    def service(self) -> Service:
        """As console and worker have it."""
        return self.world.service

    def know(self, **found: Any) -> None:
        """Somebody was told this and goes on with it."""
        self.history.note(knows={name: str(value) for name, value in found.items()})

    def known(self, name: str) -> str:
        """What they know under this name; "" for nothing."""
        return str(self.history.known().get(name, ""))

    def letters(self) -> list[str]:
        """What may have been sent: what they typed last, or before that where they gave up on typing it again."""
        gave_up = any("gave_up" in line for line in self.history.lines())
        return [self.script.letter(which) for which in (("old", "new") if gave_up else ("new",))]

    def id(self, name: str) -> UUID:
        """A known id."""
        return UUID(self.known(name))

    @property
    def message(self) -> UUID:
        """The message that all is about."""
        return self.id("message")

    async def see(self, query: Executable) -> Any:
        """The first row of what a page would show, or None."""
        async with reading(self.service) as conn:
            return (await conn.execute(query)).first()

    async def play(self) -> None:
        """Everything that is still to be done, in order."""
        for name in self.script.acts:
            if name not in self.history.acts():
                await self._act(name)

    async def _act(self, name: str) -> None:
        act = ACTS[name]
        for attempt in range(TRIES):
            try:
                if act.look is not None and await act.look(self):
                    break
                if act.gives_up and self.script.hasty and self._tried(name):
                    self.history.note(gave_up=name)
                    break
                self.history.note(trying=name)
                await act.do(self)
                break
            except ExchangeError as error:
                self._refused(name, error)
                if attempt == TRIES - 1:
                    raise
                patient = isinstance(error, StorageUnavailable | LedgerUnavailable)
                await asyncio.sleep(0.02 * 2 ** min(attempt, 6) if patient else 0)
        self.history.note(act=name)

    def _tried(self, name: str) -> bool:
        return any(line.get("trying") == name for line in self.history.lines())

    def _refused(self, name: str, error: ExchangeError) -> None:
        self.history.note(refused=name, error=type(error).__name__, sentence=str(error))


Do = Callable[[People], Awaitable[None]]
Look = Callable[[People], Awaitable[bool]]


@dataclass(frozen=True)
class Act:
    """`do` it; `look` whether it was done although no answer came; `leaf`: what the record must hold once it was.

    `gives_up`: hasty people do not do it again when no answer came, and go on.
    """

    do: Do
    look: Look | None = None
    leaf: str = ""
    gives_up: bool = False


ACTS: dict[str, Act] = {}


def act(leaf: str = "", *, look: Look | None = None, gives_up: bool = False) -> Callable[[Do], Do]:
    """Register a function as an act under its own name."""

    def register(do: Do) -> Do:
        ACTS[do.__name__] = Act(do, look, leaf, gives_up)
        return do

    return register
