"""Closing a case: what is open in it, what may be decided about each, and that nothing is left undecided.

Nothing is closed over anybody's head. Everything that is still open in a case is listed, and somebody says what becomes
of it; a decision counts only for the thing as it stood when it was made (`Open.state`), so what moved meanwhile is
asked about anew. Some things have no choice: they must be ended where they belong first (a stop for safety, a concern,
an appeal, a decision that waits for a supervisor, a closing conversation or an outcome that nobody wrote down).
"To be shared first" is a decision too, and keeps the case open until it was.

It reads nothing and changes nothing; what follows from a decision is `steps/closing.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from exchange.core.errors import Refused
from exchange.core.gate import SHAREABLE
from exchange.core.model import State

SHARED = frozenset({State.OPENED})
"""Messages that arrived: there is nothing more to decide about them here."""


class What(StrEnum):
    """What can be open, in the order in which it is listed."""

    HOLD = "hold"
    CONCERN = "concern"
    APPEAL = "appeal"
    MESSAGE = "message"
    PAPER = "paper"
    TASK = "task"
    COPY = "copy"
    CORRECTION = "correction"
    PAUSE = "pause"
    ORDER = "order"
    LEGAL_HOLD = "legal_hold"
    CONSENT = "consent"
    TALK = "talk"
    OUTCOME = "outcome"


class Word(StrEnum):
    """What may be decided."""

    SHARE = "share"
    GIVE_BACK = "give_back"
    KEEP = "keep"
    WITHDRAW = "withdraw"
    KEPT = "kept"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    DONE = "done"
    NEEDLESS = "needless"
    GO_ON = "go_on"
    STAY = "stay"
    END = "end"


_ALWAYS: dict[What, tuple[Word, ...]] = {
    What.PAPER: (Word.KEPT, Word.RETURNED, Word.DESTROYED),
    What.COPY: (Word.GO_ON,),
    What.CORRECTION: (Word.GO_ON,),
    What.PAUSE: (Word.END,),
    What.ORDER: (Word.STAY,),
    What.LEGAL_HOLD: (Word.STAY,),
    What.CONSENT: (Word.END, Word.STAY),
}
"""What may be decided about a thing however it stands. What is in neither table has no choice."""
OF_THE_AUTHOR = (Word.GIVE_BACK, Word.KEEP, Word.WITHDRAW)
OF_A_TASK = (Word.DONE, Word.NEEDLESS, Word.GO_ON)
ELSEWHERE = ("tell_author", "emergency_opened")
"""Tasks that are done on a page of their own before a case is closed, besides every decision of a supervisor."""
FOR_THE_TEAM = frozenset({What.PAPER, What.CONSENT})
"""What somebody knows who works with the people: not for a supervisor from outside."""


@dataclass(frozen=True)
class Open:
    """One thing. `about`: its id (of a person for TALK and CONSENT, of the case where there is only one); `state`: how
    it stands: a message's state, a task's kind; `never_sent`: a letter never to be sent."""

    what: What
    about: UUID
    state: str = ""
    never_sent: bool = False


@dataclass(frozen=True)
class Made:
    """A decision about one thing as it stood then."""

    word: Word
    state: str


def choices(one: Open) -> tuple[Word, ...]:
    """What may be decided; () where it must be ended where it belongs."""
    if one.what is What.MESSAGE:
        sendable = State(one.state) in SHAREABLE | {State.IN_REVIEW} and not one.never_sent
        return (Word.SHARE, *OF_THE_AUTHOR) if sendable else OF_THE_AUTHOR
    if one.what is What.TASK:
        return () if one.state.startswith("decide_") or one.state in ELSEWHERE else OF_A_TASK
    return _ALWAYS.get(one.what, ())


def for_the_team(one: Open, word: Word) -> bool:
    """Whether only the team of the case decides this: an author's word, and what people did with paper or want."""
    return word is Word.WITHDRAW or one.what in FOR_THE_TEAM


def settled(one: Open, made: Made | None) -> bool:
    """Whether what becomes of it is decided, for it as it stands now, and nothing has to happen first."""
    return made is not None and made.state == one.state and made.word in choices(one) and made.word is not Word.SHARE


def unsettled(found: Iterable[Open], made: Mapping[tuple[What, UUID], Made]) -> list[Open]:
    """What is in the way of closing."""
    return [one for one in found if not settled(one, made.get((one.what, one.about)))]


def require_settled(found: Iterable[Open], made: Mapping[tuple[What, UUID], Made]) -> None:
    """Raise Refused while anything is in the way."""
    if unsettled(found, made):
        raise Refused("Something in this case is still open. Decide first what becomes of it.")
