"""Taking something out through the API: the list, the version, and what is refused."""

from collections.abc import AsyncIterator

import pytest

from exchange.steps import redacting, setup
from exchange.store.service import Service
from tests.support.api import Api, running_api
from tests.support.world import LETTER, World, make_world

STRIKE = {"doing": "strike", "part": "text", "start": 0, "end": LETTER.index(","), "why": "name"}


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case in which everything is recorded."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


@pytest.fixture
async def api(service: Service) -> AsyncIterator[Api]:
    """A running console."""
    async with running_api(service) as running:
        yield running


async def test_words_are_taken_out(api: Api, world: World) -> None:
    """Put on the list, made by a worker, read without them; off the list again."""
    message = await world.letter()
    caller = await api.as_(world.facilitator)
    place = f"/messages/{message}/edits"
    made = await caller.do("POST", place, STRIKE)
    asked = await caller.ask("POST", f"/messages/{message}/redact", {})
    assert asked.status == 202
    waits = await caller.do("GET", place)
    assert (waits["current"], waits["making"]["state"]) == (False, "waiting")
    await redacting.redact_message(world.service, asked.json["id"])
    done = await caller.do("GET", place)
    assert (done["current"], done["making"]["state"]) == (True, "done")
    assert [one["id"] for one in done["edits"]] == [made["id"]]
    version = (await caller.do("GET", f"/messages/{message}"))["versions"][0]
    text = await caller.ask("GET", f"/messages/{message}/texts/text?digest={version['digest']}")
    assert text.json["text"] == LETTER.replace(LETTER[: LETTER.index(",")], "[…]")
    await caller.do("DELETE", f"{place}/{made['id']}")
    assert (await caller.do("GET", place))["edits"] == []


DO_NOT_FIT: list[dict[str, object]] = [
    {"part": "page-1"}, {"part": "text/../x"}, {"doing": "erase"}, {"why": "because"}, {"start": -1},
    {"box": [0, 0, 1]}, {"box": [0, 0, 10_001, 1]}, {"how": "funny"}, {"end": 10_000}, {"extra": 1}, {"why": "other"},
]  # fmt: skip


async def test_what_does_not_fit_is_refused_with_a_sentence(api: Api, world: World) -> None:
    """422, and the list stays empty."""
    message = await world.letter()
    caller = await api.as_(world.facilitator)
    for change in DO_NOT_FIT:
        answered = await caller.ask("POST", f"/messages/{message}/edits", {**STRIKE, **change})
        assert answered.status == 422, change
    assert (await caller.do("GET", f"/messages/{message}/edits"))["edits"] == []
