"""Forms: an urlencoded body becomes a frozen pydantic model, or the errors with which to show it again.

    class NewCase(Form):
        reference: str = Field(max_length=20)
        sentences: ClassVar = {"reference": N_("Enter a reference, such as RJ-0042")}

    form = await parse(request, NewCase)
    if isinstance(form, ErrorSummary):
        return render(request, "console/new_case.html", {"form": form}, status=422)

A date is asked as `name-day`, `name-month`, `name-year`. Unknown and repeated fields are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from exchange.core.errors import BadInput, TooLarge
from exchange.web.frame.i18n import N_, gettext
from exchange.web.frame.state import FORM

URLENCODED = "application/x-www-form-urlencoded"
MAX_FIELDS = 300
TYPICAL = {
    "missing": N_("Answer this question"),
    "string_too_long": N_("This is too long"),
    "string_too_short": N_("Write a little more"),
    "enum": N_("Choose one of the answers"),
    "literal_error": N_("Choose one of the answers"),
    "extra_forbidden": N_("This form was changed in the meantime. Go back and reload the page."),
    "date_from_datetime_parsing": N_("Enter a real date, such as 27 3 2026"),
    "date_parsing": N_("Enter a real date, such as 27 3 2026"),
    "int_parsing": N_("Enter a whole number"),
}


class Form(BaseModel):
    """Base of every form. `sentences` says, per field, what to tell people when it is wrong."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)
    sentences: ClassVar[Mapping[str, str]] = {}


FormT = TypeVar("FormT", bound=Form)
Verbatim = Annotated[str, StringConstraints(strip_whitespace=False)]
"""What counts to its last character, as passwords do: blanks at the ends stay (ASVS 6.2.8)."""


@dataclass
class ErrorSummary:
    """What was entered and what is wrong with it; also the empty state of a form (`blank`).

    Templates use `form.value(name)`, `form.values(name)`, `form.error(name)`; the layout shows the summary.
    """

    entered: dict[str, list[str]] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)

    def value(self, name: str, default: str = "") -> str:
        """The one value of a field."""
        return (self.entered.get(name) or [default])[0]

    def values(self, name: str) -> list[str]:
        """All values of a field with several answers."""
        return self.entered.get(name, [])

    def error(self, name: str) -> dict[str, str] | None:
        """The first error of a field as GOV.UK macros take it, with the word that is read before it."""
        hidden = {"visuallyHiddenText": gettext("Error")}
        return next(({"text": gettext(text), **hidden} for at, text in self.errors if at == name), None)

    def items(self) -> list[dict[str, str]]:
        """The lines of the error summary, each linked to its field."""
        return [{"text": gettext(text), "href": f"#{at or 'main-content'}"} for at, text in self.errors]

    def add(self, name: str, sentence: str) -> "ErrorSummary":
        """One more error at a field; an empty name means the whole form."""
        self.errors.append((name, sentence))
        return self


def blank(**values: Any) -> ErrorSummary:
    """A form without errors, filled with `values` (None is left empty, lists are several answers)."""
    given = {k: v for k, v in values.items() if v is not None}
    return ErrorSummary({k: [str(x) for x in v] if isinstance(v, list | tuple) else [str(v)]
                         for k, v in given.items()})  # fmt: skip


async def form_of(request: web.Request, max_body: int = 1024 * 1024) -> MultiDict[str]:
    """The urlencoded body, read once and capped. Raises TooLarge or BadInput."""
    if FORM not in request:
        if (request.content_length or 0) > max_body:
            raise TooLarge
        if request.content_type != URLENCODED:
            request[FORM] = MultiDict()
        else:
            request[FORM] = _fields(await _read(request, max_body))
    return request[FORM]


async def parse(request: web.Request, model: type[FormT]) -> FormT | ErrorSummary:
    """The form of this request as `model`, or what is wrong with it."""
    untrusted = await form_of(request)
    entered = {k: untrusted.getall(k) for k in untrusted if k != "csrf"}
    given, doubled = _given(entered, model)
    summary = ErrorSummary(entered, [(name, "Choose one of the answers") for name in doubled])
    try:
        made = model.model_validate(given)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            name = str(problem["loc"][0]) if problem["loc"] else ""
            summary.add(_anchor(name, model), _sentence(name, dict(problem), model))
        return summary
    return summary if doubled else made


async def entered(request: web.Request, error: BadInput, at: str = "") -> ErrorSummary:
    """The form again, with the sentence of a refused step at `error.field` (or `at`)."""
    untrusted = await form_of(request)
    values = {k: untrusted.getall(k) for k in untrusted if k != "csrf"}
    return ErrorSummary(values).add(error.field or at, str(error))


async def _read(request: web.Request, max_body: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > max_body:
            raise TooLarge
    return bytes(body)


def _fields(untrusted: bytes) -> MultiDict[str]:
    try:
        text = untrusted.decode("utf-8")
        pairs = parse_qsl(text, True, max_num_fields=MAX_FIELDS, encoding="utf-8", errors="strict")
    except ValueError as error:
        raise BadInput from error
    if any("\0" in part for pair in pairs for part in pair):
        raise BadInput
    return MultiDict((name, value.replace("\r\n", "\n")) for name, value in pairs)


def _given(entered: dict[str, list[str]], model: type[Form]) -> tuple[dict[str, Any], list[str]]:
    """Model input: lists stay lists, single answers are unpacked, empty ones left out, dates put together."""
    given: dict[str, Any] = {}
    doubled: list[str] = []
    rest = dict(entered)
    for name, info in model.model_fields.items():
        if date in _types(info.annotation):
            parts = [(rest.pop(f"{name}-{p}", [""])[0]).strip() for p in ("year", "month", "day")]
            if any(parts):
                given[name] = "-".join(p.zfill(2) for p in parts)
    for name, values in rest.items():
        several = name in model.model_fields and _is_several(model.model_fields[name].annotation)
        filled = [v for v in values if v.strip()]
        if several:
            given[name] = filled
        elif filled or name not in model.model_fields:
            given[name] = filled[0] if filled else ""
            doubled += [name] if len(values) > 1 else []
    return given, doubled


def _types(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _is_several(annotation: Any) -> bool:
    several = (list, tuple, set, frozenset)
    return any((get_origin(kind) or kind) in several for kind in _types(annotation))


def _anchor(name: str, model: type[Form]) -> str:
    info = model.model_fields.get(name)
    return f"{name}-day" if info and date in _types(info.annotation) else name


def _sentence(name: str, problem: dict[str, Any], model: type[Form]) -> str:
    """Most exact first: the field's sentence for this kind of error, a validator's words, the field's own."""
    kind = problem["type"]
    for key in (f"{name}:{kind}", *([] if kind == "value_error" else [name])):
        if key in model.sentences:
            return model.sentences[key]
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    return TYPICAL.get(kind, TYPICAL["missing"])
