"""Schemathesis against the running API: no fault, and no answer that is not described."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from exchange.core.model import Channel
from exchange.steps import concern, release, setup
from exchange.store.service import Service
from exchange.web.api.openapi import document
from tests.support.api import Caller, running_api
from tests.support.world import World, make_world

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DRAWN = settings(
    max_examples=5,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
async def test_no_fault_and_no_undescribed_answer(service: Service) -> None:
    """Five requests to every operation by a facilitator with a fresh step-up, on a case with messages."""
    await setup.found_service(service, demo=True, name="Messages")
    world = await make_world(service)
    ids = await ids_of(world)
    async with running_api(service) as api:
        caller = await api.as_(world.facilitator, stepped_up=True)
        statuses = await asyncio.to_thread(fuzzed, caller, ids)
        assert (await caller.get("/me"))["id"] == str(world.facilitator.id)
    assert sum(statuses.values()) >= 2 * len(list(described().get_all_operations()))
    assert {200, 401, 403, 404, 422} & set(statuses)
    assert max(statuses) < 500


def described() -> Any:
    """The API's own description, as schemathesis reads it."""
    schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
    return schemathesis.openapi.from_dict(document())


async def ids_of(world: World) -> dict[str, UUID]:
    """Ids that exist, so that requests reach the steps."""
    service, lead = world.service, world.facilitator
    message, _ = await world.released()
    shown = await release.release_by_link(service, lead, message, channel=Channel.POST)
    raised = await concern.raise_concern(service, lead, await world.letter(), kind="other", note="Look.")
    people = {"case": world.case, "participant": world.author, "message": await world.letter()}
    return people | {"link": shown.id, "concern": raised, "token": uuid4(), "session": uuid4()}


def fuzzed(caller: Caller, ids: dict[str, UUID]) -> dict[int, int]:
    """How often each status came, over every operation."""
    found: dict[int, int] = {}
    with requests.Session() as http:
        http.headers["Authorization"] = f"Bearer {caller.token}"
        for operation in described().get_all_operations():
            DRAWN(seed(1)(given(case=operation.ok().as_strategy())(one(caller.url, http, ids, found))))()
    return found


def one(url: str, http: requests.Session, ids: dict[str, UUID], found: dict[int, int]) -> Callable[..., None]:
    """Send one drawn request, with ids that exist, and check its answer."""

    def send(case: Any) -> None:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = str(ids.get(name, case.path_parameters[name]))
        answer = case.call(base_url=url, session=http)
        case.validate_response(answer, checks=CHECKS)
        found[answer.status_code] = found.get(answer.status_code, 0) + 1

    return send
