"""Two nations for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds import World, two_nations


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made
