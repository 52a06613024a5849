"""Who made a translation, and whether somebody checked it: beside it on every page and sheet that shows it."""

from collections.abc import Callable, Mapping
from typing import Any

from exchange.web.frame import N_, gettext

MADE: dict[tuple[str, bool], str] = {
    ("person", False): N_("A person made this translation. Nobody else has checked it."),
    ("person", True): N_("A person made this translation, and another one checked it."),
    ("machine", False): N_("A machine made this translation. Nobody has checked it: it can be wrong."),
    ("machine", True): N_("A machine made this translation, and a person checked it."),
}


def told(facts: Mapping[str, Any], say: Callable[[str], str] = gettext) -> str:
    """The sentence for a text part's facts; "" for what is no translation or does not say who made it."""
    sentence = MADE.get((str(facts.get("made_by", "")), bool(facts.get("checked"))))
    return say(sentence) if sentence else ""
