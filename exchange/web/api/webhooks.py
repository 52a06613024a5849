"""Webhooks: whom the service tells by machine. And what is sent, for the description of the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from exchange.core.access import Permission
from exchange.core.webhooks import EVENTS, Told
from exchange.steps import webhooks
from exchange.web.api.endpoint import JSON, Call, Endpoint
from exchange.web.api.shapes import Answer, Asked

Kind = Literal["referral.received", "message.waiting_for_review", "message.released", "case.closed"]


class NewWebhook(Asked):
    """An https address with the name of a host, and what it is told of."""

    address: Annotated[str, Field(max_length=600)]
    kinds: list[Kind] = Field(min_length=1, max_length=len(EVENTS))


class WebhookMade(Answer):
    """The webhook and its secret, which is shown this once."""

    id: UUID
    secret: str


class WebhookLine(Answer):
    """One webhook; no secret. `failed`: tries in a row; `dead`: given up."""

    id: UUID
    address: str
    kinds: list[str]
    state: str
    failed: int
    waiting: int
    dead: int
    at: datetime


class Webhooks(Answer):
    """All of them."""

    webhooks: list[WebhookLine]


class Delivery(Answer):
    """One event for this webhook. `data`: the references that are sent. `status`: of the last answer."""

    kind: str
    data: dict[str, str]
    state: str
    attempts: int
    status: int | None
    reason: str | None
    at: datetime
    tried_at: datetime | None


class Deliveries(Answer):
    """What was given up first, then the newest; at most fifty."""

    deliveries: list[Delivery]


class Switch(Asked):
    """On or off."""

    on: bool


class Retried(Answer):
    """How many are tried again."""

    count: int


async def listed(call: Call) -> Webhooks:
    """Whom the service tells by machine."""
    found = await webhooks.listed(call.service, call.actor)
    return Webhooks(webhooks=[WebhookLine.model_validate({**vars(one), "kinds": list(one.kinds)}) for one in found])


async def deliveries(call: Call) -> Deliveries:
    """What was to be sent to a webhook, and what became of it."""
    rows = await webhooks.deliveries(call.service, call.actor, call.id("webhook"))
    return Deliveries(deliveries=[Delivery.model_validate(row) for row in rows])


async def add(call: Call, asked: NewWebhook) -> WebhookMade:
    """Tell another system from now on. Needs the step-up."""
    made = await webhooks.add(call.service, call.actor, address=asked.address, kinds=asked.kinds)
    return WebhookMade.model_validate(made)


async def switch(call: Call, asked: Switch) -> None:
    """Switch a webhook on or off. Needs the step-up."""
    await webhooks.switch(call.service, call.actor, call.id("webhook"), on=asked.on)


async def remove(call: Call) -> None:
    """Forget a webhook and what was to be sent there. Needs the step-up."""
    await webhooks.remove(call.service, call.actor, call.id("webhook"))


async def test(call: Call) -> None:
    """Send a test, which is about nothing. Needs the step-up."""
    await webhooks.test(call.service, call.actor, call.id("webhook"))


async def again(call: Call) -> Retried:
    """Try again what was given up. Needs the step-up."""
    return Retried(count=await webhooks.again(call.service, call.actor, call.id("webhook")))


class Event(BaseModel):
    """The body of a webhook. `data` holds references only: case, message, referral, as far as there is one."""

    type: str
    timestamp: datetime = Field(description="When it happened; when it was sent stands in webhook-timestamp.")
    data: dict[Literal["case", "message", "referral"], str]


WORDS = {
    Told.REFERRAL: "Somebody asked to take part.",
    Told.WAITING: "A message waits for review.",
    Told.RELEASED: "A message was handed over.",
    Told.CLOSED: "A case was closed.",
    Told.TEST: "A test that an administrator sent; data is empty.",
}
HEADERS = {
    "webhook-id": "The same however often it is tried: by it a receiver knows what it has had already.",
    "webhook-timestamp": "Unix seconds of this try. Refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body` (Standard Webhooks 1.0.0).",
}


def described() -> dict[str, Any]:
    """The section `webhooks` of the description (OpenAPI 3.1.0, "OpenAPI Object")."""
    parameters = [
        {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
        for name, about in HEADERS.items()
    ]
    schema = Event.model_json_schema()
    return {
        told.value: {
            "post": {
                "operationId": f"webhook.{told.value}",
                "tags": ["webhooks"],
                "summary": about,
                "security": [],
                "parameters": parameters,
                "requestBody": {"required": True, "content": {JSON: {"schema": schema}}},
                "responses": {
                    "2XX": {"description": "Taken."},
                    "410": {"description": "Nothing is wanted any more: the webhook is stopped."},
                    "default": {"description": "Not taken: tried again for three days, then given up."},
                },
            }
        }
        for told, about in WORDS.items()
    }


ADMINISTER = Permission.ADMINISTER
ENDPOINTS = [
    Endpoint("GET", "/webhooks", listed, ADMINISTER),
    Endpoint("POST", "/webhooks", add, ADMINISTER, status=201),
    Endpoint("GET", "/webhooks/{webhook}/deliveries", deliveries, ADMINISTER),
    Endpoint("PUT", "/webhooks/{webhook}/state", switch, ADMINISTER, status=204),
    Endpoint("DELETE", "/webhooks/{webhook}", remove, ADMINISTER, status=204),
    Endpoint("POST", "/webhooks/{webhook}/test", test, ADMINISTER, status=204),
    Endpoint("POST", "/webhooks/{webhook}/again", again, ADMINISTER),
]
