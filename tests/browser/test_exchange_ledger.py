"""Every byte of plaintext has a leaf before it: without a record nothing leaves, at either site."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import APIResponse, Browser, BrowserContext
from sqlalchemy import text

from exchange.store.service import Service
from tests.support.browser import Participant, Staff
from tests.support.roles import as_owner
from tests.support.running import Exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
PLANTED = "Planted line seventeen about the orchard wall."


async def test_without_a_record_not_one_byte_leaves(exchange: Exchange, inside: Service, visitors: Browser) -> None:
    """With the record stopped, pages and parts are refused with a sentence; with it, the same requests answer."""
    world = await exchange.case(inside)
    message, link = await world.released(PLANTED)
    recipient = await Participant.with_link(visitors, exchange.portal + link.url_part)
    sage = await Staff.signed_in(exchange, visitors, "sage")
    here = f"{exchange.console}/messages/{message}"
    asked = [
        (recipient.context, f"{recipient.here}/read"),
        (recipient.context, f"{recipient.here}/part/text"),
        (sage.page.context, f"{here}/review"),
        (sage.page.context, f"{here}/part/text"),
    ]
    async with _without_record(inside):
        refused = [await _get(context, url) for context, url in asked]
    for answer in refused:
        body = await answer.text()
        assert answer.status == 503, answer.url
        assert PLANTED not in body
        assert "The record cannot be written at the moment" in body, body[:500]
    for context, url in asked:
        assert PLANTED in await (await _get(context, url)).text()


async def _get(context: BrowserContext, url: str) -> APIResponse:
    return await context.request.get(url)


@asynccontextmanager
async def _without_record(inside: Service) -> AsyncIterator[None]:
    """The database's one way of appending is gone for a while."""
    gone = "alter function public.{} rename to {}"
    async with as_owner(inside).engine.begin() as conn:
        await conn.execute(text(gone.format("ledger_append", "ledger_append_gone")))
    try:
        yield
    finally:
        async with as_owner(inside).engine.begin() as conn:
            await conn.execute(text(gone.format("ledger_append_gone", "ledger_append")))
