"""When a stage of a case is done (core/stages.py), without a page or a database."""

from dataclasses import replace
from uuid import UUID

from exchange.core.diary import PREPARATION, Diary
from exchange.core.model import Side, State
from exchange.core.stages import AT_REST, Someone, Stage, Standing, Story, standing

TALKED = {kind: "done" for kinds in PREPARATION.values() for kind in kinds}
FACTS = dict(list(PREPARATION))
HARMED = Someone(UUID(int=1), Side.HARMED, {Diary.INVITING: "invited"})
RESPONSIBLE = Someone(UUID(int=2), Side.RESPONSIBLE, {Diary.INVITING: "invited"})


def told(story: Story, stage: Stage) -> Standing:
    """One stage of it."""
    return next(one for one in standing(story) if one.stage is stage)


def test_every_stage_is_told_once_and_in_order() -> None:
    """Also of a case with nothing in it, where nothing is done: nobody is not everybody."""
    found = standing(Story())
    assert [one.stage for one in found] == list(Stage)
    assert not any(one.done for one in found)


def test_who_is_responsible_is_prepared_only_as_the_gate_asks() -> None:
    """Each item of the one table of preparation is needed: take any away, and they are not prepared any more."""
    whole = replace(RESPONSIBLE, diary=TALKED, facts=FACTS)
    assert whole.prepared
    for kind in TALKED:
        assert not replace(whole, diary={**TALKED, kind: "not_done"}).prepared, kind
    for fact in FACTS:
        assert not replace(whole, facts={**FACTS, fact: "not_done"}).prepared, fact
    harmed = replace(HARMED, diary=dict.fromkeys(PREPARATION["preparation", "done"], "done"))
    assert harmed.prepared
    assert not replace(RESPONSIBLE, diary=harmed.diary).prepared


def test_only_who_is_invited_is_prepared_and_talked_with_at_the_end() -> None:
    """A person who is not invited holds nothing up; each stage leads to the first who waits."""
    uninvited = replace(RESPONSIBLE, diary={Diary.INVITING: "not_invited"})
    ready = replace(HARMED, diary={**HARMED.diary, **TALKED, Diary.CLOSING_TALK: "held"})
    story = Story(people=(ready, uninvited))
    assert all(told(story, stage).done for stage in (Stage.INVITING, Stage.PREPARATION, Stage.CLOSING_TALKS))
    both = Story(people=(ready, RESPONSIBLE))
    assert told(both, Stage.PREPARATION) == Standing(Stage.PREPARATION, False, RESPONSIBLE.id)
    assert told(both, Stage.CLOSING_TALKS) == Standing(Stage.CLOSING_TALKS, False, RESPONSIBLE.id)


def test_an_exchange_is_over_when_nothing_is_on_its_way() -> None:
    """One message that waits for anybody is enough to hold it open; without a message there was none."""
    assert told(Story(messages=tuple(AT_REST)), Stage.EXCHANGE).done
    for state in set(State) - AT_REST:
        assert not told(Story(messages=(State.OPENED, state)), Stage.EXCHANGE).done, state
    assert told(Story(assessed=True), Stage.ASSESSMENT).done
    assert told(Story(diary=frozenset({Diary.OUTCOME})), Stage.OUTCOME).done
