"""`exchange audit` as an auditor runs it, on a real export: every edit, delete, swap, cut is caught."""

import asyncio
import json
import os
import random
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from exchange.core.audit import Outcome, verify
from exchange.core.export import leaf_line
from exchange.core.leaf import FIELDS, NUMBER
from exchange.core.notes import KeySigner
from exchange.store import ledger
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.engine import make_engine, plain_url
from tests.support.database import cloned
from tests.support.ledger import CASES, ORIGIN, fields

COUNT = 209
SIGNER = KeySigner.generate(ORIGIN)
KEY = SIGNER.verifier
SHARES = 8


@dataclass(frozen=True)
class World:
    """A database with a signed record, and its exports made by the command line."""

    url: str
    export: Path
    part: Path
    older_note: Path

    @property
    def lines(self) -> list[str]:
        """The complete export."""
        return self.export.read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A record of 210 signed leaves, one of them made by the first of two exports."""
    folder = tmp_path_factory.mktemp("audit")
    with cloned(postgres, "template0") as url:
        with psycopg.connect(plain_url(url)) as conn:
            conn.execute(ledger.ddl().encode())
        made = World(url, folder / "record.jsonl", folder / "part.jsonl", folder / "older.note")
        made.older_note.write_text(asyncio.run(grow(url, range(100))), encoding="utf-8")
        asyncio.run(grow(url, range(100, COUNT)))
        assert run_audit("export", made.part, "--case", CASES[1], url=url).returncode == 0
        asyncio.run(grow(url, []))
        assert run_audit("export", made.export, url=url).returncode == 0
        yield made


async def grow(url: str, numbers: Any) -> str:
    """Append leaves and sign; the note."""
    engine = make_engine(url)
    async with engine.begin() as conn:
        await ledger.append(conn, [fields(number) for number in numbers])
        note = await ledger.checkpoint(conn, SIGNER)
    await engine.dispose()
    return str(note)


def run_audit(*words: object, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """`exchange audit …` as its own process; the database only if one is named."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    command = [sys.executable, "-m", "exchange.cli_audit", *map(str, words)]
    if url:
        environment["EXCHANGE_DATABASE_URL"] = url
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The sentence that a run ends in."""
    return done.stdout.splitlines()[-1]


def is_broken(lines: list[str]) -> bool:
    """Whether the pure check behind the command catches it."""
    return verify(lines, KEY).outcome is Outcome.BROKEN


def share(items: list[Any], number: int) -> list[Any]:
    """One of SHARES equal parts, so that test processes can divide the sweep."""
    return items[number::SHARES]


def another(name: str, value: Any) -> Any:
    """A different value that fits the same field, so that nothing but the tree can object."""
    if isinstance(value, list):
        return [another(name, value[0]), *value[1:]]
    if isinstance(value, int):
        return value + 1
    if name in ("at", "since", "until"):
        return value.replace("2026", "2027")
    last = value[-1]
    return value[:-1] + ("b" if last == "a" else "a") if last.isalpha() else value[:-1] + str((int(last) + 1) % 10)


def field_edits(text: str, draw: random.Random) -> Iterator[str]:
    """The leaf with each one of its fields changed, one removed, and one added; in canonical form."""
    leaf = json.loads(text)
    versions = [{**leaf, name: another(name, value)} for name, value in leaf.items() if name != "actor"]
    versions += [
        {**leaf, "actor": {**leaf["actor"], name: another(name, value)}} for name, value in leaf["actor"].items()
    ]
    left_out = draw.choice(sorted(leaf))
    versions.append({name: value for name, value in leaf.items() if name != left_out})
    spare = next(name for name, shapes in FIELDS.items() if shapes == (NUMBER,) and name not in leaf)
    versions.append({**leaf, spare: 1})
    for version in versions:
        yield json.dumps(version, sort_keys=True, separators=(",", ":"))


def byte_edits(line: str, draw: random.Random) -> Iterator[str]:
    """The line with one byte of each class changed, one removed, one added."""
    classes = (str.isdigit, str.islower, lambda c: c in '{}[]":,', lambda c: c == "-")
    for belongs in classes:
        places = [place for place, c in enumerate(line) if belongs(c)]
        if not places:
            continue
        place = draw.choice(places)
        yield line[:place] + chr(ord(line[place]) ^ 1) + line[place + 1 :]
    place = draw.randrange(len(line) - 1)
    yield line[:place] + line[place + 1 :]
    yield line[:place] + " " + line[place:]
    yield line[:place] + "\u00e9" + line[place + 1 :]


def test_the_export_verifies(world: World) -> None:
    """The untouched export of 210 leaves is whole, by function and by command."""
    assert len(world.lines) == COUNT + 3
    assert verify(world.lines, KEY).outcome is Outcome.WHOLE
    done = run_audit("verify", world.export, "--key", KEY.vkey, "--since", world.older_note)
    assert done.returncode == 0
    assert last_line(done) == (
        f"The record is whole: {COUNT + 1} entries, unchanged, in order and none missing, as signed by "
        f"{ORIGIN}. It begins with the 100 entries of the checkpoint that you kept."
    )
    assert stat.S_IMODE(world.export.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", range(SHARES))
def test_every_field_edit_is_caught(world: World, number: int) -> None:
    """Each field of each leaf, changed to another fitting value; one removed, one added."""
    lines, draw, tried = world.lines, random.Random(number), 0
    for row in share(list(range(1, len(lines) - 1)), number):
        found = json.loads(lines[row])
        for text in field_edits(found["leaf"], draw):
            assert is_broken([*lines[:row], leaf_line(found["i"], text), *lines[row + 1 :]]), text
            tried += 1
    assert tried > 9 * COUNT // SHARES


@pytest.mark.parametrize("number", range(SHARES))
def test_every_byte_edit_is_caught(world: World, number: int) -> None:
    """One byte of each class in every line, header and checkpoint included."""
    lines, draw = world.lines, random.Random(number)
    for row in share(list(range(len(lines))), number):
        for line in byte_edits(lines[row], draw):
            if line != lines[row]:
                assert is_broken([*lines[:row], line, *lines[row + 1 :]]), line


def renumbered(lines: list[str]) -> list[str]:
    """The same with the entries numbered anew and the header's counts made to fit, as a forger would."""
    body = [leaf_line(index, json.loads(line)["leaf"]) for index, line in enumerate(lines[1:-1])]
    header = {**json.loads(lines[0]), "count": len(body)}
    return [json.dumps(header, sort_keys=True, separators=(",", ":")) + "\n", *body, lines[-1]]


@pytest.mark.parametrize("number", range(2))
def test_every_deletion_is_caught(world: World, number: int) -> None:
    """Any line left out, plainly or with everything after it renumbered."""
    lines = world.lines
    for row in range(number, len(lines), 2):
        shorter = [*lines[:row], *lines[row + 1 :]]
        assert is_broken(shorter)
        if 0 < row < len(lines) - 1:
            assert is_broken(renumbered(shorter))


def test_every_swap_is_caught(world: World) -> None:
    """Neighbours and 210 random pairs, plainly or renumbered."""
    lines, draw = world.lines, random.Random(7)
    rows = range(1, len(lines) - 1)
    for one, other in [*pairwise(rows), *(sorted(draw.sample(rows, 2)) for _ in range(COUNT + 1))]:
        swapped = list(lines)
        swapped[one], swapped[other] = lines[other], lines[one]
        assert is_broken(renumbered(swapped) if draw.random() < 0.5 else swapped)


def test_every_tail_cut_is_caught(world: World) -> None:
    """Cut anywhere: without the checkpoint, with it put back, and with the header made to fit."""
    lines = world.lines
    for end in range(len(lines) - 1):
        assert is_broken(lines[:end])
        if end:
            assert is_broken([*lines[:end], lines[-1]])
            assert is_broken(renumbered([*lines[:end], lines[-1]]))


def test_a_cut_to_an_older_signed_state_is_caught_by_the_kept_checkpoint(world: World, tmp_path: Path) -> None:
    """The one cut that is an honest older export: with --since it is caught."""
    older = world.older_note.read_text(encoding="utf-8")
    header = json.dumps(
        {**json.loads(world.lines[0]), "count": 100, "size": 100}, sort_keys=True, separators=(",", ":")
    )
    note = json.dumps({"note": older}, ensure_ascii=False, separators=(",", ":"))
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join([header + "\n", *world.lines[1:101], note + "\n"]), encoding="utf-8")
    kept = tmp_path / "kept.note"
    done = run_audit("verify", world.export, "--key", KEY.vkey, "--keep", kept)
    assert (done.returncode, "none missing" in last_line(done)) == (0, True)
    assert run_audit("verify", cut, "--key", KEY.vkey).returncode == 0
    done = run_audit("verify", cut, "--key", KEY.vkey, "--since", kept)
    assert done.returncode == 1
    assert "you kept a checkpoint of 210 entries, this one has 100: it was cut" in last_line(done)


COMMAND_EDITS = {
    "edit": lambda lines: [*lines[:50], lines[50].replace("staff", "stafg"), *lines[51:]],
    "delete": lambda lines: [*lines[:50], *lines[51:]],
    "swap": lambda lines: [*lines[:50], lines[51], lines[50], *lines[52:]],
    "tail cut": lambda lines: lines[:150],
    "carriage return": lambda lines: [*lines[:50], lines[50].replace("\n", "\r\n"), *lines[51:]],
}


@pytest.mark.parametrize("edit", COMMAND_EDITS.values(), ids=COMMAND_EDITS.keys())
def test_the_command_catches_it_too(world: World, tmp_path: Path, edit: Any) -> None:
    """Exit code 1, the problems, and one plain sentence at the end."""
    changed = tmp_path / "changed.jsonl"
    changed.write_text("".join(edit(world.lines)), encoding="utf-8", newline="")
    done = run_audit("verify", changed, "--key", KEY.vkey)
    assert done.returncode == 1
    assert last_line(done).startswith("This does NOT verify: ")
    assert "Traceback" not in done.stderr


def test_a_filtered_export_is_a_part(world: World) -> None:
    """It fails unless a part is expected, says that it is one, and never says that nothing is missing."""
    plain = run_audit("verify", world.part, "--key", KEY.vkey)
    expected = run_audit("verify", world.part, "--key", KEY.vkey, "--part")
    assert (plain.returncode, expected.returncode) == (1, 0)
    for done in (plain, expected):
        assert last_line(done).startswith(f"This is only part of the record: 42 of {COUNT} entries")
    rules = run_audit("verify", world.part, "--key", KEY.vkey, "--part", "--rules")
    assert (rules.returncode, "over a whole record only" in last_line(rules)) == (1, True)


def test_rules_are_replayed(world: World) -> None:
    """The made-up record has accesses without conditions: they are listed, and the exit code says so."""
    done = run_audit("verify", world.export, "--key", KEY.vkey, "--rules")
    assert done.returncode == 1
    assert "The record is whole" in last_line(done)
    assert "But 42 accesses happened without their conditions." in last_line(done)
    assert done.stdout.count("view.opened of message") == 42


@pytest.mark.parametrize(
    "words",
    [("missing.jsonl", "--key", KEY.vkey), (".", "--key", KEY.vkey), (sys.executable, "--key", KEY.vkey),
     ("{export}", "--key", "typed+wrong+key"), ("{export}", "--key", KEY.vkey, "--since", "{export}"),
     ("{export}",)],
    ids=["no file", "a folder", "not text", "a mistyped key", "no checkpoint", "no key"],
)  # fmt: skip
def test_what_cannot_be_checked_is_exit_2(world: World, words: tuple[str, ...]) -> None:
    """A sentence on stderr, no verdict, no traceback."""
    done = run_audit("verify", *(word.format(export=world.export) for word in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_exports_are_recorded_and_overwrite_nothing(world: World, tmp_path: Path) -> None:
    """The first export stands in the second; an existing file, a wrong filter, no database are sentences."""
    assert '\\"act\\":\\"record.exported\\"' in world.lines[-2]
    assert f'\\"case\\":\\"{CASES[1]}\\"' in world.lines[-2]
    before = world.export.read_bytes()
    assert run_audit("export", world.export, url=world.url).returncode == 2
    assert world.export.read_bytes() == before
    for words, url in ((("--act", "opened"), world.url), ((), None), ((), "postgresql://x@127.0.0.1:1/x")):
        target = tmp_path / "new.jsonl"
        done = run_audit("export", target, *words, url=url)
        assert (done.returncode, target.exists(), "Traceback" in done.stderr) == (2, False, False), done.stderr


def test_verify_needs_nothing_of_the_service(world: World) -> None:
    """With database and web code made impossible to import, it verifies all the same."""
    blocked = ["sqlalchemy", "aiohttp", "psycopg", "alembic", "procrastinate", "minio", "jinja2"]
    blocked += ["exchange.store", "exchange.steps", "exchange.web", "exchange.settings", "media"]
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        "from exchange.cli_audit import app\n"
        f"app(['verify', {str(world.export)!r}, '--key', {KEY.vkey!r}, '--rules'])\n"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=world.export.parent,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.stderr == ""
    assert last_line(done).startswith("The record is whole: 210 entries")
