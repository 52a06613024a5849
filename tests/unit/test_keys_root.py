import os
import random
from pathlib import Path

import pytest

from exchange.core.errors import BadInput, ExchangeError, Unreadable, WrongSetting
from exchange.core.keys import new_case_key
from exchange.core.recovery import from_recovery_text, recovery_text, recovery_words
from exchange.store.rootkey import FileRootKey, KeyHolder

ROOT = bytes(range(32))
SHEET = recovery_text(ROOT)


class Clock:
    """Monotonic seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def root(tmp_path: Path) -> FileRootKey:
    """A fresh root key in a file."""
    return FileRootKey.create(tmp_path / "root.key")


def test_the_recovery_sheet_reads_back() -> None:
    """Fixed bytes give a fixed sheet of sixteen groups, and reading gives the key."""
    assert SHEET.splitlines()[:2] == ["exchange root key, version 1", "1  0008 20C2 0A1G 7EK5"]
    assert from_recovery_text(SHEET) == ROOT
    assert len(recovery_words(ROOT)) == 16
    assert " ".join(recovery_words(ROOT)[:4]) in SHEET


@pytest.mark.parametrize("change", [str.lower, lambda s: s.replace(" ", "-"), lambda s: s.replace("0", "O")])
def test_the_recovery_sheet_forgives(change: object) -> None:
    """Lower case, hyphens, O for zero and l for one, no title, no line numbers, blank lines."""
    body = [line[3:] for line in SHEET.splitlines()[1:]]
    assert callable(change)
    typed = [change(line) for line in body]
    assert from_recovery_text("\n\n".join(typed)) == ROOT
    assert from_recovery_text("\n".join(f"{n}. {line}" for n, line in enumerate(typed, 1))) == ROOT
    assert from_recovery_text(SHEET.replace("1", "l").replace("version l", "version 1")) == ROOT


def test_every_wrong_letter_of_the_sheet_is_noticed_and_its_line_named() -> None:
    """Each of the 64 characters changed to each other one: never another key, and the line is named."""
    rng, lines = random.Random(7), SHEET.splitlines()
    for row in range(1, 5):
        for at in [place for place in range(3, len(lines[row])) if lines[row][place] != " "]:
            wrong = rng.choice([char for char in "0123456789ABCDEFGHJKMNPQRSTVWXYZU?" if char != lines[row][at]])
            bent = [*lines[:row], lines[row][:at] + wrong + lines[row][at + 1 :], *lines[row + 1 :]]
            with pytest.raises(BadInput, match=f"Line {row}"):
                from_recovery_text("\n".join(bent))


def test_swapped_missing_or_foreign_lines_are_refused() -> None:
    """Lines in another order, too few, too many, another version, nothing."""
    title, one, two, three, four = SHEET.splitlines()
    for lines in (
        [title, two, one, three, four],
        [title, one[3:], one[3:], three, four],
        [title, one, two, three],
        [title, one, two, three, four, four],
        ["exchange root key, version 2", one, two, three, four],
        [],
    ):
        with pytest.raises(BadInput):
            from_recovery_text("\n".join(lines))


def test_the_file_is_private_and_is_never_overwritten(tmp_path: Path) -> None:
    """0600 whatever the umask, and a second create leaves the first file's bytes."""
    path, old = tmp_path / "root.key", os.umask(0)
    try:
        FileRootKey.create(path, ROOT)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == SHEET
    with pytest.raises(WrongSetting, match="already"):
        FileRootKey.create(path)
    assert path.read_text() == SHEET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601, 0o610])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Any bit for group or others stops the start, with a sentence that says what to run."""
    FileRootKey.create(tmp_path / "root.key")
    (tmp_path / "root.key").chmod(mode)
    with pytest.raises(WrongSetting, match="chmod 600"):
        FileRootKey(tmp_path / "root.key")


def test_a_missing_or_damaged_file_stops_the_start_without_its_content(tmp_path: Path) -> None:
    """The sentences name what to do and show no byte of the file."""
    path = tmp_path / "root.key"
    with pytest.raises(WrongSetting, match="exchange init"):
        FileRootKey(path)
    with pytest.raises(WrongSetting, match="cannot be made"):
        FileRootKey.create(tmp_path / "no folder" / "root.key")
    FileRootKey.create(path, ROOT)
    path.write_text(SHEET.replace("7EK5", "7EKX"))
    with pytest.raises(WrongSetting, match="recovery sheet") as refused:
        FileRootKey(path)
    assert not [word for word in recovery_words(ROOT) if word in str(refused.value)]


def test_the_file_key_wraps_for_itself_only(root: FileRootKey, tmp_path: Path) -> None:
    """Another root key or context does not open; the same file read again does, under the same name."""
    blob = root.wrap(b"private", b"here")
    again, other = FileRootKey(tmp_path / "root.key"), FileRootKey.create(tmp_path / "other.key")
    assert again.unwrap(blob, b"here") == b"private"
    assert (again.key_name == root.key_name, other.key_name == root.key_name) == (True, False)
    for provider, bound in ((other, b"here"), (again, b"there")):
        with pytest.raises(Unreadable):
            provider.unwrap(blob, bound)


def test_the_holder_opens_a_case_and_only_that_case(root: FileRootKey) -> None:
    """A wrap under another case's id or beside another public key is Unreadable."""
    holder = KeyHolder(root)
    pair, wrapped = holder.new_case_key("case-1")
    assert holder.case_key(wrapped, pair.public, "case-1") == pair
    for public, case_id in ((pair.public, "case-2"), (new_case_key().public, "case-1")):
        with pytest.raises(Unreadable):
            holder.case_key(wrapped, public, case_id)
    with pytest.raises(Unreadable):
        KeyHolder(root, service="another").case_key(wrapped, pair.public, "case-1")


def test_the_holder_keeps_a_key_for_five_minutes_and_forgets_on_demand(root: FileRootKey) -> None:
    """Kept: even a destroyed wrap opens. After forget, or five minutes: it does not."""
    holder = KeyHolder(root, clock=(clock := Clock()))
    pair, wrapped = holder.new_case_key("case-1")
    holder.case_key(wrapped, pair.public, "case-1")
    clock.now += 299
    assert holder.case_key(b"destroyed", pair.public, "case-1") == pair
    clock.now += 2
    with pytest.raises(ExchangeError):
        holder.case_key(b"destroyed", pair.public, "case-1")
    holder.case_key(wrapped, pair.public, "case-1")
    holder.forget("case-1")
    with pytest.raises(Unreadable):
        holder.case_key(b"destroyed", pair.public, "case-1")


def test_the_holder_keeps_256_and_drops_the_one_used_longest_ago(root: FileRootKey) -> None:
    """The 257th key pushes out the least recently used, not the oldest."""
    holder, pair = KeyHolder(root), new_case_key()
    for number in range(256):
        holder._keep(f"case-{number}", pair)
    assert holder.case_key(b"destroyed", pair.public, "case-0") == pair
    holder._keep("case-256", pair)
    assert holder.case_key(b"destroyed", pair.public, "case-0") == pair
    with pytest.raises(Unreadable):
        holder.case_key(b"destroyed", pair.public, "case-1")
