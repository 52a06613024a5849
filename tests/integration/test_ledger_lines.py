"""A large export is read by several processes: the same verdict as line by line, and nothing left out."""

from pathlib import Path

import pytest

from exchange import cli_lines
from exchange.core.audit import Outcome, verify
from tests.support.ledger_edits import COUNT, EDITS, SIGNER, WHOLE, edited

KEY = SIGNER.verifier


@pytest.fixture(autouse=True)
def _by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large, and two processes read it."""
    monkeypatch.setattr(cli_lines, "SMALL", 0)
    monkeypatch.setattr(cli_lines, "processors", lambda: 2)


def written(folder: Path, lines: list[str]) -> Path:
    """The lines as a file."""
    path = folder / "record.jsonl"
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("piece", [1, 900])
def test_the_verdict_is_the_same(name: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the file is cut into pieces, and whatever was done to it."""
    monkeypatch.setattr(cli_lines, "PIECE", piece)
    path = written(tmp_path, edited(name))
    with path.open(encoding="utf-8", newline="\n") as lines:
        assert verify(cli_lines.lines_of(path, every_leaf=False), KEY) == verify(lines, KEY)


def test_pieces_end_where_lines_end_and_leave_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they are the file after its header."""
    monkeypatch.setattr(cli_lines, "PIECE", 700)
    path, start = written(tmp_path, WHOLE), len(WHOLE[0])
    content = path.read_bytes()
    pieces = [content[place : place + size] for place, size in cli_lines.pieces(path, start)]
    assert b"".join(pieces) == content[start:]
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert len(pieces) > 10


def test_what_is_no_text_stops_the_check(tmp_path: Path) -> None:
    """As in a small file: the check could not be made."""
    path = written(tmp_path, WHOLE)
    path.write_bytes(path.read_bytes()[:-40] + b"\xff" * 40)
    with pytest.raises(UnicodeDecodeError):
        verify(cli_lines.lines_of(path, every_leaf=False), KEY)


def test_with_the_rules_every_leaf_is_looked_at(tmp_path: Path) -> None:
    """Then nothing is read in runs."""
    seen: list[int] = []
    lines = cli_lines.lines_of(written(tmp_path, WHOLE), every_leaf=True)
    verdict = verify(lines, KEY, on_leaf=lambda index, _leaf: seen.append(index))
    assert (verdict.outcome, seen) == (Outcome.WHOLE, list(range(COUNT)))
