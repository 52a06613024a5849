"""The server that runs an application: no access log, and our headers on what aiohttp refuses by itself.

A request that cannot even be parsed never reaches the application; aiohttp's connection handler answers it.
"""

from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest

from exchange.web.frame.headers import security_headers
from exchange.web.frame.state import SITE

log = structlog.get_logger("web")


class _Handler(RequestHandler):
    """aiohttp's connection handler with neutral answers."""

    __slots__ = ("secure",)
    secure: bool

    def close(self) -> None:
        """Also hang up where nothing is being asked: aiohttp alone keeps such a connection until all others end."""
        idle = self._waiter is not None
        super().close()
        if idle and self.transport is not None:
            self.transport.close()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp's signature
    ) -> web.StreamResponse:
        """A bare refusal with every header; the parser's words, which may quote the request, are dropped."""
        if request.writer.output_size > 0:
            raise ConnectionError("The response had begun.")
        if exc is not None and status >= 500:
            log.error("unanswered", error=type(exc).__name__, status=status)
        response = web.Response(status=status, text=f"{status}\n")
        response.headers.update(security_headers("", secure=self.secure))
        response.headers["Cache-Control"] = "no-store"
        response.force_close()
        return response


class FrameRunner(web.AppRunner):
    """`web.AppRunner` for an application made by `base_application`; bodies are never unpacked."""

    __slots__ = ()

    def __init__(self, app: web.Application, **kwargs: Any) -> None:
        super().__init__(app, access_log=None, auto_decompress=False, **kwargs)

    async def _make_server(self) -> Any:
        server = await super()._make_server()
        secure, loop, given = self.app[SITE].secure, server._loop, server._kwargs

        def connection() -> RequestHandler:
            handler = _Handler(server, loop=loop, **given)
            handler.secure = secure
            return handler

        return _Factory(server, connection)


class _Factory:
    """`web.Server` as the sites use it (called per connection), making our handler instead."""

    def __init__(self, server: Any, connection: Any) -> None:
        self._server, self._connection = server, connection

    def __call__(self) -> Any:
        return self._connection()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)
