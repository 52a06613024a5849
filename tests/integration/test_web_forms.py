"""Forms: from pairs to a model or to errors that link to their fields."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import MultiDict
from pydantic import Field, field_validator

from exchange.core.errors import BadInput
from exchange.web.frame import forms
from exchange.web.frame.headers import content_security_policy, permissions_policy
from exchange.web.frame.rendering import own_path
from exchange.web.frame.state import FORM


class Kind(StrEnum):
    """Two answers."""

    LETTER = "letter"
    AUDIO = "audio"


class Example(forms.Form):
    """One field of each sort."""

    reference: str = Field(max_length=8)
    kind: Kind
    ticks: list[Kind] = Field(default_factory=list)
    meets: date | None = None
    sure: Literal["yes"] | None = None
    sentences: ClassVar = {"reference": "Enter a reference", "reference:string_too_long": "Shorter, please"}

    @field_validator("reference")
    @classmethod
    def _not_taken(cls, value: str) -> str:
        if value == "RJ-TAKEN":
            raise ValueError("This reference is taken.")
        return value


def sent(*pairs: tuple[str, str]) -> web.Request:
    """A request whose form was read."""
    request = make_mocked_request("POST", "/")
    request[FORM] = MultiDict(pairs)
    return request


GOOD = (("csrf", "x"), ("reference", " RJ-1 "), ("kind", "letter"))


async def test_a_good_form_becomes_a_model() -> None:
    """Stripped, typed, dates put together, several answers kept."""
    day = (("meets-day", "3"), ("meets-month", "3"), ("meets-year", "2026"))
    form = await forms.parse(sent(*GOOD, *day, ("ticks", "letter"), ("ticks", "audio")), Example)
    assert form == Example(reference="RJ-1", kind=Kind.LETTER, ticks=[Kind.LETTER, Kind.AUDIO], meets=date(2026, 3, 3))


@pytest.mark.parametrize(
    ("pairs", "field", "sentence"),
    [
        ((("kind", "letter"),), "reference", "Enter a reference"),
        ((("kind", "letter"), ("reference", "x" * 9)), "reference", "Shorter, please"),
        ((("kind", "letter"), ("reference", "RJ-TAKEN")), "reference", "This reference is taken."),
        ((("kind", "song"), ("reference", "x")), "kind", "Choose one of the answers"),
        (
            (*GOOD, ("meets-day", "31"), ("meets-month", "2")),
            "meets-day",
            "Enter a real date, such as 27 3 2026",
        ),
        ((*GOOD, ("role", "admin")), "role", forms.TYPICAL["extra_forbidden"]),
        ((*GOOD, ("reference", "again")), "reference", "Choose one of the answers"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    pairs: tuple[tuple[str, str], ...], field: str, sentence: str
) -> None:
    """One error, linked, with what was entered kept."""
    form = await forms.parse(sent(*pairs), Example)
    assert isinstance(form, forms.ErrorSummary)
    assert form.items() == [{"text": sentence, "href": f"#{field}"}]
    assert "csrf" not in form.entered


@pytest.mark.parametrize("body", [b"a=%FF", b"a=%00", b"&".join([b"a=1"] * 400), b"\xff=1"])
def test_hostile_bodies_are_refused(body: bytes) -> None:
    """Not text, a null byte, too many fields."""
    with pytest.raises(BadInput):
        forms._fields(body)


def test_blank_forms_hold_values_without_errors() -> None:
    """For the first showing."""
    form = forms.blank(kind=Kind.AUDIO, ticks=["letter"], nothing=None)
    assert (form.value("kind"), form.values("ticks"), form.value("nothing")) == ("audio", ["letter"], "")
    assert form.error("kind") is None


@pytest.mark.parametrize("path", ["//a.example", "https://a.example", "/\\a", "/a\nb", "", "a", "/\t/a"])
def test_redirects_stay_on_this_site(path: str) -> None:
    """No open redirect."""
    with pytest.raises(ValueError, match="not a path"):
        own_path(path)


def test_policies() -> None:
    """Nothing unsafe; a feature is either denied or allowed, never both."""
    assert "unsafe" not in content_security_policy("n")
    opened: Any = permissions_policy(("camera",))
    assert "camera=(self)" in opened
    assert "camera=()" not in opened
    assert "microphone=()" in opened
