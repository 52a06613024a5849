"""The proof of one entry in one small file: `.tlog-proof` (C2SP tlog-proof).

Line 1 names the form; "extra" carries, in base64, the entry's own text, so that the file is all one needs
beside the keys; "index" is the entry's place; then the inclusion proof, leaf's sibling first, one hash per
line; an empty line; the signed checkpoint. The text is not trusted because it stands there: its hash must lead
to the signed root.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.core.cosign import WitnessKey
from exchange.core.errors import Unreadable
from exchange.core.ledger import HASH_SIZE, leaf_hash, verify_inclusion
from exchange.core.notes import BadNote, Opened, Verifier, canonical_base64, open_note

FORM = "c2sp.org/tlog-proof@v1"
MOST_STEPS = 63
_LONGEST = 200_000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")


class BadProof(Unreadable):
    """This is not a proof of an entry of the record, or it was changed."""


@dataclass(frozen=True, slots=True)
class EntryProof:
    """Entry `index` with its `text`, its inclusion proof and the note of the checkpoint it stands in."""

    index: int
    text: str
    steps: tuple[bytes, ...]
    note: str

    @property
    def file(self) -> str:
        """The content of the `.tlog-proof` file."""
        extra = b64encode(self.text.encode()).decode()
        lines = [FORM, f"extra {extra}", f"index {self.index}", *encode_steps(self.steps)]
        return "".join(f"{line}\n" for line in lines) + "\n" + self.note

    @classmethod
    def parse(cls, untrusted_file: str) -> "EntryProof":
        """The parts of a proof file, nothing checked but its form. Raises BadProof."""
        head, gap, note = untrusted_file.partition("\n\n")
        lines = head.split("\n")
        if len(untrusted_file) > _LONGEST or not gap or len(lines) < 3 or lines[0] != FORM:
            raise BadProof
        extra, index = lines[1].removeprefix("extra "), lines[2].removeprefix("index ")
        if extra == lines[1] or index == lines[2] or not _NUMBER.fullmatch(index):
            raise BadProof
        try:
            return cls(int(index), canonical_base64(extra).decode(), decode_steps(lines[3:]), note)
        except (BadNote, UnicodeDecodeError) as error:
            raise BadProof from error

    def check(self, log: Verifier, witnesses: Sequence[WitnessKey] = ()) -> "Proved":
        """What the proof shows. Raises BadProof, BadNote; also where a named witness has not cosigned."""
        opened = open_note(self.note, log)
        head = opened.checkpoint
        if not verify_inclusion(self.index, head.size, leaf_hash(self.text.encode()), self.steps, head.root):
            raise BadProof("The entry is not the one that was signed at this place.")
        return Proved(opened, tuple(_seen(opened, witness) for witness in witnesses))


@dataclass(frozen=True, slots=True)
class Proved:
    """The checkpoint that the entry stands in, and when each asked witness saw it (seconds since 1970)."""

    opened: Opened
    seen: tuple[int, ...]


def _seen(opened: Opened, witness: WitnessKey) -> int:
    times = witness.times(opened)
    if not times:
        raise BadProof(f"The checkpoint was not cosigned by {witness.name}.")
    return max(times)


def encode_steps(steps: Sequence[bytes]) -> list[str]:
    """Hashes as lines of base64."""
    return [b64encode(step).decode() for step in steps]


def decode_steps(untrusted_lines: Sequence[str]) -> tuple[bytes, ...]:
    """Hashes from lines of base64, at most 63. Raises BadProof."""
    try:
        steps = tuple(canonical_base64(line) for line in untrusted_lines)
    except BadNote as error:
        raise BadProof from error
    if len(steps) > MOST_STEPS or any(len(step) != HASH_SIZE for step in steps):
        raise BadProof
    return steps
