"""The OpenAPI document is valid, and says of every operation what is declared."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from starlette.testclient import TestClient

from mithaq.api.inside import inside_app
from mithaq.kernel.node_acts import NODE_ACTS
from mithaq.kernel.plug import Command, Question
from tests.api.people import TOKEN, client
from tests.worlds import World


@pytest.fixture
def told(world: World) -> dict[str, Any]:
    found: dict[str, Any] = client(world.jo, "").get("/v1/openapi.json").json()
    return found


def test_it_is_valid_by_a_foreign_validator(told: dict[str, Any], world: World) -> None:
    schemathesis.openapi.from_asgi("/v1/openapi.json", inside_app(world.jo, TOKEN)).validate()
    assert told["openapi"].startswith("3.1.")
    for name, schema in told["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_every_declaration_is_an_operation(told: dict[str, Any], world: World) -> None:
    named = {item["operationId"]: (path, item) for path, verbs in told["paths"].items() for item in verbs.values()}
    everything: list[Command | Question] = [*world.jo.commands.values(), *world.jo.questions.values()]
    for declared in everything:
        path, item = named[declared.name]
        assert path == "/v1/" + declared.name.replace(".", "/")
        assert item["summary"] == declared.summary
    assert set(NODE_ACTS) <= named.keys()


def test_names_of_operations_are_unique_and_every_reference_leads_somewhere(told: dict[str, Any]) -> None:
    names = [item["operationId"] for verbs in told["paths"].values() for item in verbs.values()]
    assert len(names) == len(set(names))
    for reference in references(told):
        assert reference.removeprefix("#/components/schemas/") in told["components"]["schemas"], reference


def test_what_needs_nobody_to_be_known_is_said_and_is_all(told: dict[str, Any], world: World) -> None:
    stranger = TestClient(inside_app(world.jo, TOKEN))
    for path, verbs in told["paths"].items():
        for verb, item in verbs.items():
            if item.get("security") == [] and item["operationId"] != "node.health":
                continue
            answered = stranger.request(verb.upper(), path)
            assert (answered.status_code == 401) is (item.get("security") != []), (verb, path)
    opened = {item["operationId"] for verbs in told["paths"].values() for item in verbs.values() if "security" in item}
    assert opened == {"api.openapi", "node.health", "session.open", "session.accept", "session.confirm"}


def test_commands_take_a_key_and_those_that_may_wait_say_so(told: dict[str, Any], world: World) -> None:
    for command in world.jo.commands.values():
        item = told["paths"]["/v1/" + command.name.replace(".", "/")]["post"]
        assert [each["name"] for each in item["parameters"]] == ["Idempotency-Key", "Mithaq-Break-Glass"]
        assert ("202" in item["responses"]) is (command.second is not None)
        assert "422" in item["responses"]


def test_errors_are_problem_documents(told: dict[str, Any]) -> None:
    for verbs in told["paths"].values():
        for item in verbs.values():
            for status, response in item["responses"].items():
                if int(status) >= 400 and (item["operationId"], status) != ("node.health", "503"):
                    assert set(response["content"]) == {"application/problem+json"}


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for item in value.values() for each in references(item)]
    return [each for item in value for each in references(item)] if isinstance(value, list) else []
