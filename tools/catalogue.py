"""Keeps the catalogues of the pages: `python tools/catalogue.py update | check | missing`.

update   collects every sentence and merges it into each language; nothing translated is lost
check    1 if a catalogue lacks a sentence of the code, or a translation loses one of its %(places)s
missing  prints what is not translated yet

Sentences come from templates and `N_`/`gettext` calls below exchange/web, from the docstrings of the error
tree, from `raise SomeError("…")`, from the checklist, from the reasons why a file was not taken, from
what may be wrong with a table of cases.
"""

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WEB = ROOT / "exchange" / "web"
LOCALE = WEB / "locale"
BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
HEADERS = {
    "en": "# English as written in the code: every translation is empty on purpose.\n#",
    "cy": "# Cyfieithiad drafft. A first draft in Welsh; not yet checked by a translator.\n#",
}


def main(command: str) -> int:
    """Run one command; 0, 1 (something is missing) or 2 (no such command)."""
    commands = {"update": update, "check": check, "missing": missing}
    if command not in commands:
        print(__doc__)
        return 2
    return commands[command]()


def template() -> Catalog:
    """Every sentence of the code."""
    from exchange.core import case_table, checklist, errors  # noqa: PLC0415  # after the path is set
    from exchange.steps.rejections import SENTENCES  # noqa: PLC0415

    found = Catalog(project="exchange", fuzzy=False)
    with (LOCALE / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    for name, _line, ids, comments, _context in extract_from_dir(WEB, methods, options, KEYWORDS, ()):
        found.add(ids, locations=[(name, 0)], auto_comments=comments)
    for error in _tree(errors.ExchangeError):
        found.add(error.sentence(), locations=[("exchange/core/errors.py", 0)])
    for line in checklist.REASONS.values():
        for text in (line.sentence, line.who):
            found.add(text, locations=[("exchange/core/checklist.py", 0)])
    for text in SENTENCES.values():
        found.add(text, locations=[("exchange/steps/rejections.py", 0)])
    for text in case_table.SENTENCES.values():
        found.add(text, locations=[("exchange/core/case_table.py", 0)])
    # a wrong setting is told at the terminal, in English
    names = {error.__name__ for error in _tree(errors.ExchangeError)} - {"WrongSetting"}
    for path in sorted((ROOT / "exchange").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        in_forms = "/web/" in where and "/frame/" not in where
        for text in _raised(path, names | {"ValueError"} if in_forms else names):
            found.add(text, locations=[(where, 0)])
    return found


def update() -> int:
    """Merge what the code says into the catalogue of each language."""
    wanted = template()
    for code, header in HEADERS.items():
        catalogue = _read(code)
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.header_comment = header
        catalogue.obsolete.clear()
        catalogue.project, catalogue.fuzzy = "exchange", False
        catalogue.creation_date = catalogue.revision_date = BEGAN  # a date of the day only makes conflicts
        _path(code).parent.mkdir(parents=True, exist_ok=True)
        with _path(code).open("wb") as out:
            write_po(out, catalogue, width=100, sort_by_file=True, omit_header=False, include_lineno=False)
        print(f"{code}: {len(catalogue)} sentences, {len(_untranslated(catalogue))} not translated")
    return 0


def check() -> int:
    """Refuse a catalogue that lags behind the code or a translation that loses a place."""
    wanted = {message.id for message in template() if message.id}
    wrong = 0
    for code in HEADERS:
        catalogue = _read(code)
        lacking = wanted - {message.id for message in catalogue}
        for text in sorted(map(str, lacking)):
            print(f"{code}: not in the catalogue, run `python tools/catalogue.py update`: {text}")
        broken = [(m.id, errors) for m, errors in catalogue.check() if errors]
        for text, errors in broken:
            print(f"{code}: {text}: {errors[0]}")
        wrong += len(lacking) + len(broken)
    return 1 if wrong else 0


def missing() -> int:
    """Print what has no Welsh yet."""
    found = _untranslated(_read("cy"))
    for message in found:
        print(message.id)
    print(f"{len(found)} sentences have no translation")
    return 0


def _tree(error: type) -> Iterator[type]:
    yield error
    for child in error.__subclasses__():
        yield from _tree(child)


def _raised(path: Path, names: set[str]) -> Iterator[str]:
    """First arguments of `raise Name("…")` that are plain strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            called, first = node.exc.func, node.exc.args[0]
            named = isinstance(called, ast.Name) and called.id in names
            if named and isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
                yield first.value


def _untranslated(catalogue: Catalog) -> list[Message]:
    return [m for m in catalogue if m.id and not (all(m.string) if m.pluralizable else m.string)]


def _read(code: str) -> Catalog:
    if not _path(code).exists():
        return Catalog(locale=code, fuzzy=False)
    with _path(code).open("rb") as source:
        return read_po(source, locale=code)


def _path(code: str) -> Path:
    return LOCALE / code / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
