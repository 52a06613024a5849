"""A translation that is handed over alone: its author wants that the original stays out.

It is a fact of each part of the original in the version's manifest, so the digest covers it, and whoever approves that
digest or agrees to it approves and agrees to just that. Everything that is no translation is the original's: closed by
default, for a transcript or captions say the same words.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from exchange.core.model import Kind

LEFT_OUT = "left_out"


def is_translation(name: str) -> bool:
    """Whether a part of this name is one."""
    return name.startswith("translation-")


def is_left_out(facts: Mapping[str, Any]) -> bool:
    """Whether a part with these facts is handed to nobody."""
    return facts.get(LEFT_OUT, False) is not False


def is_alone(parts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether of a version, by the facts of its parts, only the translation is handed over."""
    return any(is_left_out(facts) for facts in parts)


def kind_told(kind: Kind, *, alone: bool) -> Kind:
    """What the recipient is told that it is: a translation alone is in writing."""
    return Kind.LETTER if alone else kind


def told(name: str, facts: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    """The facts of a part in a version whose translation is handed over `alone`, or not."""
    kept = {word: value for word, value in facts.items() if word != LEFT_OUT}
    return {**kept, LEFT_OUT: True} if alone and not is_translation(name) else kept
