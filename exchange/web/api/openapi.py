"""The description of the API (OpenAPI 3.1.0), made from the table of endpoints and their models.

https://spec.openapis.org/oas/v3.1.0. Nothing is written twice: paths, permissions, models and errors are
those that are served; a handler's docstring is its summary.
"""

import functools
import inspect
import json
import re
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from exchange import __version__
from exchange.core.access import RULES
from exchange.core.model import ConsentKind, FactKind
from exchange.web.api import uploads, webhooks
from exchange.web.api.endpoint import JSON, PREFIX, Endpoint
from exchange.web.api.problems import Problem
from exchange.web.api.table import ENDPOINTS
from exchange.web.frame.problems import TITLES
from exchange.web.frame.routing import PUBLIC, Csrf, Route
from exchange.web.tus import VERSION

PROBLEM = "application/problem+json"
USUAL = (500, 503)
PROBLEMS = {**TITLES, 416: "There is no such range", 460: "The checksum does not match"}
ABOUT = "What staff do in the browser, through the same steps. Refusals are RFC 9457 problem details."
WORDS: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": "^[a-z][a-z0-9/._-]{0,99}$"},
    "language": {"type": "string", "enum": ["en", "cy"]},
    "problem": {"type": "string", "pattern": "^[a-z-]{1,60}$"},
    "quarter": {"type": "string", "format": "date"},
    "kind": {"type": "string", "enum": sorted({*FactKind, *ConsentKind})},
}
Schema = dict[str, Any]
SELF: Schema = {
    "operationId": "openapi",
    "tags": ["problems"],
    "summary": "This description.",
    "security": [],
    "responses": {"200": {"description": "Done.", "content": {JSON: {}}}},
}


@functools.cache
def document() -> Schema:
    """The whole description."""
    schemas, where = _schemas(ENDPOINTS)
    paths: Schema = {}
    for endpoint in ENDPOINTS:
        place = paths.setdefault(PREFIX + endpoint.path, {})
        place[endpoint.method.lower()] = _operation(endpoint, where)
    for operation in uploads.OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _tus(operation)
    paths[f"{PREFIX}/openapi.json"] = {"get": SELF}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Exchange", "version": __version__, "description": ABOUT},
        "paths": paths,
        "webhooks": webhooks.described(),
        "security": [{"token": []}],
        "components": {
            "schemas": schemas,
            "responses": {f"Problem{status}": _problem(title) for status, title in PROBLEMS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def statuses(endpoint: Endpoint) -> list[int]:
    """Every status of refusal an endpoint can answer with."""
    found = {*USUAL, *endpoint.errors}
    if endpoint.permission is not PUBLIC:
        found |= {401, 403}
    if "{" in endpoint.path:
        found.add(404)
    if endpoint.method != "GET":
        found |= {403, 409, 422, 507}
    if endpoint.asks is not None:
        found |= {404, 422} if endpoint.in_query else {400, 404, 413, 415}
    if endpoint.takes:
        found |= {413, 415}
    return sorted(found)


def _schemas(endpoints: list[Endpoint]) -> tuple[Schema, dict[Any, str]]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for endpoint in endpoints:
        if endpoint.asks is not None:
            wanted.append((endpoint.asks, "validation"))
        if endpoint.answers is not None:
            wanted.append((endpoint.answers, "serialization"))
    made, whole = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    return whole["$defs"], {model: reference["$ref"] for (model, _), reference in made.items()}


def _operation(endpoint: Endpoint, where: dict[Any, str]) -> Schema:
    told = inspect.getdoc(endpoint.act) or ""
    operation: Schema = {
        "operationId": f"{endpoint.act.__module__.rsplit('.', 1)[-1]}.{endpoint.act.__name__}",
        "tags": [endpoint.act.__module__.rsplit(".", 1)[-1]],
        "summary": told.split("\n\n")[0].replace("\n", " "),
        "responses": _responses(endpoint, where),
    }
    if endpoint.permission is PUBLIC:
        operation["security"] = []
    else:
        operation["x-permission"] = str(endpoint.permission)
        operation["description"] = _who(endpoint)
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.asks is not None and not endpoint.in_query:
        schema = {"$ref": where[endpoint.asks]}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    elif endpoint.takes:
        operation["requestBody"] = {"required": True, "content": {endpoint.takes: {}}}
    return operation


def _who(endpoint: Endpoint) -> str:
    rule = RULES[endpoint.permission]
    roles = ", ".join(sorted(rule.roles))
    near = {"any": "", "sees": " who may see the case", "team": " on the case"}[rule.near]
    return f"For: {roles}{near}." + (" Needs the step-up." if rule.step_up else "")


def _parameters(endpoint: Endpoint) -> list[Schema]:
    uuid = {"type": "string", "format": "uuid"}
    found = [
        {"name": name, "in": "path", "required": True, "schema": WORDS.get(name, uuid)}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    if endpoint.asks is None or not endpoint.in_query:
        return found
    schema = endpoint.asks.model_json_schema(ref_template="#/components/schemas/{model}")
    needed = schema.get("required", ())
    return found + [
        {"name": name, "in": "query", "required": name in needed, "schema": each}
        for name, each in schema["properties"].items()
    ]


def _responses(endpoint: Endpoint, where: dict[Any, str]) -> Schema:
    good: Schema = {"description": "Done."}
    if endpoint.answers is not None:
        good["content"] = {JSON: {"schema": {"$ref": where[endpoint.answers]}}}
    elif endpoint.produces != JSON:
        good["content"] = {endpoint.produces: {}}
    found: Schema = {str(endpoint.status): good}
    for status in statuses(endpoint):
        found[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return found


def _problem(title: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {PROBLEM: {"schema": schema}}}


def _tus(operation: uploads.Operation) -> Schema:
    name = {uploads.PLACE: "all", uploads.ONE: "one"}[operation.path]
    needed = [("Tus-Resumable", operation.method != "OPTIONS"), *operation.headers]
    parameters: list[Schema] = [
        {"name": header, "in": "header", "required": required, "schema": {"type": "string"}}
        for header, required in needed
    ]
    parameters[0]["schema"] = {"type": "string", "const": VERSION}
    if operation.path == uploads.ONE:
        uuid = {"type": "string", "format": "uuid"}
        parameters.append({"name": "upload", "in": "path", "required": True, "schema": uuid})
    problems = {str(s): {"$ref": f"#/components/responses/Problem{s}"} for s in operation.errors if s >= 400}
    done: Schema = {str(s): {"description": "Done."} for s in (operation.status, *operation.errors) if s < 400}
    described: Schema = {
        "operationId": f"uploads.{operation.method.lower()}_{name}",
        "tags": ["uploads"],
        "summary": operation.summary,
        "x-permission": "put_in",
        "parameters": parameters,
        "responses": done | problems,
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": {operation.body: {}}}
    return described


async def openapi(_request: web.Request) -> web.Response:
    """The description itself, for everybody: nothing in it is secret."""
    return web.Response(text=json.dumps(document()), content_type=JSON)


ROUTE = Route("GET", f"{PREFIX}/openapi.json", openapi, PUBLIC, csrf=Csrf.BEARER)
