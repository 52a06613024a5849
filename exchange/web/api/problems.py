"""Errors as RFC 9457 problem details: the model that documents them, and what each type means."""

from pydantic import Field

from exchange.core.errors import ExchangeError, NotFound
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer
from exchange.web.frame.problems import TITLES, type_name
from exchange.web.frame.routing import PUBLIC


class Reason(Answer):
    """One thing that is still needed before this is possible."""

    condition: str = Field(description="The number of the condition, 1 to 10.")
    code: str
    sentence: str
    who: str = Field(description="Who may clear it.")
    form: str = Field(description="The name of the form that clears it, empty where none does.")


class FieldError(Answer):
    """One field that cannot be used."""

    field: str
    sentence: str


class Problem(Answer):
    """What every refusal looks like (RFC 9457)."""

    type: str = Field(description="Where the type is explained: /api/v1/problems/{problem}.")
    title: str
    status: int
    detail: str = Field(description="The sentence that is safe to show.")
    instance: str | None = Field(None, description="The reference to give when you report a fault.")
    reasons: list[Reason] | None = Field(None, description="Where the rules refuse: everything still needed.")
    errors: list[FieldError] | None = None


class ProblemType(Answer):
    """One type of problem."""

    name: str
    status: int
    title: str
    sentence: str


async def problem_type(call: Call) -> ProblemType:
    """What a problem's type means."""
    wanted = call.word("problem")
    for kind in _all(ExchangeError):
        if type_name(kind) == wanted:
            return ProblemType(
                name=wanted, status=kind.status, title=TITLES.get(kind.status, ""), sentence=kind.sentence()
            )
    for status, title in TITLES.items():
        if type_name(status) == wanted:
            return ProblemType(name=wanted, status=status, title=title, sentence=title + ".")
    raise NotFound


def _all(kind: type[ExchangeError]) -> list[type[ExchangeError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _all(child))]


ENDPOINTS = [Endpoint("GET", "/problems/{problem}", problem_type, PUBLIC)]
