"""Notices as text messages by GOV.UK Notify, through its own Python client (its REST API, version 2).

The client blocks and is not thread-safe: each call has one of its own, in a thread. It keeps to the address in the
settings: no redirect is followed, nothing of the machine's proxies or `.netrc` counts, and what the other side says
of an error is neither shown nor logged, since it may repeat a number.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

import requests
from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from exchange.core.errors import ExchangeError
from exchange.settings import Settings
from exchange.store.notify.protocol import Fate, Handed, Outgoing

SECONDS = 20
FATES = {
    "delivered": Fate.DELIVERED,
    "permanent-failure": Fate.CAME_BACK,
    "temporary-failure": Fate.CAME_BACK,
    "technical-failure": Fate.CAME_BACK,
}
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WHOLE = re.compile(rf".+-{_UUID}-{_UUID}")
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)


class TextMessagesFail(ExchangeError):
    """GOV.UK Notify does not answer as it should."""

    status = 503


class KeyNotWhole(TextMessagesFail):
    """The key of GOV.UK Notify is not whole: its name and two ids, joined by hyphens."""


class GovukNotify:
    """Sends by the account of this key. Settings must hold key and template."""

    def __init__(self, settings: Settings) -> None:
        assert settings.notify_api_key is not None
        self._key, self._url = settings.notify_api_key, settings.notify_url
        self._template = settings.notify_template

    async def send(self, notice: Outgoing) -> Handed:
        """Refusals of the address (400) are for good; a server that is away or over its limit is not now."""
        told = {"text": notice.text}

        def call(client: Any) -> None:
            client.send_sms_notification(notice.to, self._template, personalisation=told, reference=notice.token)

        try:
            await self._in_a_thread(call)
        except APIError as error:
            return _handed(error)
        except KeyNotWhole:
            return Handed.NOT_NOW
        return Handed.TAKEN

    async def fate(self, token: str) -> Fate | None:
        """By our own reference; None where there is none of it, or no answer that can be understood."""
        try:
            found = await self._in_a_thread(lambda client: client.get_all_notifications(reference=token))
            return next((FATES.get(one["status"], Fate.UNDER_WAY) for one in _of(found, token)), None)
        except (APIError, KeyNotWhole, KeyError, TypeError):
            return None

    async def look(self) -> None:
        """Whether key and template are right, without sending; `TextMessagesFail` with a sentence."""
        try:
            found = await self._in_a_thread(lambda client: client.get_template(self._template))
            right = found["type"] == "sms" and "((text))" in found["body"]
        except APIError as error:
            raise TextMessagesFail(_why(error)) from None
        except (KeyError, TypeError):
            right = False
        if not right:
            raise TextMessagesFail("The template at GOV.UK Notify is not a text message with ((text)) in it.")

    async def _in_a_thread(self, call: Callable[[Any], Any]) -> Any:
        client_of: Any = NotificationsAPIClient  # it has no types

        if not _WHOLE.fullmatch(self._key.get_secret_value()):
            raise KeyNotWhole

        def made() -> Any:
            client = client_of(self._key.get_secret_value(), self._url, timeout=SECONDS)
            with client.request_session as session:
                session.trust_env, session.max_redirects = False, 0
                return call(client)

        return await asyncio.to_thread(made)


def _of(found: Any, token: str) -> Iterable[Any]:
    return [one for one in found["notifications"] if one.get("reference") == token]


def _handed(error: APIError) -> Handed:
    if error.response is not None:
        code = error.response.status_code
        if code == 400:
            return Handed.REFUSED
        return Handed.NOT_NOW if 300 <= code < 500 else Handed.UNKNOWN
    return Handed.NOT_NOW if _never_left(error.__cause__) else Handed.UNKNOWN


def _never_left(error: BaseException | None) -> bool:
    """Whether not even a connection came about."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    tried = error.args[0] if isinstance(error, requests.exceptions.ConnectionError) and error.args else None
    return type(getattr(tried, "reason", None)).__name__ in ("NewConnectionError", "NameResolutionError")


def _why(error: APIError) -> str:
    if error.response is None or error.response.status_code >= 500:
        return "GOV.UK Notify cannot be reached."
    if error.response.status_code in (401, 403):
        return "GOV.UK Notify does not accept the key."
    if error.response.status_code == 404:
        return "GOV.UK Notify does not know the template."
    return "GOV.UK Notify refused."
