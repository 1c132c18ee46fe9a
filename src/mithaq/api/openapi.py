"""The OpenAPI 3.1 document of a node, made from what is declared. Nothing of it is written by hand twice."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from mithaq.api import body, problems
from mithaq.api.operation import Operation
from mithaq.kernel.canonical import MAX_INT
from mithaq.kernel.people.second import Waits
from mithaq.kernel.plug import Capability

VERSION = "1"
REFERENCE = "#/components/schemas/{name}"
USUAL = (400, 415, 500, 503)  # what any call may be answered
KNOWN = (401, 403, 404)  # and what any call of somebody who must be known
KEY = {
    "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": body.KEY},
    "description": "the same key with the same body again is the same act, and is given the same answer, for 24 hours",
}  # fmt: skip
GLASS = {
    "name": "Mithaq-Break-Glass", "in": "header", "schema": {"type": "string", "pattern": body.GLASS},
    "description": "why the act is done without the second person it needs; reviewed within 24 hours",
}  # fmt: skip


def document(party: str, capabilities: Iterable[Capability], operations: Iterable[Operation]) -> bytes:
    """The document as JSON. Every node has its own: it may have other capabilities than its neighbour."""
    all_of_them = tuple(operations)
    schemas, components = _schemas(all_of_them)
    paths: dict[str, dict[str, Any]] = {}
    for operation in all_of_them:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _item(operation, schemas)
    used = {operation.tag for operation in all_of_them}
    said = {each.name: each.summary for each in capabilities}
    found = {
        "openapi": "3.1.0",
        "info": {"title": f"Mithaq node of {party}", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "tags": [{"name": tag, **({"description": said[tag]} if tag in said else {})} for tag in sorted(used)],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip
    return msgspec.json.encode(found)


class Schemas:
    """The schema of each type, by what it is."""

    def __init__(self, types: list[Any], found: tuple[dict[str, Any], ...]) -> None:
        self._pairs = list(zip(types, found, strict=True))

    def __call__(self, of: Any) -> dict[str, Any]:
        return next(schema for each, schema in self._pairs if each is of)


def _schemas(operations: tuple[Operation, ...]) -> tuple[Schemas, dict[str, Any]]:
    types: list[Any] = [problems.Problem, Waits]
    for each in operations:
        types += [given for given in (each.takes, each.gives, *dict(each.others).values()) if given is not None]
    found, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    return Schemas(types, found), {name: _tidy(schema) for name, schema in components.items()}


def _item(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    item: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": dict(_responses(operation, schemas)),
    }
    parameters = [*operation.parameters, *((KEY, GLASS) if operation.sort == "command" else ())]
    if parameters:
        item["parameters"] = parameters
    if operation.takes is not None:
        item["requestBody"] = {"required": _needs_body(operation), "content": _content(schemas(operation.takes))}
    if operation.open:
        item["security"] = []
    return item


def _responses(operation: Operation, schemas: Schemas) -> Iterator[tuple[str, Any]]:
    answer: dict[str, Any] = {"description": "done" if operation.sort == "command" else "the answer"}
    if operation.gives is not None:
        answer["content"] = _content(_tidy(schemas(operation.gives)), operation.media)
    elif operation.status == 200:
        answer["content"] = {operation.media: {"schema": {"type": "string"}}}
    yield str(operation.status), answer
    if operation.waits:
        yield "202", {"description": "waits for a second person", "content": _content(schemas(Waits))}
    other = dict(operation.others)
    for status in sorted({*USUAL, *(() if operation.open else KNOWN), *operation.problems}):
        content = _content(schemas(problems.Problem), problems.MEDIA_TYPE)
        if status in other:
            content = _content(schemas(other[status]))
        yield str(status), {"description": HTTPStatus(status).phrase, "content": content}


def _content(schema: dict[str, Any], media: str = "application/json") -> dict[str, Any]:
    return {media: {"schema": schema}}


def _needs_body(operation: Operation) -> bool:
    return any(field.required for field in msgspec.structs.fields(operation.takes))


def _tidy(schema: Any) -> Any:
    """A schema as people read it: docstrings without their indentation, and the bounds that every integer has."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _tidy(each) for name, each in schema.items()}
    if isinstance(found.get("description"), str):
        found["description"] = inspect.cleandoc(found["description"]).replace("``", "`")
    if found.get("type") == "integer":
        bounds = {"minimum": -MAX_INT, "maximum": MAX_INT}
        found |= {
            name: bound for name, bound in bounds.items() if not {name, f"exclusive{name.title()}"} & found.keys()
        }
    return found
