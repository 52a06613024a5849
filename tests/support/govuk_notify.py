"""A little server that answers as GOV.UK Notify's API does (its REST API documentation, version 2), and keeps all.

It checks what the documentation demands: the JWT (HS256 by the key's last id, `iss` its other id, `iat` within 30
seconds), a JSON body with `phone_number`, `template_id`, `personalisation` and `reference`, and nothing else.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

SERVICE_ID, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"made_up_key-{SERVICE_ID}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
BODY = {"phone_number", "template_id", "personalisation", "reference"}


@dataclass
class Notify:
    """Where it listens, every text message that it took, and how it answers."""

    url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    fates: dict[str, str] = field(default_factory=dict)
    status: int = 201
    """What it answers to a text message; 0 hangs up after it was taken, 1 answers what is no JSON."""
    template: dict[str, Any] = field(default_factory=lambda: {"id": TEMPLATE, "type": "sms", "body": "((text))"})
    problems: list[str] = field(default_factory=list)
    """What was wrong with requests: none, in a test that goes well."""

    def settings(self) -> dict[str, str]:
        """As `Settings.load` takes them."""
        return {"notify_api_key": KEY, "notify_template": TEMPLATE, "notify_url": self.url}

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST /v2/notifications/sms."""
        if wrong := self._wrong_token(request):
            return _error(403, "AuthError", wrong)
        body = await request.json()
        if set(body) != BODY or set(body["personalisation"]) != {"text"} or body["template_id"] != TEMPLATE:
            self.problems.append("body")
        if self.status not in (0, 1, 201):
            headers = {"Location": f"{self.url}/elsewhere"} if self.status in (302, 307) else None
            return _error(self.status, "BadRequestError", f"Not {body['phone_number']}", headers)
        self.sent.append(body)
        if self.status == 0:
            assert request.transport is not None
            request.transport.abort()
        if self.status == 1:
            return web.Response(status=201, text="<html>")
        made = {
            "id": str(uuid4()),
            "reference": body["reference"],
            "content": {"body": body["personalisation"]["text"]},
        }
        return web.json_response(made, status=201)

    async def listed(self, request: web.Request) -> web.StreamResponse:
        """GET /v2/notifications?reference=…"""
        if wrong := self._wrong_token(request):
            return _error(403, "AuthError", wrong)
        wanted = request.query.get("reference")
        self.asked.append(str(wanted))
        found = [
            {"id": str(uuid4()), "reference": one["reference"], "status": self.fates.get(one["reference"], "sending")}
            for one in self.sent
            if one["reference"] == wanted
        ]
        return web.json_response({"notifications": found, "links": {}})

    async def shown(self, request: web.Request) -> web.StreamResponse:
        """GET /v2/template/…"""
        if wrong := self._wrong_token(request):
            return _error(403, "AuthError", wrong)
        if request.match_info["id"] != self.template["id"]:
            return _error(404, "NoResultFound", "No result found")
        return web.json_response(self.template)

    async def elsewhere(self, _request: web.Request) -> web.StreamResponse:
        """Where a redirect leads: nobody may come."""
        self.problems.append("followed a redirect")
        return web.json_response({}, status=201)

    def _wrong_token(self, request: web.Request) -> str:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            found = jwt.decode(token, OctKey.import_key(SECRET), algorithms=["HS256"])
        except (JoseError, ValueError):
            return "Invalid token: signature, api token not found"
        claims = found.claims
        if kind != "Bearer" or found.header != {"typ": "JWT", "alg": "HS256"} or set(claims) != {"iss", "iat"}:
            self.problems.append("token")
        if claims["iss"] != SERVICE_ID or abs(claims["iat"] - time.time()) > 30:
            self.problems.append("claims")
        return ""


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"status_code": status, "errors": [{"error": kind, "message": message}]}
    return web.json_response(body, status=status, headers=headers)


@asynccontextmanager
async def govuk_notify() -> AsyncIterator[Notify]:
    """The server, for as long as the block runs."""
    notify = Notify()
    app = web.Application()
    app.router.add_post("/v2/notifications/sms", notify.take)
    app.router.add_get("/v2/notifications", notify.listed)
    app.router.add_get("/v2/template/{id}", notify.shown)
    app.router.add_route("*", "/elsewhere", notify.elsewhere)
    async with TestServer(app) as server:
        notify.url = str(server.make_url("")).rstrip("/")
        yield notify
