"""What a Word document holds and does not show: to leave it out of pages and text (ECMA-376 part 1, 17.3.2, 17.7).

Hidden is: `vanish` on a run or by its styles, rows that are hidden or deleted, white words on no other ground, and
words of a point or two that nobody can read. Where a ground might be dark (shading, highlight, a table style, a page
background), white words are words.
"""

from typing import Any

from docx.oxml.ns import qn

_OFF = {"0", "false", "off"}
_WHITE = {"FFFFFF", "FEFEFE"}
SMALLEST = 4  # half-points
_GROUNDS = [qn(name) for name in ("w:shd", "w:highlight", "w:tblStyle")]


class Hidden:
    """Asked of one document; styles are read once."""

    def __init__(self, document: Any, styles: Any) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in styles.iter(qn("w:style"))}
        defaults = styles.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
        self._always = bool(_vanishes(defaults))
        self._coloured = document.find(qn("w:background")) is not None

    def run(self, run: Any) -> bool:
        """Whether nobody sees this run."""
        own = run.find(qn("w:rPr"))
        said = _vanishes(own)
        if said is None:
            said = self._always or self._by_styles(run, own)
        return said or _tiny(own) or (_white(own) and not self._coloured and not _has_ground(run))

    def _by_styles(self, run: Any, own: Any) -> bool:
        """17.7.3: a toggle that paragraph and character style both set is off again."""
        paragraph = next(run.iterancestors(qn("w:p")), None)
        found = self._style(paragraph, "w:pPr", "w:pStyle"), self._style_of(own, "w:rStyle")
        return found[0] is not found[1]

    def _style(self, element: Any, properties: str, name: str) -> bool:
        return self._style_of(element.find(qn(properties)) if element is not None else None, name)

    def _style_of(self, properties: Any, name: str) -> bool:
        """Whether the style, or the first above it that says anything, hides."""
        named = properties.find(qn(name)) if properties is not None else None
        style = self._styles.get(named.get(qn("w:val"))) if named is not None else None
        for _ in range(20):
            if style is None:
                break
            if (said := _vanishes(style.find(qn("w:rPr")))) is not None:
                return said
            above = style.find(qn("w:basedOn"))
            style = self._styles.get(above.get(qn("w:val"))) if above is not None else None
        return False


def row(element: Any) -> bool:
    """Whether a table's row is hidden, or deleted in tracked changes (17.4.20, 17.13.5.12)."""
    properties = element.find(qn("w:trPr"))
    return properties is not None and (_on(properties, "w:hidden") or properties.find(qn("w:del")) is not None)


def _on(properties: Any, name: str) -> bool:
    found = properties.find(qn(name))
    return found is not None and (found.get(qn("w:val")) or "1").lower() not in _OFF


def _vanishes(properties: Any) -> bool | None:
    """What these properties say about it; None if nothing."""
    if properties is None or properties.find(qn("w:vanish")) is None:
        return None
    return _on(properties, "w:vanish")


def _tiny(properties: Any) -> bool:
    size = properties.find(qn("w:sz")) if properties is not None else None
    value = (size.get(qn("w:val")) or "") if size is not None else ""
    return value.isdecimal() and int(value) <= SMALLEST


def _white(properties: Any) -> bool:
    colour = properties.find(qn("w:color")) if properties is not None else None
    return colour is not None and (colour.get(qn("w:val")) or "").upper() in _WHITE


def _has_ground(run: Any) -> bool:
    """Whether the run, its paragraph, cell or table has anything behind the words."""
    if any(found is not None for name in _GROUNDS for found in [next(run.iter(name), None)]):
        return True
    around = (child for parent in run.iterancestors() for child in parent if child.tag in _PROPERTIES)
    return any(next(child.iter(name), None) is not None for child in around for name in _GROUNDS)


_PROPERTIES = {qn(name) for name in ("w:pPr", "w:tcPr", "w:trPr", "w:tblPr")}
