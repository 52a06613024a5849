import json
from pathlib import Path

import pytest

from exchange.core.errors import Unreadable
from exchange.core.sealed import HEADER, RangeReader, open_whole
from tests.vectors import second_reader

FOLDER = Path(__file__).parents[1] / "vectors" / "sealed"
VECTORS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
NAMES = sorted(VECTORS)


def fields(vector: dict[str, str]) -> tuple[bytes, bytes, bytes]:
    """Key, context and object of a vector."""
    return (
        bytes.fromhex(vector["input_key"]),
        bytes.fromhex(vector["context"]),
        bytes.fromhex(vector["sealed"]),
    )


def by_ranges(key: bytes, context: bytes, whole: bytes) -> bytes:
    """The whole object through the range reader, end checked first, in ranges of 10,000 bytes."""
    reader = RangeReader(key, context, whole[:HEADER], len(whole))
    first, stop = reader.end_span()
    reader.check_end(whole[first:stop])
    out = b""
    for start in range(0, reader.plain_size, 10_000):
        end = min(start + 10_000, reader.plain_size)
        first, stop = reader.span(start, end)
        out += reader.open(start, end, whole[first:stop])
    return out


@pytest.mark.parametrize("name", NAMES)
def test_three_readers_agree_on_every_vector(name: str) -> None:
    """The library, our range reader and the second reader see what the vector says."""
    key, context, whole = fields(VECTORS[name])
    assert second_reader.check(VECTORS[name])
    for read in (open_whole, by_ranges):
        if "plaintext" in VECTORS[name]:
            assert read(key, context, whole).hex() == VECTORS[name]["plaintext"]
        else:
            with pytest.raises(Unreadable):
                read(key, context, whole)


def test_the_second_writer_makes_the_same_bytes() -> None:
    """Whoever wrote a readable vector: its plaintext sealed by hand under its salt is the same object."""
    readable = [vector for vector in VECTORS.values() if "plaintext" in vector]
    assert len(readable) >= 12
    for vector in readable:
        key, context, whole = fields(vector)
        plain = bytes.fromhex(vector["plaintext"])
        assert second_reader.seal(key, context, whole[:24], plain) == whole


def test_the_set_of_vectors_is_what_it_claims() -> None:
    """At least thirty, all three writers, every failure a file of its own with one named error."""
    assert len(VECTORS) >= 30
    assert {vector["writer"] for vector in VECTORS.values()} == {
        "hand",
        "cryptography.cobblestone",
        "exchange.core.sealed",
    }
    failures = [vector for vector in VECTORS.values() if "error" in vector]
    assert {vector["error"] for vector in failures} == {"length", "commitment", "chunk"}
    assert len({tuple(sorted(vector.items())) for vector in failures}) == len(failures) >= 30
    assert all(("error" in vector) != ("plaintext" in vector) for vector in VECTORS.values())


def test_the_second_reader_shares_no_code() -> None:
    """Its source imports neither the service nor the library's own chunked encryption."""
    source = (FOLDER.parent / "second_reader.py").read_text()
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert len(imports) > 5
    assert not [line for line in imports if "exchange" in line or "cobblestone" in line or "hpke" in line]
    assert "__import__" not in source
    assert "importlib" not in source


def test_the_command_line_of_the_second_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It counts, names what is wrong, and fails on a vector that lies or on none at all."""
    lie = tmp_path / "lie.json"
    lie.write_text(json.dumps({**VECTORS["good-one-byte"], "plaintext": "00"}))
    honest = str(FOLDER / "good-one-byte.json")
    assert second_reader.main([honest]) == 0
    assert second_reader.main([honest, str(lie)]) == 1
    assert second_reader.main([]) == 1
    assert "1 of 2" in capsys.readouterr().out
