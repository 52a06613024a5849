"""An export read in runs: the same verdict, sentence for sentence, as line by line."""

import re

import pytest

from exchange.core.audit import verify
from exchange.core.forms import Forms
from exchange.core.runs import Run, shortened
from tests.support.ledger import leaves, signed_note
from tests.support.ledger_edits import COUNT, EDITS, SIGNER, WHOLE, edited

KEY = SIGNER.verifier


@pytest.mark.parametrize("kept", [None, 1, 31, COUNT, COUNT + 5])
@pytest.mark.parametrize("name", EDITS)
def test_runs_come_to_the_same_verdict(name: str, kept: int | None) -> None:
    """Whatever was edited, and whatever checkpoint was kept."""
    lines = re.findall("[^\n]*\n|[^\n]+", "".join(edited(name)))  # as a file has them
    since = None if kept is None else signed_note(leaves(COUNT + 5), SIGNER, kept)
    runs = [*lines[:1], *shortened("".join(lines[1:]).encode(), Forms())]
    assert verify(runs, KEY, since) == verify(lines, KEY, since)


def test_a_whole_export_is_one_run() -> None:
    """Hashes and numbers; the texts are not handed over."""
    (run, note) = shortened("".join(WHOLE[1:]).encode(), Forms())
    assert isinstance(run, Run)
    assert (run.first, run.after, len(run.hashes), note) == (0, COUNT, COUNT, WHOLE[-1])
