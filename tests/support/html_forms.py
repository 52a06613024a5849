"""Forms and links of a page, as somebody reads them who has only its HTML: a scanner, or a colleague's replay."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class FoundForm:
    """One form: where it goes, and a value for each field (the first answer of several, "x" for a text)."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects forms, links and what else a page makes a client fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what this tag sends, leads to or loads."""
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(FoundForm(told.get("action", ""), told.get("method", "get").upper()))
        elif tag == "a" and "href" in told:
            self.links.append(told["href"])
        elif tag in ("script", "img", "source", "video", "audio") and "src" in told:
            self.fetched.append(told["src"])
        elif tag == "link" and "href" in told:
            self.fetched.append(told["href"])
        elif self.forms and tag in ("input", "textarea", "button", "select", "option"):
            self._field(tag, told)

    def _field(self, tag: str, told: dict[str, str]) -> None:
        fields, name = self.forms[-1].fields, told.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and told.get("value"):
            fields.setdefault(self._select, told["value"])
        elif tag == "textarea" and name:
            fields.setdefault(name, "x")
        elif tag == "button" and name:
            fields.setdefault(name, told.get("value", ""))
        elif tag == "input" and name:
            fields.setdefault(name, told.get("value") or "x")


def read_page(text: str) -> tuple[list[FoundForm], list[str], list[str]]:
    """Its forms, the addresses of its links, and the addresses it loads by itself."""
    reader = _Reader()
    reader.feed(text)
    return reader.forms, reader.links, reader.fetched
