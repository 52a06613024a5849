"""Reading what was asked: a JSON body of at most 1 MiB, or a query, into a closed pydantic model."""

from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from exchange.core.errors import BadInput
from exchange.web.api.shapes import Asked

AskedT = TypeVar("AskedT", bound=Asked)


class NotJson(BadInput):
    """This is not JSON. Nothing was changed."""

    status = 400


class InvalidRequest(BadInput):
    """What was sent cannot be used. Nothing was changed; `errors` says where it is wrong."""

    def __init__(self, errors: tuple[dict[str, str], ...]) -> None:
        super().__init__(field=errors[0]["field"] if errors else "")
        self.errors = errors


async def body(request: web.Request, model: type[AskedT]) -> AskedT:
    """The body. Raises NotJson (400), 413, 415, InvalidRequest (422)."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    untrusted = await request.read()
    try:
        return model.model_validate_json(untrusted)
    except ValidationError as error:
        raise _refusal(error) from None
    except RecursionError:
        raise NotJson from None


async def query(request: web.Request, model: type[AskedT]) -> AskedT:
    """The query; a name that comes twice is refused like an unknown one."""
    untrusted = request.query
    names = [name for name, _ in untrusted.items()]
    twice = tuple({"field": name, "sentence": "This was sent twice."} for name in _repeated(names))
    if twice:
        raise InvalidRequest(twice)
    try:
        return model.model_validate_strings(dict(untrusted))
    except ValidationError as error:
        raise _refusal(error) from None


def _repeated(names: list[str]) -> list[str]:
    return sorted({name[:100] for name in names if names.count(name) > 1})


def _refusal(error: ValidationError) -> BadInput:
    """Where and what, in pydantic's words, which never repeat the value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(one["type"] == "json_invalid" for one in found):
        return NotJson()
    return InvalidRequest(
        tuple({"field": ".".join(map(str, one["loc"]))[:200], "sentence": one["msg"][:300]} for one in found[:20])
    )
