"""Turning pages: from where a list goes on stands in an address, and anybody may write anything there."""

from __future__ import annotations

import pytest

from tests.console.office import officer
from tests.worlds import World


@pytest.mark.parametrize("after", ["9" * 30, "9" * 5000, "٣", "-1", "1.5", "x", str(2**53)])
def test_a_list_goes_on_from_no_place_that_cannot_be(world: World, after: str) -> None:
    client = officer(world, "layla", "oversight")
    assert client.get("/p/core.audit", params={"after": after}).status_code == 404
    assert client.get("/p/core.audit", params={"after": "0"}).status_code == 200
    assert client.get("/p/core.audit", params={"after": str(2**53 - 1)}).status_code == 200
