"""Long: twenty seeds of 10,000 messages, each ending with 200 messages over a slow line; with gates too."""

from __future__ import annotations

import secrets

import pytest

from tests.chaos.gates import chaos_gates
from tests.chaos.run import chaos, zygote

SEEDS, MESSAGES, SLOW = 20, 10_000, 200


@pytest.mark.soak
def test_chaos() -> None:
    with zygote() as parent:
        for _ in range(SEEDS):
            seed = secrets.randbelow(2**32)
            print(f"seed {seed}", flush=True)
            found = chaos(parent, seed, MESSAGES, slow=SLOW)
            print(found, flush=True)
            assert found.sound, found


@pytest.mark.soak
def test_chaos_with_gates() -> None:
    with zygote() as parent:
        for _ in range(SEEDS):
            seed = secrets.randbelow(2**32)
            print(f"seed {seed}", flush=True)
            found = chaos_gates(parent, seed, MESSAGES, slow=SLOW)
            print(found, flush=True)
            assert found.sound, found
