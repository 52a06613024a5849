"""Whatever the code writes into the record, the pages have words for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import exchange
from exchange.core.leaf import ACT, WORD
from exchange.core.model import (
    CASE_FACTS,
    PERSON_FACTS,
    ConsentKind,
    FactKind,
    Kind,
    Method,
    Purpose,
    ReleaseWay,
    Role,
    Side,
)
from exchange.core.waiting import TASKS
from exchange.steps.rejections import SENTENCES
from exchange.steps.settings import ServiceSettings
from exchange.web.console.acts import ACTS
from exchange.web.console.record_words import FACT_VALUES, TABLES

SOURCES = sorted(path for path in Path(exchange.__file__).parent.rglob("*.py") if "web" not in path.parts)


def written() -> set[str]:
    """Every act that a `unit.leaf(…)` of the code can write."""
    return {act for path in SOURCES for act in acts_of(ast.parse(path.read_text(encoding="utf-8")))}


def acts_of(tree: ast.Module) -> Iterator[str]:
    """Named in the call itself; or, where the call names a variable, every act that the file spells."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "leaf":
            act = call.args[0] if call.args else call
            if isinstance(act, ast.Name | ast.Subscript):
                yield from assigned(tree)
            else:
                yield from (found for part in branches(act) for found in spelled(part, tree))


def branches(act: ast.AST) -> list[ast.AST]:
    """Both sides of `a if b else c`."""
    return [act.body, act.orelse] if isinstance(act, ast.IfExp) else [act]


def spelled(act: ast.AST, tree: ast.Module) -> Iterator[str]:
    """A plain string, or an f-string whose place takes each word that the file gives to `act`."""
    if isinstance(act, ast.Constant):
        yield str(act.value)
    elif isinstance(act, ast.JoinedStr):
        ending = "".join(str(part.value) for part in act.values if isinstance(part, ast.Constant))
        yield from (word + ending for word in strings(tree, "act") if WORD.fullmatch(word))


def strings(tree: ast.Module, name: str) -> Iterator[str]:
    """The strings assigned to a variable."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield from (str(c.value) for c in ast.walk(node.value) if isinstance(c, ast.Constant))


def assigned(tree: ast.Module) -> Iterator[str]:
    """Acts that stand anywhere in a file whose leaf is chosen by a variable; sealed columns aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in SEALED:
            yield from [node.value] if ACT.fullmatch(node.value) else []


# contexts of sealed columns, spelled like acts in the same files
SEALED = {"early.key", "offer.content_note", "release.present", "review.reason", "review_note.text"}


def test_every_act_has_a_sentence() -> None:
    """An act without words fails here; so does a sentence for an act that nothing writes."""
    acts = written()
    assert {"review.returned", "preview.opened", "release.printed", "account.signed_in"} <= acts
    assert acts - set(ACTS) == set()
    assert set(ACTS) - acts == set()


def test_every_fixed_word_of_an_entry_has_words() -> None:
    """Kinds, purposes, ways, roles, outcomes, reasons, facts and their values."""
    wanted: dict[str, set[str]] = {
        "kind": {*Kind, *TASKS, *(name for name in vars(ServiceSettings()) if name != "demo"), "mail_password"},
        "purpose": set(Purpose),
        "way": set(ReleaseWay),
        "method": set(Method),
        "scope": {*ConsentKind, "complete", "filtered"},
        "role": {*Role, *Side, "lead", "co"},
        "fact": set(FactKind),
        "reason": {*SENTENCES, "revoked", "expired", "locked", "threat", "safeguarding"},
    }
    missing = {name: {str(w) for w in found} - {str(w) for w in TABLES[name]} for name, found in wanted.items()}
    assert {name: found for name, found in missing.items() if found} == {}
    for kind, values in {**CASE_FACTS, **PERSON_FACTS}.items():
        assert {str(value) for value in values} <= {str(word) for word in FACT_VALUES[kind]}
