"""Every operation, called with what its description allows and with what it does not: answers are as described."""

from __future__ import annotations

from pathlib import Path

from tests.api.fuzz import EVERYTHING, SLOW, failures, stated
from tests.api.people import TOKEN, client, enrol


def test_every_operation_answers_as_it_is_described(tmp_path: Path) -> None:
    with stated(tmp_path) as world:
        found, calls = failures(world, token=TOKEN, examples=1, spared=SLOW)
    assert not found, "\n\n".join(found)
    assert calls > 2_000


def test_so_it_does_for_an_officer_who_may_do_little(tmp_path: Path) -> None:
    with stated(tmp_path) as world:
        token = enrol(client(world.jo), world.jo, "huda", "oversight")
        found, calls = failures(world, token=token, examples=1, spared=EVERYTHING)
    assert not found, "\n\n".join(found)
    assert calls > 100
