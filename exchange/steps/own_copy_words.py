"""The fixed words of a copy of what is held about one person, in their language (files in `wording/`)."""

import functools
import tomllib
from importlib.resources import files

from exchange.core.own_copy import Said
from exchange.steps.wording import LANGUAGES


@functools.cache
def said(language: str) -> Said:
    """The words in this language, in English where there are none."""
    known = language if language in LANGUAGES else "en"
    found = tomllib.loads(files("exchange").joinpath("wording", f"own-copy-{known}.toml").read_text(encoding="utf-8"))
    return Said(known, found["labels"], found["words"], found["text"])
