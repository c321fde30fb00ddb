"""Judges requests and replies by GitHub's published OpenAPI description (npm `@octokit/openapi`)."""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from world.faults import Reply
from world.loopback import Request

DESCRIPTION = Path(__file__).parents[1] / "node_modules/@octokit/openapi/generated/api.github.com.json"
API_VERSIONS = ("2022-11-28", "2026-03-10")
MAXIMUM_PER_PAGE = 100
_BASE = "urn:github"
_MEDIA = "application/json"

Schema = Mapping[str, Any]

_NAME = {"in": "path", "required": True, "schema": {"type": "string"}}
_POLICIES = {
    "parameters": [
        {"name": "owner", **_NAME},
        {"name": "repo", **_NAME},
        {"name": "per_page", "in": "query", "schema": {"type": "integer", "default": 30}},
        {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
        {"name": "has_parents", "in": "query", "schema": {"type": "boolean", "default": True}},
    ],
    "responses": {
        "200": {
            "content": {
                _MEDIA: {
                    "schema": {
                        "type": "object",
                        "required": ["total_count", "policies"],
                        "properties": {"total_count": {"type": "integer"}, "policies": {"type": "array"}},
                    }
                }
            }
        },
        "404": {},
    },
}
NEWER = {"/repos/{owner}/{repo}/actions/policies": {"get": _POLICIES}}
"""What GitHub documents ("REST API endpoints for GitHub Actions policies") and this description is too old for."""


@dataclass(frozen=True)
class Operation:
    """One method on one path template; `pattern` matches the raw paths that mean it."""

    method: str
    template: str
    pattern: re.Pattern[str]
    literals: int
    described: Mapping[str, Any]


class Description:
    """The description, read once; all judgements are lists of sentences, empty where all is well."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        resource = DRAFT4.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource(_BASE, resource)
        self._operations = sorted(self._each_operation(), key=lambda operation: -operation.literals)
        self._meant: dict[tuple[str, str], Operation | None] = {}
        self._validators: dict[int, OAS30Validator] = {}
        """By the identity of the schema, which is a part of the document and stays."""

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a raw path means; of several the one with most literal segments."""
        wanted = "get" if method == "HEAD" else method.lower()
        if (wanted, path) not in self._meant:
            all_meant = (o for o in self._operations if o.method == wanted and o.pattern.fullmatch(path))
            self._meant[wanted, path] = next(all_meant, None)
        return self._meant[wanted, path]

    def request_faults(self, request: Request) -> list[str]:
        """What GitHub's description, or its rules for all requests, would not accept in a request."""
        operation = self.operation(request.method, request.path)
        if operation is None:
            return [f"{request.method} {request.path}: no such operation"]
        faults = [
            *_form_faults(request),
            *self._path_faults(operation, request),
            *self._query_faults(operation, request),
            *self._body_faults(operation, request),
        ]
        return [f"{request.method} {request.target}: {fault}" for fault in faults]

    def reply_faults(self, request: Request, reply: Reply) -> list[str]:
        """Where a reply differs from what the description promises for this request."""
        operation = self.operation(request.method, request.path)
        if operation is None:
            return [f"{request.method} {request.path}: no such operation"]
        name = f"{request.method} {request.target} -> {reply.status}"
        described = operation.described["responses"].get(str(reply.status))
        if described is None:
            return [f"{name}: status not documented"]
        schema = self._follow(described).get("content", {}).get(_MEDIA, {}).get("schema")
        if schema is None or request.method == "HEAD":
            return []
        return [f"{name}: {fault}" for fault in self._json_faults(schema, reply.body)]

    def _each_operation(self) -> Iterator[Operation]:
        methods = ("get", "post", "put", "patch", "delete")
        for template, item in {**NEWER, **self._document["paths"]}.items():
            literals = sum(1 for part in template.split("/") if part and "{" not in part)
            for method in methods:
                if method in item:
                    pattern = re.compile(self._path_pattern(template, item[method]))
                    yield Operation(method, template, pattern, literals, item[method])

    def _path_pattern(self, template: str, described: Mapping[str, Any]) -> str:
        several = {p["name"] for p in self._parameters(described) if p.get("x-multi-segment")}
        parts = re.split(r"\{([^}]+)\}", template)
        pieces = [re.escape(part) for part in parts]
        for index in range(1, len(parts), 2):
            inside = ".+" if parts[index] in several else "[^/]+"
            pieces[index] = f"(?P<{_group(parts[index])}>{inside})"
        return "".join(pieces)

    def _parameters(self, described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [self._follow(parameter) for parameter in described.get("parameters", [])]

    def _follow(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in item:
            found: Any = self._document
            for part in item["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            item = found
        return item

    def _path_faults(self, operation: Operation, request: Request) -> Iterator[str]:
        match = operation.pattern.fullmatch(request.path)
        for parameter in self._parameters(operation.described):
            if match and parameter["in"] == "path":
                value = urllib.parse.unquote(match.group(_group(parameter["name"])))
                yield from self._value_faults(parameter, value)

    def _query_faults(self, operation: Operation, request: Request) -> Iterator[str]:
        known = {p["name"]: p for p in self._parameters(operation.described) if p["in"] == "query"}
        for name, values in request.query.items():
            if name not in known:
                yield f"query parameter {name!r} is unknown"
            elif len(values) > 1:
                yield f"query parameter {name!r} is given {len(values)} times"
            else:
                yield from self._value_faults(known[name], values[0])
        for name, parameter in known.items():
            if parameter.get("required") and name not in request.query:
                yield f"query parameter {name!r} is missing"

    def _value_faults(self, parameter: Mapping[str, Any], text: str) -> Iterator[str]:
        schema, name = self._follow(parameter["schema"]), parameter["name"]
        value = _typed(schema, text)
        for error in self._schema_errors(schema, value):
            yield f"parameter {name!r}: {error}"
        if name == "per_page" and isinstance(value, int) and value > MAXIMUM_PER_PAGE:
            yield f"parameter 'per_page': {value} is more than {MAXIMUM_PER_PAGE}"

    def _body_faults(self, operation: Operation, request: Request) -> list[str]:
        described = operation.described.get("requestBody")
        if described is None:
            return ["a body is sent where none is described"] if request.body else []
        described = self._follow(described)
        if not request.body:
            return ["the body is missing"] if described.get("required") else []
        schema = described.get("content", {}).get(_MEDIA, {}).get("schema")
        return self._json_faults(schema, request.body) if schema else []

    def _json_faults(self, schema: Schema, body: bytes) -> list[str]:
        try:
            value = json.loads(body)
        except ValueError:
            return ["the body is not JSON"]
        return self._schema_errors(schema, value)

    def _schema_errors(self, schema: Schema, value: object) -> list[str]:
        if id(schema) not in self._validators:
            self._validators[id(schema)] = OAS30Validator(_with_absolute_refs(schema), registry=self._registry)
        validator = self._validators[id(schema)]
        errors = [error for error in validator.iter_errors(value) if not _is_nullable_choice(error)]
        found = [(".".join(map(str, e.absolute_path)), e.message[:300]) for e in errors]
        return [f"{where or 'value'}: {message}" for where, message in found]


@functools.cache
def github_description() -> Description:
    """GitHub's description for api.github.com; takes about a third of a second, once."""
    return Description(json.loads(DESCRIPTION.read_bytes()))


def _is_nullable_choice(error: ValidationError) -> bool:
    """Whether a null is only missing in the list of choices of what is said to be nullable.

    GitHub's description leaves it out (a job that runs has no `conclusion`), OpenAPI 3.0.3 wants it there.
    """
    nullable = isinstance(error.schema, Mapping) and error.schema.get("nullable") is True
    return error.validator == "enum" and error.instance is None and nullable


def _group(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _form_faults(request: Request) -> Iterator[str]:
    """GitHub asks every client for a user agent (403 without); an API version keeps replies stable.

    A trailing slash is a 404 there (GitHub docs, "Troubleshooting the REST API").
    """
    if request.path.endswith("/") or "//" in request.path:
        yield "the path has an empty segment"
    agent = request.headers.get("user-agent", "")
    if request.headers.get("x-github-api-version") not in API_VERSIONS and not agent.startswith("GitHub CLI"):
        yield f"X-GitHub-Api-Version is not one of {API_VERSIONS}"
    if not agent:
        yield "User-Agent is missing"


def _typed(schema: Schema, text: str) -> object:
    """The text of a parameter as the schema's type where it can be that, else as it is."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _with_absolute_refs(schema: Any) -> Any:
    """References of a schema taken out of its document, made to point into the registered one.

    Schemas behind a reference are resolved inside the document and need no change.
    """
    if isinstance(schema, list):
        return [_with_absolute_refs(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _with_absolute_refs(value) for key, value in schema.items()}
    if isinstance(schema.get("$ref"), str) and schema["$ref"].startswith("#"):
        changed["$ref"] = _BASE + schema["$ref"]
    return changed
