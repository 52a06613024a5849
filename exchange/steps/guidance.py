"""Guidance before writing (rule 9): the house's own words until the service writes its own, in each language.

One row of `service_setting` per language, changed by an administrator with a leaf that says which (never what). The
words are public: whoever has an invitation reads them. A language without words of its own shows the house's.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from exchange.core import access
from exchange.core.errors import BadInput
from exchange.core.model import Actor
from exchange.steps import settings
from exchange.steps.wording import LANGUAGES
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

MOST_LINES = 12
LONGEST_LINE = 300
LONGEST_PARAGRAPH = 1500


@dataclass(frozen=True)
class Guidance:
    """What helps, what can hurt (a line each), and who reads it and how long it takes."""

    helps: tuple[str, ...]
    hurts: tuple[str, ...]
    reads: str


async def read(service: Service, language: str) -> Guidance | None:
    """The service's own words in a language; None where it has none."""
    if language not in LANGUAGES:
        return None
    async with reading(service) as conn:
        found = await settings.row(conn, _name(language))
    return _from_plain(found.value) if found is not None else None


async def save(service: Service, actor: Actor, language: str, untrusted: Guidance) -> None:
    """Use these words from now on. BadInput names the field; nothing is then saved."""
    access.require_administrator(actor)
    words = checked(untrusted)
    async with unit_of_work(service, actor) as unit:
        await settings.put(unit, _name(language), _plain(words))
        unit.leaf("service.changed", kind=_name(language))


async def reset(service: Service, actor: Actor, language: str) -> None:
    """The house's own words again."""
    access.require_administrator(actor)
    async with unit_of_work(service, actor) as unit:
        await unit.change(delete(t.service_setting).where(t.service_setting.c.name == _name(language)))
        unit.leaf("service.changed", kind=_name(language))


def checked(untrusted: Guidance) -> Guidance:
    """Trimmed and within bounds; both lists say something, for that is what the rule asks."""
    return Guidance(
        _lines(untrusted.helps, "helps"), _lines(untrusted.hurts, "hurts"), _paragraph(untrusted.reads, "reads")
    )


def _lines(untrusted: tuple[str, ...], field: str) -> tuple[str, ...]:
    lines = tuple(" ".join(line.split()) for line in untrusted if line.strip())
    if not lines:
        raise BadInput("Write at least one line.", field=field)
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE or not line.isprintable() for line in lines):
        raise BadInput("This is too long. Short lines are read, long ones are not.", field=field)
    return lines


def _paragraph(untrusted: str, field: str) -> str:
    words = " ".join(untrusted.split())
    if not words:
        raise BadInput("Say who reads it, and how long it takes.", field=field)
    if len(words) > LONGEST_PARAGRAPH or not words.isprintable():
        raise BadInput("This is too long. Short lines are read, long ones are not.", field=field)
    return words


def _name(language: str) -> str:
    if language not in LANGUAGES:
        raise BadInput("Choose one of the languages of the service.", field="language")
    return f"guidance_{language}"


def _plain(words: Guidance) -> dict[str, Any]:
    return {"helps": list(words.helps), "hurts": list(words.hurts), "reads": words.reads}


def _from_plain(stored: dict[str, Any]) -> Guidance:
    return Guidance(tuple(stored["helps"]), tuple(stored["hurts"]), str(stored["reads"]))
