"""The people of Jordan, in a world of two nations."""

from __future__ import annotations

import pytest

from mithaq.kernel.people import password
from tests.kernel.people.staff import Staff
from tests.worlds import World


@pytest.fixture
def staff(world: World) -> Staff:
    return Staff(world.jo, world.clock)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that are hashed as ever, but with less work: most tests are of what comes after."""
    monkeypatch.setattr(password, "MEMORY_KIB", 1024)
    monkeypatch.setattr(password, "PASSES", 1)
