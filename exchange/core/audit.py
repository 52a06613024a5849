"""Checks an export of the record offline: needs the export, the auditor's key, and nothing of the service.

Rules. The export verifies as **whole** only if every line is in its one form, the entries are numbered
0, 1, 2 … without a gap, the tree over exactly their bytes has the root and the size that the checkpoint
names, and the checkpoint is signed with the auditor's key. If the auditor kept an earlier checkpoint, the
record must also begin with the record that it named; only that shows a record cut back to an older,
honestly signed state. A filtered export verifies as **part** at best: each entry is proved to stand in the
signed tree at its place, but nothing shows what was left out. Everything else is **broken**.

An export may carry earlier checkpoints that witnesses cosigned: the last checkpoint must be proved to continue
each. A witness that the auditor names must have cosigned one of them, or the last.

Entries the schema of core/leaf.py does not know, and times that run backwards, do not break the record:
they were signed. They are remarks.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from exchange.core.cosign import WitnessKey, moment
from exchange.core.export import BadExport, Entry, Header, Leaf, Seen, parse_body, parse_leaf
from exchange.core.leaf import LeafRefused, check
from exchange.core.ledger import Peaks, leaf_hash, verify_consistency, verify_inclusion
from exchange.core.notes import BadNote, Checkpoint, Opened, Verifier, open_checkpoint, open_note
from exchange.core.runs import Run

MOST_LISTED = 20
BATCH = 4096


class Outcome(StrEnum):
    """What an export turned out to be."""

    WHOLE = "whole"
    PART = "part"
    BROKEN = "broken"


@dataclass(frozen=True)
class Verdict:
    """The answer. `sentence` says it in plain words; `problems` is empty unless broken."""

    outcome: Outcome
    sentence: str
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    note: str | None = None
    witnessed: tuple["Witnessed", ...] = ()


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A witness that the auditor named saw the first `size` entries, last at `at` (seconds since 1970)."""

    name: str
    size: int
    at: int


@dataclass
class _Reading:
    """What was learnt while reading the lines."""

    header: Header
    earlier: Checkpoint | None
    on_leaf: Callable[[int, Leaf], None] | None
    peaks: Peaks = field(default_factory=Peaks)
    hashes: list[bytes] = field(default_factory=list)
    earlier_root: bytes | None = None
    proofs: list[tuple[int, bytes, tuple[bytes, ...]]] = field(default_factory=list)
    count: int = 0
    last: int = -1
    last_time: str = ""
    note: str | None = None
    seen: list[Seen] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def line(self, untrusted_line: str) -> None:
        """Take in one line after the header."""
        found = parse_body(untrusted_line)
        if self.note is not None:
            self.problems.append("something follows the checkpoint, which must come last")
        elif isinstance(found, str):
            self.note = found
        elif isinstance(found, Seen):
            self.seen.append(found)
        elif self.seen:
            self.problems.append(
                f"entry {found.index} follows a cosigned checkpoint, which must come after all entries"
            )
        else:
            self.entry(found)

    def run(self, run: Run) -> None:
        """Take in a run, as its entries one by one would be."""
        if self.header.filter is not None or self.on_leaf is not None:
            raise ValueError("runs are of complete exports, and hold no leaf to look at")
        if self.note is not None:
            self.problems += ["something follows the checkpoint, which must come last"] * len(run.hashes)
            return
        if self.seen:
            places = range(run.first, run.after)
            self.problems += [
                f"entry {n} follows a cosigned checkpoint, which must come after all entries" for n in places
            ]
            return
        if run.first != self.last + 1:
            self.problems.append(f"entry {run.first} does not stand in its place")
        self.dated(run.first, run.first_at)
        self.remarks += [f"entry {n} is dated before the one that precedes it" for n in run.backwards]
        self.last, self.last_time = run.after - 1, run.last_at
        self.hashed(run.hashes)

    def hashed(self, hashes: list[bytes]) -> None:
        """Count these and take them into the tree; its root is noted where the earlier checkpoint ends."""
        until = self.earlier.size - self.count if self.earlier else 0
        if 0 < until <= len(hashes):
            self.hashes += hashes[:until]
            self.grow()
            self.earlier_root = self.peaks.root()
            self.count, hashes = self.count + until, hashes[until:]
        self.hashes += hashes
        self.count += len(hashes)
        if len(self.hashes) >= BATCH:
            self.grow()

    def entry(self, entry: Entry) -> None:
        """Take in one entry: its number, its hash, what it says."""
        whole = self.header.filter is None
        if entry.index != self.last + 1 if whole else entry.index <= self.last:
            self.problems.append(f"entry {entry.index} does not stand in its place")
        if (entry.proof is None) is not whole:
            self.problems.append(f"entry {entry.index} does not fit this kind of export")
        self.last = entry.index
        hash_of_leaf = leaf_hash(entry.text.encode())
        if whole:
            self.hashed([hash_of_leaf])
        else:
            self.count += 1
            self.proofs.append((entry.index, hash_of_leaf, entry.proof or ()))
        self.content(entry)

    def grow(self) -> None:
        """Take the hashes that wait into the tree: many at once is faster."""
        self.peaks = self.peaks.extend(self.hashes)
        self.hashes.clear()

    def content(self, entry: Entry) -> None:
        """Look at what an entry says; nobody need read one that is known to be in order."""
        if entry.at and self.on_leaf is None and self.header.filter is None:
            self.dated(entry.index, entry.at)
            return
        try:
            leaf = parse_leaf(entry.text)
            check(leaf)
        except (BadExport, LeafRefused):
            self.remarks.append(f"entry {entry.index} is of a form that this version does not know")
            return
        self.dated(entry.index, leaf["at"])
        if self.header.filter is not None and not self.header.filter.matches(leaf):
            self.problems.append(f"entry {entry.index} is not one that the filter asks for")
        if self.on_leaf is not None:
            self.on_leaf(entry.index, leaf)

    def dated(self, index: int, at: str) -> None:
        """Times run forward."""
        if at < self.last_time:
            self.remarks.append(f"entry {index} is dated before the one that precedes it")
        self.last_time = at


def verify(
    untrusted_lines: Iterable[str | Run],
    verifier: Verifier,
    since: str | None = None,
    on_leaf: Callable[[int, Leaf], None] | None = None,
    witnesses: Sequence[WitnessKey] = (),
) -> Verdict:
    """The verdict on an export, given line by line, each with its line end, or after the header in runs.

    `since` is the note of a checkpoint that the auditor kept; BadNote if it is none of this key. Every one of
    `witnesses` must have cosigned a checkpoint in it.
    `on_leaf` sees every entry of a known form in order, before anything is proved.
    """
    earlier = open_checkpoint(since, verifier) if since is not None else None
    lines = iter(untrusted_lines)
    try:
        reading = _Reading(Header.parse(str(next(lines, ""))), earlier, on_leaf)
    except BadExport as error:
        return _broken([f"line 1: {error}"], ())
    _read(reading, lines)
    problems = reading.problems + _signed(reading, verifier)
    witnessed: tuple[Witnessed, ...] = ()
    if not problems:
        problems, witnessed = _witnessed(reading, verifier, witnesses)
    if problems:
        return _broken(problems, tuple(reading.remarks))
    return _good(reading, witnessed)


def _read(reading: _Reading, lines: Iterable[str | Run]) -> None:
    number = 1
    for line in lines:
        if isinstance(line, Run):
            number += len(line.hashes)
            reading.run(line)
            continue
        number += 1
        try:
            reading.line(line)
        except BadExport as error:
            reading.problems.append(f"line {number}: {error}")
    reading.grow()


def _witnessed(
    reading: _Reading, verifier: Verifier, witnesses: Sequence[WitnessKey]
) -> tuple[list[str], tuple[Witnessed, ...]]:
    """What speaks against the witnesses' checkpoints, and what each named witness saw last."""
    try:
        notes = [open_note(reading.note or "", verifier), *(open_note(seen.note, verifier) for seen in reading.seen)]
        last = notes[0].checkpoint
        found = [
            f"the record does not continue the checkpoint of {note.checkpoint.size} entries that was cosigned"
            for note, seen in zip(notes[1:], reading.seen, strict=True)
            if not verify_consistency(note.checkpoint.size, last.size, note.checkpoint.root, last.root, seen.proof)
        ]
        seen_by = {witness: _seen_by(witness, notes) for witness in witnesses}
    except BadNote as error:
        return [str(error)], ()
    found += [f"{witness.name} did not cosign it" for witness, saw in seen_by.items() if saw is None]
    return found, tuple(saw for saw in seen_by.values() if saw)


def _seen_by(witness: WitnessKey, notes: Sequence[Opened]) -> Witnessed | None:
    saw = [(note.checkpoint.size, at) for note in notes for at in witness.times(note)]
    return Witnessed(witness.name, *max(saw)) if saw else None


def _signed(reading: _Reading, verifier: Verifier) -> list[str]:
    """What speaks against the entries being those that were signed."""
    if reading.note is None:
        return ["the checkpoint at the end is missing"]
    try:
        checkpoint = open_checkpoint(reading.note, verifier)
    except BadNote as error:
        return [str(error)]
    header, found = reading.header, []
    if (header.origin, header.size) != (checkpoint.origin, checkpoint.size):
        found.append("the header does not fit the checkpoint")
    if header.count != reading.count:
        found.append(f"{header.count} entries were exported, {reading.count} are here")
    tree = _tree_of_all(reading, checkpoint) if header.filter is None else _places(reading, checkpoint)
    return found + tree + _since(reading, checkpoint)


def _tree_of_all(reading: _Reading, checkpoint: Checkpoint) -> list[str]:
    if reading.peaks.size != checkpoint.size:
        return [f"{checkpoint.size} entries were signed, {reading.peaks.size} are here"]
    if reading.peaks.root() != checkpoint.root:
        return ["the entries are not those that were signed: at least one was changed or moved"]
    return []


def _places(reading: _Reading, checkpoint: Checkpoint) -> list[str]:
    return [
        f"entry {index} is not the one that was signed at this place"
        for index, hash_of_leaf, proof in reading.proofs
        if not verify_inclusion(index, checkpoint.size, hash_of_leaf, proof, checkpoint.root)
    ]


def _since(reading: _Reading, checkpoint: Checkpoint) -> list[str]:
    """What speaks against the record having only grown since the checkpoint that the auditor kept."""
    earlier = reading.earlier
    if earlier is None:
        return []
    if earlier.size > checkpoint.size:
        return [f"you kept a checkpoint of {earlier.size} entries, this one has {checkpoint.size}: it was cut"]
    if earlier.size == checkpoint.size:
        same = earlier.root == checkpoint.root
        return [] if same else ["the checkpoint that you kept names other entries: the record was rewritten"]
    if reading.header.filter is not None:
        return ["a part of the record cannot be compared with the checkpoint that you kept"]
    same = earlier.size == 0 or reading.earlier_root == earlier.root
    return [] if same else ["the record does not begin as the checkpoint that you kept: it was rewritten"]


def _broken(problems: list[str], remarks: tuple[str, ...]) -> Verdict:
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    sentence = f"This does NOT verify: {problems[0].rstrip('.')}{more}."
    return Verdict(Outcome.BROKEN, sentence, _listed(problems), _listed(remarks))


def _good(reading: _Reading, witnessed: tuple[Witnessed, ...]) -> Verdict:
    header, earlier = reading.header, reading.earlier
    kept = f" It begins with the {earlier.size} entries of the checkpoint that you kept." if earlier else ""
    if header.filter is None:
        outcome = Outcome.WHOLE
        sentence = (
            f"The record is whole: {header.size} entries, unchanged, in order and none missing, "
            f"as signed by {header.origin}.{kept}"
        )
    else:
        outcome = Outcome.PART
        sentence = (
            f"This is only part of the record: {header.count} of {header.size} entries, each unchanged and "
            f"in its place, as signed by {header.origin}. It cannot show that nothing was left out."
        )
    also = "".join(f" {saw.name} saw the first {saw.size}, at {moment(saw.at)}." for saw in witnessed)
    return Verdict(outcome, sentence + also, (), _listed(reading.remarks), reading.note, witnessed)


def _listed(items: Iterable[str]) -> tuple[str, ...]:
    listed = list(items)
    rest = len(listed) - MOST_LISTED
    return tuple(listed[:MOST_LISTED]) + ((f"and {rest} more",) if rest > 0 else ())
