"""The description and what is served are the same; the description is valid OpenAPI 3.1."""

import ast
import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
from schemathesis.specs.openapi.definitions import OPENAPI_31

import exchange.web
from exchange.core.access import RULES
from exchange.store.service import Service
from exchange.web.api.openapi import document, statuses
from exchange.web.api.table import ENDPOINTS
from exchange.web.console.app import create
from exchange.web.frame import PUBLIC, route_census
from tests.support.api import running_api


def described() -> set[tuple[str, str]]:
    """(method, path) of the document."""
    return {(method.upper(), path) for path, place in document()["paths"].items() for method in place}


async def test_everything_served_is_described_and_the_other_way_round(service: Service) -> None:
    """HEAD is answered wherever GET is, so it is described only where it means something of its own."""
    census = route_census(await create(service))
    served = {(method, path) for method, path, _ in census if path.startswith("/api")}
    heads = {(method, path) for method, path in served if method == "HEAD"}
    assert {("GET", path) for _, path in heads} <= served
    assert served - heads == {one for one in described() if one[0] != "HEAD"}
    assert {one for one in described() if one[0] == "HEAD"} <= heads


async def test_every_endpoint_has_a_permission_of_the_table(service: Service) -> None:
    """Only signing in, the description and the meaning of problems are for everybody."""
    census = route_census(await create(service))
    public = {path for _, path, permission in census if path.startswith("/api") and permission is PUBLIC}
    assert public == {"/api/v1/sign-in", "/api/v1/openapi.json", "/api/v1/problems/{problem}"}
    assert all(one.permission is PUBLIC or one.permission in RULES for one in ENDPOINTS)


def test_the_description_is_valid() -> None:
    """Against the JSON schema of OpenAPI 3.1, and every reference leads somewhere."""
    whole = json.loads(json.dumps(document()))
    assert whole["openapi"] == "3.1.0"
    assert [str(error.message) for error in jsonschema_rs.validator_for(OPENAPI_31).iter_errors(whole)] == []
    for reference in references(whole):
        found: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_schema_is_valid_and_every_request_is_closed() -> None:
    """JSON Schema 2020-12; no request takes a field that is not described."""
    schemas = document()["components"]["schemas"]
    for name, schema in schemas.items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert schema.get("description") or "enum" in schema, name
    for operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "schema" in content:
                name = content["schema"]["$ref"].rsplit("/", 1)[1]
                assert schemas[name]["additionalProperties"] is False


def test_operations_have_names_of_their_own_and_a_summary() -> None:
    """So that clients can be generated."""
    names = [operation["operationId"] for operation in operations()]
    assert len(names) == len(set(names))
    assert all(operation["summary"].endswith(".") for operation in operations())


def test_who_changes_something_is_told_of_every_refusal() -> None:
    """Each changing endpoint describes 401, 403, 409, 422 and the faults; each with a body 413 and 415."""
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" and endpoint.permission is not PUBLIC:
            assert {401, 403, 409, 422, 500, 503} <= set(statuses(endpoint))
        if endpoint.asks and not endpoint.in_query:
            assert {400, 413, 415, 422} <= set(statuses(endpoint))


async def test_the_description_is_for_everybody(service: Service) -> None:
    """Without a token."""
    async with running_api(service) as api:
        assert (await api.nobody().get("/openapi.json")) == json.loads(json.dumps(document()))


def operations() -> list[dict[str, Any]]:
    """Every operation of the document."""
    return [operation for place in document()["paths"].values() for operation in place.values()]


def references(found: Any) -> set[str]:
    """Every $ref below."""
    if isinstance(found, dict):
        own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set()
        return own.union(*(references(each) for each in found.values()))
    return set().union(*(references(each) for each in found)) if isinstance(found, list) else set()


# what belongs to a browser's own session: signing in and out, one's own password, second factor, passkeys, codes
OF_A_BROWSER = {
    "accounts.begin_enrolment", "accounts.choose_password", "accounts.pending_enrolment",
    "accounts.replace_factor", "demo_code.code_to_show", "demo_code.pending_code_to_show",
    "passkeys.begin_enrolment", "passkeys.begin_use", "passkeys.confirm", "passkeys.enrol", "passkeys.passkeys_of",
    "passkeys.may_be_asked", "passkeys.place_of", "passkeys.remove", "passkeys.sign_in", "passkeys.step_up",
    "recovery_codes.confirm", "recovery_codes.left", "recovery_codes.make", "sign_on.begin", "sign_on.finish",
    "sessions.confirm_factor", "sessions.load", "sessions.sign_in", "sessions.sign_out", "sessions.step_up",
}  # fmt: skip


def test_whatever_the_browser_can_do_the_api_can_do() -> None:
    """Every step that a page calls is called by an endpoint too; files go through the same tus server."""
    pages, endpoints = steps_called("console"), steps_called("api") | steps_called("tus.py") | OF_A_BROWSER
    assert len(pages) > 50
    # the list of erasures carries the certificates themselves; what needs you now, the recovery codes that were used
    otherwise = {"tokens.resolve", "settings.service_words", "certificate.certificate", "recovery_codes.waits"}
    assert pages - endpoints - otherwise == set()


def steps_called(place: str) -> set[str]:
    """Every coroutine of `exchange.steps`, as module.name, that the sources at `place` of the web name."""
    root = Path(exchange.web.__file__).parent / place
    found = set()
    for path in [root] if root.is_file() else sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules = {
            name.asname or name.name: name.name
            for one in imports
            if one.module == "exchange.steps"
            for name in one.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                module = modules[node.value.id]
                if inspect.iscoroutinefunction(
                    getattr(importlib.import_module(f"exchange.steps.{module}"), node.attr, None)
                ):
                    found.add(f"{module}.{node.attr}")
    return found
