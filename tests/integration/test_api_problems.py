"""Every kind of refusal is a problem detail (RFC 9457) with a sentence that is safe to show."""

import io
from collections.abc import AsyncIterator
from typing import Any

import jsonschema_rs
import pytest
from sqlalchemy import text

from exchange.core.errors import ExchangeError
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.api.openapi import document
from exchange.web.frame.problems import TITLES, type_name
from tests.support.api import Answered, Api, Caller, running_api
from tests.support.roles import as_owner
from tests.support.world import World, make_world

NUL = "a\x00b"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def api(service: Service) -> AsyncIterator[Api]:
    """A running console."""
    async with running_api(service) as running:
        yield running


@pytest.fixture
async def fern(api: Api, world: World) -> Caller:
    """The case's facilitator."""
    return await api.as_(world.facilitator)


def is_problem(found: Answered, status: int, kind: str) -> Any:
    """The problem, checked against the schema that documents it."""
    assert (found.status, found.media_type) == (status, "application/problem+json"), found.body
    schemas = document()["components"]["schemas"]
    schema = {"$ref": "#/components/schemas/Problem", "components": {"schemas": schemas}}
    jsonschema_rs.validate(schema, {"instance": None, "reasons": None, "errors": None, **found.json})
    assert (found.json["type"], found.json["status"]) == (f"/api/v1/problems/{kind}", status)
    assert found.json["detail"].endswith((".", "`errors` says where it is wrong."))
    return found.json


async def test_what_cannot_be_read(fern: Caller, world: World) -> None:
    """400, 413, 415: no JSON, too much of it, another type."""
    json = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"\xff", b'{"type": "\\ud800"}', b"[" * 100_000, b'{"type": NaN}'):
        found = await fern.ask("POST", "/cases", data=body, headers=json)
        assert found.status in (400, 422), body
        is_problem(found, found.status, {400: "not-json", 422: "invalid-request"}[found.status])
    found = await fern.ask("POST", "/cases", data=io.BytesIO(b" " * 1_048_577), headers=json)
    is_problem(found, 413, "request-entity-too-large")
    found = await fern.ask("POST", "/cases", data=b"type=a")
    is_problem(found, 415, "unsupported-media-type")
    assert len((await fern.get("/cases"))["cases"]) == 1


async def test_what_cannot_be_used(fern: Caller, world: World) -> None:
    """422 names the field; unknown fields, other types, capped sizes, NUL, values of the rules."""
    place = f"/cases/{world.case}/facts"
    known = {"kind": "contact_order", "value": "none"}
    for field, body in (
        ("extra", known | {"extra": 1}),
        ("value", {"kind": "contact_order"}),
        ("kind", known | {"kind": "nonsense"}),
        ("note", known | {"note": NUL}),
        ("note", known | {"note": "x" * 10_001}),
        ("note", known | {"note": 5}),
        ("until", known | {"until": "2031-01-01T00:00:00"}),
        ("until", known | {"until": "9999-12-31T23:59:59-12:00"}),
    ):
        problem = is_problem(await fern.ask("POST", place, body), 422, "invalid-request")
        assert [error["field"] for error in problem["errors"]] == [field]
        assert NUL not in str(problem)
    problem = is_problem(await fern.ask("POST", place, known | {"value": "often"}), 422, "bad-input")
    assert problem["errors"][0]["field"] == "value"
    twice = await fern.ask("GET", "/cases", params=[("show", "mine"), ("show", "all")])
    assert is_problem(twice, 422, "invalid-request")["errors"][0]["field"] == "show"


async def test_who_may_not(api: Api, fern: Caller, world: World) -> None:
    """401, 403 in its two kinds, 404, 405 with what is allowed."""
    is_problem(await api.nobody().ask("GET", "/cases"), 401, "sign-in-needed")
    is_problem(await api.nobody().ask("POST", "/cases", {}), 401, "sign-in-needed")
    is_problem(await fern.ask("GET", "/accounts"), 403, "not-allowed")
    is_problem(await fern.ask("POST", "/tokens", {"label": "x"}), 403, "step-up-needed")
    for path in ("/nothing", "/cases/nonsense", f"/messages/{world.case}", "/problems/nonsense"):
        is_problem(await fern.ask("GET", path), 404, "not-found")
    found = await fern.ask("DELETE", "/cases")
    is_problem(found, 405, "method-not-allowed")
    assert set(found.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


async def test_what_is_not_possible_yet_says_why(api: Api, fern: Caller, world: World) -> None:
    """409: a refusal of the rules carries each reason with who may clear it and where; a clash carries none."""
    message = await world.letter()
    body = {"content_note": "A letter.", "told_by": "phone"}
    problem = is_problem(await fern.ask("POST", f"/messages/{message}/offer", body), 409, "refused")
    assert problem["reasons"][0] == {
        "condition": "5",
        "code": "approval",
        "sentence": "A facilitator has not approved this version.",
        "who": "A facilitator of the case",
        "form": "message.review",
    }
    late = {"digest": "0" * 64, "ticks": [], "understood": "myself"}
    late["ticks"] = ["right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure"]
    problem = is_problem(await fern.ask("POST", f"/messages/{message}/approve", late), 409, "conflict")
    assert "reasons" not in problem


async def test_wrong_codes_make_the_account_wait(api: Api, fern: Caller) -> None:
    """429 after the fifth; before it, the same sentence each time."""
    for _ in range(5):
        is_problem(await fern.ask("POST", "/step-up", {"code": "000000"}), 422, "bad-input")
    is_problem(await fern.ask("POST", "/step-up", {"code": "000000"}), 429, "wait-a-while")
    told = {"login": "nobody", "password": "wrong", "code": "000000"}
    is_problem(await api.nobody().ask("POST", "/sign-in", told), 401, "sign-in-refused")


async def test_a_fault_gets_a_reference_and_nothing_else(service: Service, fern: Caller) -> None:
    """500: no class, no place, no value of the fault."""
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("alter table cases rename to elsewhere"))
    problem = is_problem(await fern.ask("GET", "/cases"), 500, "internal-server-error")
    assert problem["instance"].startswith("urn:reference:")
    assert not {"elsewhere", "cases", "psycopg"} & set(str(problem).replace("'", " ").split())


async def test_what_the_record_cannot_take_is_not_done(service: Service, fern: Caller, world: World) -> None:
    """503, and the fact is not there."""
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("alter table ledger_pending rename to elsewhere"))
    fact = {"kind": "pause", "value": "on"}
    found = await fern.ask("POST", f"/cases/{world.case}/facts", fact)
    is_problem(found, 503, "ledger-unavailable")
    assert (await fern.get(f"/cases/{world.case}/facts/pause"))["facts"] == []


async def test_every_type_of_problem_is_explained(api: Api) -> None:
    """At the address that the type names, for everybody."""
    names = {type_name(kind): kind for kind in (ExchangeError, *ExchangeError.__subclasses__())}
    for name, kind in names.items():
        found = await api.nobody().get(f"/problems/{name}")
        assert (found["status"], found["sentence"]) == (kind.status, kind.sentence())
    for status in TITLES:
        assert (await api.nobody().get(f"/problems/{type_name(status)}"))["status"] == status
