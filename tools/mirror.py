"""A style sheet for pages that are read from right to left: every left becomes right and the other way round.

For the one that comes from npm, which names sides; ours (`site.css`) say start and end and need no second file.
"""

import re

SIDES = ("margin", "padding", "border", "scroll-margin", "scroll-padding")
DECLARATION = re.compile(r"(?<=[{;])(\s*)([a-z-]+)(\s*:\s*)([^;{}]+)")
WORD = re.compile(r"\b(left|right)\b")
TURN = re.compile(r"\b(rotate|translateX|skewX)\((-?)(?=[\d.])")
FOUR = {"margin", "padding", "border-width", "border-color", "border-style", "inset", "scroll-margin"}
OTHER = {"left": "right", "right": "left"}
BY_VALUE = {"text-align", "float", "clear", "background-position", "transform-origin"}


def mirrored(css: str) -> str:
    """The same style sheet for the other direction. `css` has one declaration after the other, as minified ones do."""
    return DECLARATION.sub(_declaration, css)


def _declaration(found: re.Match[str]) -> str:
    space, name, colon, value = found.groups()
    if name in OTHER or name.startswith(SIDES):
        name = WORD.sub(lambda side: OTHER[side[1]], name)
    if name in BY_VALUE:
        value = WORD.sub(lambda side: OTHER[side[1]], value)
    elif name == "transform":
        value = TURN.sub(lambda turn: f"{turn[1]}({'' if turn[2] else '-'}", value)
    elif name in FOUR:
        value = _four(value)
    elif name == "border-radius":
        value = _corners(value)
    return f"{space}{name}{colon}{value}"


def _four(value: str) -> str:
    """Top, right, bottom, left: the second and the last change places."""
    parts = re.findall(r"(?:[^\s(]+\([^)]*\)|[^\s(]+)+", value)
    return " ".join([parts[0], parts[3], parts[2], parts[1], *parts[4:]]) if len(parts) >= 4 else value


def _corners(value: str) -> str:
    parts = value.split()
    return " ".join([parts[1], parts[0], parts[3], parts[2]]) if len(parts) == 4 and "/" not in parts else value
