"""Another system that is told by webhooks: a real server with TLS on this machine, which checks what it gets."""

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from exchange.store.service import Service
from tests.support.ports import free_port
from tests.support.tls import self_signed


@dataclass
class Receiver:
    """What came, in order: path, headers, bytes. It answers `status`, 302 to another place of its own."""

    port: int
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"https://localhost:{self.port}/hook"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was said."""
        return [json.loads(body) for _, _, body in self.came]

    async def take(self, request: web.Request) -> web.Response:
        """Keep it and answer."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
        self.came.append((request.path, {name: request.headers[name] for name in names}, await request.read()))
        headers = {"Location": f"https://localhost:{self.port}/elsewhere"} if self.status == 302 else {}
        return web.Response(status=self.status, headers=headers)


def signed_by(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As the specification has it, written anew here."""
    key = base64.b64decode(secret.split("_", 1)[1])
    content = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    made = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{made}"


@asynccontextmanager
async def receiving(folder: Path, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver that runs as long as the block."""
    receiver = Receiver(port or free_port())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "self-signed.pem" if (folder / "self-signed.pem").exists() else self_signed(folder))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, receiver.port, ssl_context=tls).start()
        yield receiver
    finally:
        await runner.cleanup()


def may_call(service: Service, folder: Path, networks: str = "127.0.0.0/8,::1/128", *, demo: bool = True) -> Service:
    """The service with settings that let a demonstration call this machine."""
    changed = {"webhook_networks": networks, "webhook_ca": folder / "self-signed.pem", "demo": demo}
    return replace(service, settings=service.settings.model_copy(update=changed))
