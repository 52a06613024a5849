"""Guessing at references of cases on the page for emergencies: so many a minute, then nothing is looked up."""

from dataclasses import replace

import aiohttp
from sqlalchemy import select

from exchange.core.model import OPERATOR
from exchange.steps import setup, tokens
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.staff import leaves
from tests.support.world import make_world

WHY = {"kind": "danger", "reason": "She rang and said that he is at the door."}


async def test_one_account_may_guess_references_only_so_often(service: Service) -> None:
    """Three a minute here: the fourth is refused unread, a right one too; a colleague is not held up."""
    await setup.found_service(service, demo=True, name="Messages")
    world = await make_world(service)
    async with reading(service) as conn:
        right = (await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one()
    paced = replace(service, settings=service.settings.model_copy(update={"references_per_minute": 3}))
    async with running_console(paced) as console:
        client, other = await console.as_(world.stranger), await console.as_(world.stranger)
        asked = [(await client.send("/emergency", reference=f"C-7K3M{n}", **WHY))[0] for n in "ABC"]
        assert asked == [422] * 3
        before = len(await leaves(service))
        for browser in (client, other):  # it is the account that is counted
            status, page, _ = await browser.send("/emergency", reference=right, **WHY)
            assert (status, "Please wait a minute" in page) == (429, True)
        made = await tokens.create_token(service, OPERATOR, label="guess", account_id=world.stranger.id)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {made.secret}"}) as http:
            told = {"reference": right, **WHY}
            async with http.post(console.url + "/api/v1/emergencies", json=told) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
        assert not [leaf for leaf in (await leaves(service))[before:] if '"emergency.' in leaf]
        colleague = await console.as_(world.second)
        assert (await colleague.send("/emergency", reference="C-7K3MQ", **WHY))[0] == 422
