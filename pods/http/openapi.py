"""What the OpenAPI document says of a route beyond its path: credentials, body, answers and problems."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import Response

from vocab import schemas

JSON, FORM, PROBLEM = "application/json", "application/x-www-form-urlencoded", "application/problem+json"
Schema = Mapping[str, Any]
"""A JSON Schema; OpenAPI 3.1 takes it as it is."""

OBJECT: Schema = {"type": "object"}
LIST: Schema = {"type": "array", "items": OBJECT}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
BYTES: Schema = {"type": "string", "format": "binary"}

_PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
}
_OAUTH_ERROR: Mapping[str, Any] = {
    JSON: {"schema": {"type": "object", "required": ["error"], "properties": {"error": TEXT}}}
}
_CREDENTIALS: Mapping[str, Schema] = {
    "dpop": {
        "type": "http",
        "scheme": "DPoP",
        "description": "An access token of Solid-OIDC, with a proof of its key in the DPoP header (RFC 9449).",
    },
}


def described(
    answer: Schema | None = None,
    *,
    status: int = 200,
    also: Sequence[int] = (),
    media_types: Sequence[str] = (JSON,),
    body: Schema | None = None,
    body_types: Sequence[str] = (JSON,),
    query: Mapping[str, Schema] | None = None,
    places: Sequence[str] = (),
    token: bool = False,
    oauth: bool = False,
) -> dict[str, Any]:
    """Return the arguments of `add_api_route` that describe a route.

    `answer` is the schema of the answer to success, None where it has no content; `also` are further
    statuses of success; `places` are the parameters of the path. Whatever fails is a problem document (RFC 9457), or an error of OAuth (RFC 6749, 5.2).
    """
    content = {kind: {"schema": answer if kind.endswith("json") else TEXT} for kind in media_types}
    good = {"content": content} if answer is not None else {}
    extra: dict[str, Any] = {}
    if body is not None:
        extra["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": body} for kind in body_types},
        }
    extra["parameters"] = [
        *({"name": name, "in": "path", "required": True, "schema": TEXT} for name in places),
        *({"name": name, "in": "query", "schema": schema} for name, schema in (query or {}).items()),
    ]
    if token:
        extra["security"] = [{"dpop": []}]
    return {
        "status_code": status,
        "response_class": Response,
        "responses": {
            **{number: {"description": "Done", **good} for number in (status, *also)},
            "default": {
                "description": "What went wrong, and what to do",
                "content": {PROBLEM: {"schema": _PROBLEM}, **(_OAUTH_ERROR if oauth else {})},
            },
        },
        "openapi_extra": extra,
    }


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with these members and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def form(required: Sequence[str], optional: Sequence[str] = ()) -> Schema:
    """Return the schema of a form with these fields of text."""
    return record(dict.fromkeys(required, TEXT), dict.fromkeys(optional, TEXT))


def named(name: str) -> Schema:
    """Return one of the published JSON Schemas, with what it refers to written in its place."""
    whole = json.loads(schemas.source(name))
    definitions = whole.pop("$defs", {})
    for key in ("$schema", "$id"):
        whole.pop(key, None)

    def written_out(part: Any) -> Any:
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                return written_out(definitions[reference.removeprefix("#/$defs/")])
            return {key: written_out(value) for key, value in part.items()}
        return [written_out(item) for item in part] if isinstance(part, list) else part

    found: Schema = written_out(whole)
    return found


def publish(app: FastAPI) -> None:
    """Write the application's document, with the credentials that routes ask for; then let GET routes take HEAD."""
    document = get_openapi(title=app.title, version=app.version, routes=app.router.routes)
    document.setdefault("components", {})["securitySchemes"] = dict(_CREDENTIALS)
    app.openapi = lambda: document  # type: ignore[method-assign]  # as FastAPI's documentation has it
    for route in app.router.routes:
        # RFC 9110, 9.1: a server "MUST" support GET and HEAD; FastAPI leaves HEAD out.
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")
