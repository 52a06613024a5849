"""One pattern for the whole text of a leaf in RFC 8785 form, made from the table in core/leaf.py.

It is there for speed: a checker of millions of leaves asks it first, and reads as JSON only what it does not know. It
takes a subset of what `leaf.check` takes (a test shows it): keys in order and once, no number above 10¹⁵.
"""

import re

from exchange.core.leaf import ACTOR, FIELDS, LONGEST_LIST, VERSION, Shape

_NUMBER = "(?:0|[1-9][0-9]{0,14})"
_FLAG = "(?:true|false)"


def _one(shapes: tuple[Shape, ...]) -> str:
    """Any value of these shapes."""
    found = []
    for shape in shapes:
        if isinstance(shape, re.Pattern):
            found.append(f'"(?:{shape.pattern})"')
        else:
            found.append(_FLAG if shape is bool else _NUMBER)
    return f"(?:{'|'.join(found)})"


def _several(shapes: tuple[Shape, ...]) -> str:
    """One value, or a list of such."""
    one = _one(shapes)
    return rf"(?:{one}|\[\]|\[{one}(?:,{one}){{0,{LONGEST_LIST - 1}}}\])"


def _actor() -> str:
    who, kind, role = (_one(ACTOR[name]) for name in ("id", "kind", "role"))
    named = rf'\{{"id":{who},"kind":{kind}(?:,"role":{role})?\}}'
    return rf'(?:{named}|\{{"kind":"system"(?:,"role":{role})?\}})'


def _field(name: str) -> str:
    match name:
        case "act":
            return f'"act":{_one(FIELDS["act"])}'
        case "actor":
            return f',"actor":{_actor()}'
        case "at":
            return f',"at":"({FIELDS["at"][0].pattern})"'  # type: ignore[union-attr]  # it is a pattern
        case "v":
            return f',"v":{VERSION}'
    return f'(?:,"{name}":{_several(FIELDS[name])})?'


_TEXT = r"\{" + "".join(_field(name) for name in sorted({*FIELDS, "actor", "v"})) + r"\}"
_LEAF = re.compile(_TEXT)
# inside a JSON string nothing of a leaf is written otherwise but its quotes
_LINE = re.compile(r'\{"i":(0|[1-9][0-9]{0,14}),"leaf":"(' + _TEXT.replace('"', r"\\\"") + r')"\}\n')


def in_line(untrusted_line: str) -> tuple[int, bytes, str] | None:
    """Number, bytes and time of the leaf on the canonical line of a complete export; None for any other line."""
    found = _LINE.fullmatch(untrusted_line)
    # what matched has backslashes before quotes only
    return (int(found[1]), found[2].encode().translate(None, b"\\"), found[3]) if found else None


def time_of(untrusted_text: str) -> str | None:
    """The time ("at") of a leaf whose whole text is of the known form, None for any other text."""
    found = _LEAF.fullmatch(untrusted_text)
    return found[1] if found else None
