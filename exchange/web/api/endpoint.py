"""One entry per endpoint; the request and answer models are those of the handler's own signature.

    Endpoint("POST", "/cases", open_case, Permission.CASE_OPEN, status=201)

    async def open_case(call: Call, asked: NewCase) -> Made:
        \"\"\"Open a case.\"\"\"

So that what is documented is what is checked: without a docstring, a permission or annotated models there is
no endpoint. `asked` is the JSON body (POST, PUT, PATCH) or the query (GET, DELETE). A handler decides nothing:
it calls a step or a read and puts the result into the answer's model.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from exchange.core.errors import NotFound, TooLarge
from exchange.core.model import Actor
from exchange.store.service import Service
from exchange.web.api import asking
from exchange.web.api.shapes import Answer, Asked
from exchange.web.frame.routing import PUBLIC, Csrf, Handler, Route
from exchange.web.frame.state import ACTOR, SERVICE

PREFIX = "/api/v1"
JSON, BYTES = "application/json", "application/octet-stream"
Act = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Call:
    """One request, as handlers need it."""

    request: web.Request

    @property
    def service(self) -> Service:
        """What every step takes first."""
        found: Service = self.request.config_dict[SERVICE]
        return found

    @property
    def actor(self) -> Actor:
        """Whose token it is; only at endpoints with a permission."""
        found: Actor = self.request[ACTOR]
        return found

    def id(self, name: str) -> UUID:
        """An id of the address; NotFound where it is none."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError:
            raise NotFound from None

    def word(self, name: str) -> str:
        """A word of the address."""
        return self.request.match_info[name]

    async def body(self, most: int, too_large: TooLarge) -> bytes:
        """BYTES whose content a step seals whole, never more than `most` of them: then this error."""
        if self.request.content_type != BYTES:
            raise web.HTTPUnsupportedMediaType
        taken = bytearray()
        async for chunk in self.request.content.iter_any():
            taken += chunk
            if len(taken) > most:
                raise too_large
        return bytes(taken)


@dataclass(frozen=True)
class Endpoint:
    """Method, path below PREFIX, handler, permission, the status of success, and errors beside the usual ones.

    `produces` is the media type of handlers that answer with a response of their own, `takes` of those that read the
    body themselves.
    """

    method: str
    path: str
    act: Act
    permission: Any
    status: int = 200
    errors: tuple[int, ...] = ()
    produces: str = JSON
    takes: str = ""

    def __post_init__(self) -> None:
        if not inspect.getdoc(self.act):
            raise TypeError(f"{self.act.__name__}: an endpoint without a word about it")
        if self.answers is None and self.produces == JSON and self.status != 204:
            raise TypeError(f"{self.act.__name__}: no answer is declared")

    @cached_property
    def asks(self) -> type[Asked] | None:
        """The model of the body or the query, None where nothing is asked."""
        return get_type_hints(self.act).get("asked")

    @cached_property
    def answers(self) -> type[Answer] | None:
        """The model of the answer, None where there is none or the handler streams."""
        found = get_type_hints(self.act)["return"]
        return found if isinstance(found, type) and issubclass(found, Answer) else None

    @property
    def in_query(self) -> bool:
        """Whether what is asked stands in the query."""
        return self.method in ("GET", "DELETE")

    @property
    def route(self) -> Route:
        """The route that the frame serves."""
        # the one public POST takes a password and a code, and no cookie counts at the API: nothing to forge
        csrf = Csrf.HANDLER if self.permission is PUBLIC else Csrf.BEARER
        return Route(self.method, PREFIX + self.path, self._handler(), self.permission, csrf=csrf)

    def _handler(self) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = Call(request)
            if self.asks is None:
                return self._spoken(await self.act(call))
            read = asking.query if self.in_query else asking.body
            return self._spoken(await self.act(call, await read(request, self.asks)))

        return handle

    def _spoken(self, answer: BaseModel | web.StreamResponse | None) -> web.StreamResponse:
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.Response(status=204)
        return web.Response(status=self.status, text=answer.model_dump_json(by_alias=True), content_type=JSON)
