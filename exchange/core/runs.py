"""Entries of a complete export, many at a time: what a check needs of them and nothing else.

The lines of one piece of an export become a few runs, which another process can make and hand over. A line that is
not an entry of the known form stays a line, for `audit.verify` to look at closely; so the verdict is the same.
"""

from dataclasses import dataclass, field

from exchange.core.export import quickly
from exchange.core.forms import Forms
from exchange.core.ledger import leaf_hash


@dataclass(slots=True)
class Run:
    """Entries numbered from `first` on without a gap: their hashes, and what their times say."""

    first: int
    first_at: str
    last_at: str = ""
    hashes: list[bytes] = field(default_factory=list)
    backwards: list[int] = field(default_factory=list)
    """Entries dated before the one that precedes them here."""

    @property
    def after(self) -> int:
        """The number that the next entry must have."""
        return self.first + len(self.hashes)

    def add(self, leaf: bytes, at: str) -> None:
        """Take in the next entry."""
        if at < self.last_at:
            self.backwards.append(self.after)
        self.last_at = at
        self.hashes.append(leaf_hash(leaf))


def shortened(untrusted_lines: bytes, forms: Forms) -> list[Run | str]:
    """These lines in order, entries of the known form as runs. For complete exports only. UnicodeDecodeError.

    `forms` is what was learnt from lines before, and learns.
    """
    found: list[Run | str] = []
    run: Run | None = None
    *lines, rest = untrusted_lines.split(b"\n")
    for line in lines:
        known = forms.leaf(line, run.after) if run is not None else None
        if known is not None and run is not None:
            run.add(*known)
        else:
            run = _looked_at(line, run, found, forms)
    return [*found, rest.decode()] if rest else found


def _looked_at(line: bytes, run: Run | None, found: list[Run | str], forms: Forms) -> Run | None:
    """Put a line that has no known form into its run, a new one, or as it is; the run that may go on."""
    text = line.decode() + "\n"
    entry = quickly(text)
    if entry is None:
        found.append(text)
        return None
    forms.learn(line)
    index, leaf, at = entry
    if run is None or index != run.after:
        run = Run(index, at)
        found.append(run)
    run.add(leaf, at)
    return run
