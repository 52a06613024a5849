"""Webhooks, for administrators: whom to tell, the secret once, a test, what did not arrive. No case, no name."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.webhooks import Told
from exchange.steps import webhooks
from exchange.steps.webhooks import Webhook
from exchange.web import frame
from exchange.web.console import record_words, words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.frame import N_

PLACE = "/admin/webhooks"
SWITCHED = frame.notice("webhook-switched", N_("Changed."))
REMOVED = frame.notice("webhook-removed", N_("It is removed. Nothing is sent there any more."))
TESTED = frame.notice("webhook-tested", N_("A test is on its way. Load this page again in a minute."))
AGAIN = frame.notice("webhook-again", N_("What could not be sent is tried again."))
KINDS: dict[str, str] = {
    Told.REFERRAL: N_("Somebody asked to take part"),
    Told.WAITING: N_("A message waits for review"),
    Told.RELEASED: N_("A message was handed over"),
    Told.CLOSED: N_("A case was closed"),
}
SENT: dict[str, str] = {**KINDS, Told.TEST: N_("A test")}
STATES: dict[str, str] = {
    "on": N_("On"),
    "off": N_("Switched off"),
    "stopped": N_("Stopped: nothing arrives there any more"),
}
DELIVERIES: dict[str, str] = {
    "waiting": N_("Waits"),
    "delivered": N_("Arrived"),
    "dead": N_("Given up"),
}


class NewWebhook(frame.Form):
    """Where to, and what of."""

    address: str = Field(max_length=600)
    kinds: list[str] = Field(default_factory=list, max_length=4)
    sentences: ClassVar = {
        "address": N_("Enter the address that the other system gave you."),
        "kinds": N_("Choose what it is to be told of."),
    }


class Switch(frame.Form):
    """On or off."""

    on: str


async def page(request: web.Request) -> web.StreamResponse:
    """All of them, and the form for another."""
    return await _page(request, frame.blank(kinds=list(KINDS)), 200)


async def add(request: web.Request) -> web.StreamResponse:
    """Add one; its secret is shown this once."""

    async def act(form: NewWebhook) -> web.StreamResponse:
        made = await webhooks.add(service_of(request), actor_of(request), address=form.address, kinds=form.kinds)
        context = {"secret": made.secret, "href": f"{PLACE}/{made.id}"}
        return frame.render(request, "console/admin_webhook_secret.html", context)

    return await asked(request, NewWebhook, _page, act, at="address")


async def one(request: web.Request) -> web.StreamResponse:
    """One, and what was to be sent there."""
    found = await _of(request)
    rows = await webhooks.deliveries(service_of(request), actor_of(request), found.id)
    context = {
        "hook": found,
        "state": words.said(STATES, found.state),
        "kinds": [words.said(KINDS, kind) for kind in found.kinds],
        "rows": [
            (row, words.said(SENT, row.kind), words.said(DELIVERIES, row.state), _became(row.reason)) for row in rows
        ],
    }
    return frame.render(request, "console/admin_webhook.html", context)


async def switch(request: web.Request) -> web.StreamResponse:
    """Switch it on or off."""
    form, webhook = await frame.parse(request, Switch), id_of(request, "webhook")
    if isinstance(form, frame.ErrorSummary):
        raise NotFound
    await webhooks.switch(service_of(request), actor_of(request), webhook, on=form.on == "yes")
    return frame.see_other(request, f"{PLACE}/{webhook}", done=SWITCHED)


async def remove(request: web.Request) -> web.StreamResponse:
    """Forget it."""
    await webhooks.remove(service_of(request), actor_of(request), id_of(request, "webhook"))
    return frame.see_other(request, PLACE, done=REMOVED)


async def test(request: web.Request) -> web.StreamResponse:
    """Send a test."""
    webhook = id_of(request, "webhook")
    await webhooks.test(service_of(request), actor_of(request), webhook)
    return frame.see_other(request, f"{PLACE}/{webhook}", done=TESTED)


async def again(request: web.Request) -> web.StreamResponse:
    """Try again what was given up."""
    webhook = id_of(request, "webhook")
    await webhooks.again(service_of(request), actor_of(request), webhook)
    return frame.see_other(request, f"{PLACE}/{webhook}", done=AGAIN)


def _became(reason: str | None) -> str:
    return words.said(record_words.REASONS, reason) if reason and reason != "arrived" else ""


async def _of(request: web.Request) -> Webhook:
    wanted = id_of(request, "webhook")
    for found in await webhooks.listed(service_of(request), actor_of(request)):
        if found.id == wanted:
            return found
    raise NotFound


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    found = await webhooks.listed(service_of(request), actor_of(request))
    context = {
        "form": form,
        "hooks": [(hook, words.said(STATES, hook.state)) for hook in found],
        "kinds": words.choices(KINDS),
        "most": webhooks.MOST,
    }
    return frame.render(request, "console/admin_webhooks.html", context, status=status)


ROUTES = [
    frame.Route("GET", PLACE, page, Permission.ADMINISTER),
    frame.Route("POST", PLACE, add, Permission.ADMINISTER),
    frame.Route("GET", PLACE + "/{webhook}", one, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/{webhook}/switch", switch, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/{webhook}/remove", remove, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/{webhook}/test", test, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/{webhook}/again", again, Permission.ADMINISTER),
]
