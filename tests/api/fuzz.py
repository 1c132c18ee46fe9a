"""What all runs of schemathesis share: a node as it is served, and how its answers are judged.

``python -m tests.api.fuzz [--full]`` prints the figures of a run as one JSON object, for ``benchmarks.api``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from mithaq.api import doorstep
from mithaq.api.inside import inside_app
from mithaq.kernel.people.actor import HOME
from tests.api.people import TOKEN
from tests.worlds import World, alert, two_nations

METHODS = ["put", "query"]  # which no path answers
NOTHING, EVERYTHING = "^$", "."
SLOW = "^/v1/(session|intelligence/(correct-.*|alert-(?!vehicle$).*|report-sighting|supplement))$"
"""What takes long to cover: sign-in, which hashes a password each time, and what holds as much as an alert does."""
NOT_CHECKED = ("positive_data_acceptance",)
"""What fits the schema may still be refused. A schema cannot say that a clause forbids it, that a number must be
written 63 and not 63.0 (its bytes are signed), or that a signature must hold; a 400 or 422 says so, with a code."""


@contextmanager
def stated(folder: Path) -> Iterator[World]:
    """Two nations, of which one has released an alert to the other. One address may try to sign in without end."""
    with two_nations(folder) as world, patch.object(doorstep, "BURST", 10**9):
        world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
        world.step()
        yield world


def failures(world: World, *, token: str, examples: int, spared: str = NOTHING) -> tuple[list[str], int]:
    """What does not hold when every operation is called, as its own description allows and does not allow, in process;
    and how many calls that was.

    ``examples`` are drawn for each; those whose path does not match ``spared`` are also called for every keyword of
    their schema, which is many calls.
    """
    settings: dict[str, Any] = {
        "generation": {"max-examples": examples, "database": "none"},
        "phases": {"coverage": {"unexpected-methods": METHODS}},
        "checks": {name: {"enabled": False} for name in NOT_CHECKED},
        "auth": {"openapi": {"token": {"bearer": token}}},
        "operations": [
            # Else the stream of events would never end.
            {"include-path": "/v1/events", "parameters": {"query.follow": "false"}},
            # A server that has stood down answers everything alike.
            {"include-path": "/v1/node/stand-down", "enabled": False},
            {"include-path-regex": spared, "phases": {"coverage": {"enabled": False}}},
        ],
    }
    config = SchemathesisConfig.from_dict(settings)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", inside_app(world.jo, TOKEN), config=config)
    found, calls = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            calls += len(event.recorder.interactions)
            checks = [check for each in event.recorder.checks.values() for check in each]
            infos = [check.failure_info for check in checks if check.failure_info is not None]
            found += [f"{info.failure.operation}: {info.failure}\n{info.code_sample}" for info in infos]
        elif isinstance(event, events.NonFatalError):
            found.append(f"{event.label}: {event.info.title}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found, calls


def main() -> None:
    """Figures of a run: the quick one, or with ``--full`` the whole."""
    spared = NOTHING if "--full" in sys.argv else SLOW
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr), stated(Path(folder)) as world:
        found, calls = failures(world, token=TOKEN, examples=1, spared=spared)
    print(json.dumps({"failures": len(found), "calls": calls}))


if __name__ == "__main__":
    main()
