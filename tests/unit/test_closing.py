"""What may be decided about what is open when a case is closed (core/closing.py)."""

from uuid import UUID

import pytest

from exchange.core.closing import Made, Open, What, Word, choices, require_settled, settled, unsettled
from exchange.core.errors import Refused
from exchange.core.gate import FINAL
from exchange.core.model import State
from exchange.core.waiting import TASKS

ID, OTHER = UUID(int=1), UUID(int=2)
OPEN_STATES = [state for state in State if state not in FINAL and state is not State.CONCERN]


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_message_is_shared_first_given_back_kept_or_taken_back(state: State) -> None:
    """To be shared first can only be said of what could still be shared, never of an unsent letter."""
    may = choices(Open(What.MESSAGE, ID, state))
    assert set(may) >= {Word.GIVE_BACK, Word.KEEP, Word.WITHDRAW}
    shareable = state in (State.IN_REVIEW, State.APPROVED, State.OFFERED, State.ACCEPTED, State.DECLINED, State.LATER,
                          State.RELEASED, State.OPENED, State.LAPSED)  # fmt: skip
    assert (Word.SHARE in may) == shareable
    assert Word.SHARE not in choices(Open(What.MESSAGE, ID, state, never_sent=True))


def test_what_must_be_ended_elsewhere_has_no_choice() -> None:
    """A stop, a concern, an appeal, a conversation, an outcome, and every decision that waits for a supervisor."""
    for what in (What.HOLD, What.CONCERN, What.APPEAL, What.TALK, What.OUTCOME):
        assert choices(Open(what, ID)) == ()
    for kind in TASKS:
        decides = kind.startswith("decide_") or kind in ("tell_author", "emergency_opened")
        assert bool(choices(Open(What.TASK, ID, kind))) != decides, kind
    for what in What:
        for word in Word:
            assert not settled(Open(What.CONCERN, ID), Made(word, "")), (what, word)


def test_a_decision_counts_only_for_the_thing_as_it_stood() -> None:
    """It moved since: it is asked about anew. To be shared first never settles it."""
    one = Open(What.MESSAGE, ID, State.APPROVED)
    assert settled(one, Made(Word.KEEP, State.APPROVED))
    assert not settled(one, Made(Word.KEEP, State.IN_REVIEW))
    assert not settled(one, Made(Word.SHARE, State.APPROVED))
    assert not settled(one, Made(Word.DONE, State.APPROVED))
    assert not settled(one, None)


def test_nothing_is_closed_while_anything_is_undecided() -> None:
    """Each thing by itself; a decision about another one of the same kind is none about this."""
    found = [Open(What.PAUSE, ID), Open(What.CONSENT, OTHER)]
    made = {(What.PAUSE, ID): Made(Word.END, ""), (What.CONSENT, OTHER): Made(Word.STAY, "")}
    require_settled(found, made)
    require_settled([], {})
    for key in made:
        left = {one: word for one, word in made.items() if one != key}
        assert [(one.what, one.about) for one in unsettled(found, left)] == [key]
        with pytest.raises(Refused):
            require_settled(found, left)
    with pytest.raises(Refused):
        require_settled([Open(What.CONSENT, ID)], made)
