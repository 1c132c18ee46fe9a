"""Long: every operation again, with many more calls, as whoever holds the home and as an officer on duty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.fuzz import failures, stated
from tests.api.people import TOKEN, client, enrol

EXAMPLES = 300


@pytest.mark.soak
@pytest.mark.parametrize("role", ["", "duty_officer"])
def test_every_operation_answers_as_it_is_described(tmp_path: Path, role: str) -> None:
    with stated(tmp_path) as world:
        token = enrol(client(world.jo), world.jo, "rania", role) if role else TOKEN
        found, calls = failures(world, token=token, examples=EXAMPLES)
    print(f"{calls} calls", flush=True)
    assert not found, "\n\n".join(found)
