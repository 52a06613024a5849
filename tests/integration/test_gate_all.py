"""The whole table of questions to the gate; too long for the unit tests, which ask a fifth of it."""

from exchange.core.gate import Act
from exchange.core.model import State
from tests.unit.test_gate import try_all


def test_every_question_in_every_state() -> None:
    """8 acts × 19 states × 1,036 combinations of facts, 157,472 questions: no surprise."""
    assert try_all(tuple(State)) == len(Act) * len(State) * (1 + 45 + 990)
