"""A node that serves in a process of its own: what it takes a caller for, and what it does not start with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mithaq.api.doorstep import BURST
from mithaq.cli.rehearsal import Nation
from mithaq.errors import Unavailable
from tests.worlds import rehearsed


@pytest.fixture
def nation(tmp_path: Path) -> Iterator[Nation]:
    made = rehearsed(tmp_path).nations["JO"]
    yield made
    made.stop()


def test_no_header_makes_a_caller_another_one_and_both_faces_count_together(nation: Nation) -> None:
    nation.start()
    wrong = {"invitation": "mhi_none", "code": "000000"}
    with httpx2.Client(base_url=nation.inside, trust_env=False, headers={"sec-fetch-site": "same-origin"}) as caller:
        told = [
            caller.post("/v1/session/confirm", json=wrong, headers={"x-forwarded-for": f"10.0.0.{n}"}).status_code
            for n in range(BURST + 1)
        ]
        assert told == [401] * BURST + [429]
        form = {"name": "rania", "password": "x", "code": "1"}
        assert caller.post("/sign-in", data=form, headers={"x-forwarded-for": "10.1.0.1"}).status_code == 429


@pytest.mark.parametrize("token", ["", "t" * 31, "\n" * 64])
def test_a_home_token_that_could_be_guessed_is_refused_at_the_start(nation: Nation, token: str) -> None:
    nation.home.token.write_text(token)
    with pytest.raises(Unavailable, match=r"error\[token\]: .*32 characters.*openssl rand"):
        nation.start()


def test_a_home_without_its_token_says_so(nation: Nation) -> None:
    nation.home.token.unlink()
    with pytest.raises(Unavailable, match=r"error\[token\]: .*token: .*cannot be read"):
        nation.start()
