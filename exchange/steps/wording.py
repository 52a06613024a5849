"""The texts people agree to, and those of notices, each with an id that is kept (rule 5; files in `wording/`).

Both languages hold the same ids, so an id says which text was agreed to and the consent says in which
language it was shown.
"""

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from exchange.core.errors import NotFound
from exchange.core.model import ConsentKind

LANGUAGES = ("en", "cy")


@dataclass(frozen=True)
class Wording:
    """One text: its id, its language, and its paragraphs."""

    id: str
    language: str
    paragraphs: tuple[str, ...]


def current(kind: ConsentKind | str, language: str = "en") -> Wording:
    """The text in use for a consent, or for "privacy" (shown before writing and before consent)."""
    return wording(_file(_known(language))["current"][str(kind)], language)


def notices(language: str = "en") -> list[Wording]:
    """The short neutral texts of which a person chooses one for notices; `{phone}` stands for the service's number."""
    return [wording(one, language) for one in _file("en")["notices"]["current"]]


def ground_rules(language: str) -> tuple[str, ...]:
    """The house's own ground rules of an exchange in a language, to begin from."""
    return tuple(_file(_known(language))["ground_rules"]["template"].strip().splitlines())


def wording(wording_id: str, language: str = "en") -> Wording:
    """The text of an id, in English where the language has none. `NotFound` for an unknown id."""
    for tried in (_known(language), "en"):
        found = _file(tried)["texts"].get(wording_id)
        if found is not None:
            return Wording(wording_id, tried, tuple(found.strip().splitlines()))
    raise NotFound


@functools.cache
def floor(kind: ConsentKind) -> dict[str, tuple[str, ...]]:
    """What every wording of this consent says, in each language, whoever wrote it (`wording/floors.toml`)."""
    text = files("exchange").joinpath("wording", "floors.toml").read_text(encoding="utf-8")
    return {language: tuple(tomllib.loads(text)[kind.value][language]) for language in LANGUAGES}


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"


@functools.cache
def _file(language: str) -> dict[str, Any]:
    return tomllib.loads(files("exchange").joinpath("wording", f"{language}.toml").read_text(encoding="utf-8"))
