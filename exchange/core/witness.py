"""What a witness asks before it cosigns: does this checkpoint only add to the last one that I cosigned?

Source: C2SP tlog-witness, the body of `add-checkpoint`: "old N", the consistency proof from size N, one hash
per line, an empty line, the signed checkpoint.

Rules. The checkpoint must be signed by the log's own key. It may not be smaller than the last one seen
(`RolledBack`), not name another tree of the same size nor one that does not begin with the last one seen
(`Forked`). The old size must be the last one seen (`OutOfStep` says which that is: ask for the proof again).
The first checkpoint that a witness ever sees of a log is taken as it is.
"""

import re
from dataclasses import dataclass

from exchange.core.errors import BadInput
from exchange.core.ledger import EMPTY_ROOT, verify_consistency
from exchange.core.notes import Checkpoint, Opened, Verifier, open_note
from exchange.core.proof import BadProof, decode_steps, encode_steps

_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
_LONGEST = 200_000


class WitnessRefuses(BadInput):
    """The checkpoint was not cosigned."""


class RolledBack(WitnessRefuses):
    """The log shows fewer entries than it did before: it was cut back. Not cosigned."""


class Forked(WitnessRefuses):
    """The log does not begin with what it showed before: it was rewritten or shows two faces. Not cosigned."""


class OutOfStep(WitnessRefuses):
    """The proof does not begin where this witness stopped. Ask for it again."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The proof does not begin where this witness stopped: ask for one from size {size}.")
        self.size = size


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint and the proof that it continues the tree of size `old` (0: the beginning)."""

    old: int
    steps: tuple[bytes, ...]
    note: str

    @property
    def body(self) -> str:
        """The text of an `add-checkpoint` request."""
        return "".join(f"{line}\n" for line in (f"old {self.old}", *encode_steps(self.steps))) + "\n" + self.note

    @classmethod
    def parse(cls, untrusted_body: str) -> "Submission":
        """The parts; nothing is checked but their form. Raises WitnessRefuses."""
        head, gap, note = untrusted_body.partition("\n\n")
        first, *rest = head.split("\n")
        old = _OLD.fullmatch(first)
        if len(untrusted_body) > _LONGEST or not gap or not old:
            raise WitnessRefuses("This is not a checkpoint with its proof. Nothing was cosigned.")
        try:
            return cls(int(old[1]), decode_steps(rest), note)
        except BadProof as error:
            raise WitnessRefuses("The proof is damaged. Nothing was cosigned.") from error


def judge(untrusted: Submission, log: Verifier, last: Checkpoint | None) -> Opened:
    """The note that may be cosigned now; `last` is what this witness cosigned last. Raises BadNote, WitnessRefuses."""
    opened = open_note(untrusted.note, log)
    head, seen = opened.checkpoint, last or Checkpoint(log.name, 0, EMPTY_ROOT)
    if head.size < seen.size:
        raise RolledBack
    if head.size == seen.size and head.root != seen.root:
        raise Forked
    if untrusted.old != seen.size:
        raise OutOfStep(seen.size)
    if seen.size == 0:
        if untrusted.steps:
            raise WitnessRefuses("A proof from nothing is empty. Nothing was cosigned.")
    elif not verify_consistency(seen.size, head.size, seen.root, head.root, untrusted.steps):
        raise Forked
    return opened
