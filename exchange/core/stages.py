"""Where a case stands: its stages in their order, and when each is done. Any order is possible; nothing here stops
anybody.

- inviting: for everybody in the case it is recorded whether they are invited, and why (rule 22);
- preparation: with everybody who is invited it was talked about what belongs to it; for the person responsible also
  what the gate asks (rule 10, `diary.PREPARATION`);
- assessment: current now (rule 11);
- exchange: there was one, and nothing of it is on its way;
- closing talks: held with everybody who is invited, or why not;
- outcome: written down;
- follow-up: after closing, somebody has asked how people are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from exchange.core.diary import NOT_INVITED, PREPARATION, Diary
from exchange.core.model import Side, State

AT_REST = frozenset({State.OPENED, State.KEPT, State.WITHHELD, State.WITHDRAWN, State.ERASED, State.SUPERSEDED})
"""Where a message may stay: nobody waits for anything."""


class Stage(StrEnum):
    """The stages, in their order."""

    INVITING = "inviting"
    PREPARATION = "preparation"
    ASSESSMENT = "assessment"
    EXCHANGE = "exchange"
    CLOSING_TALKS = "closing_talks"
    OUTCOME = "outcome"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True)
class Someone:
    """A person of the case: the newest word of their diary per kind, the newest value of their facts per kind."""

    id: UUID
    side: str
    diary: Mapping[Diary, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def invited(self) -> bool:
        """Not recorded as not invited."""
        return self.diary.get(Diary.INVITING) not in NOT_INVITED

    @property
    def prepared(self) -> bool:
        """Talked with about what belongs to preparation; who is responsible also as the gate asks (rule 10)."""
        if self.side != Side.RESPONSIBLE:
            return self._talked(PREPARATION["preparation", "done"])
        return all(self.facts.get(fact) == value and self._talked(of) for (fact, value), of in PREPARATION.items())

    def _talked(self, kinds: frozenset[Diary]) -> bool:
        return all(self.diary.get(kind) == "done" for kind in kinds)


@dataclass(frozen=True)
class Story:
    """What the stages are told from. `diary`: kinds that were written about the case itself."""

    people: tuple[Someone, ...] = ()
    messages: tuple[State, ...] = ()
    assessed: bool = False
    diary: frozenset[Diary] = frozenset()


@dataclass(frozen=True)
class Standing:
    """One stage. `of`: whom it is about next, where it is about people: the first who waits, or else the first."""

    stage: Stage
    done: bool
    of: UUID | None = None


def standing(story: Story) -> list[Standing]:
    """Every stage in its order. What comes next is the first that is not done."""
    invited = tuple(one for one in story.people if one.invited)
    return [
        _people(Stage.INVITING, story.people, lambda one: Diary.INVITING in one.diary),
        _people(Stage.PREPARATION, invited, lambda one: one.prepared),
        Standing(Stage.ASSESSMENT, story.assessed),
        Standing(Stage.EXCHANGE, bool(story.messages) and all(state in AT_REST for state in story.messages)),
        _people(Stage.CLOSING_TALKS, invited, lambda one: Diary.CLOSING_TALK in one.diary),
        Standing(Stage.OUTCOME, Diary.OUTCOME in story.diary),
        Standing(Stage.FOLLOW_UP, Diary.FOLLOW_UP in story.diary),
    ]


def _people(stage: Stage, people: tuple[Someone, ...], done: Callable[[Someone], bool]) -> Standing:
    """A stage that each of these goes through; nobody is not everybody."""
    waiting = [one for one in people if not done(one)]
    first = next(iter(waiting or people), None)
    return Standing(stage, bool(people) and not waiting, first.id if first else None)
