"""A nation goes by the words, kinds and floor that it has adopted by its own signature, and by no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mithaq.adapters.store.sql import open_store
from mithaq.assembly import adopt_files, init_home, load_keys, open_home, read_adoption
from mithaq.config import Config, Home
from mithaq.errors import MithaqError
from tests.worlds import START


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "jo")
    init_home(made, Config(party="JO", names={"en": "Jordan"}), at=START)
    return made


def change_floor(home: Home) -> None:
    path = home.law / "floor.json"
    law = json.loads(path.read_bytes())
    path.write_text(json.dumps({**law, "note": "another floor"}))


def change_kinds(home: Home) -> None:
    kinds = json.loads(home.kinds.read_bytes())
    kinds["kinds"] = dict.fromkeys(kinds["kinds"], "sha256:" + "0" * 64)
    home.kinds.write_text(json.dumps(kinds))


def change_signed(home: Home) -> None:
    envelope = json.loads(home.adopted.read_bytes())
    envelope["signatures"][0]["sig"] = envelope["signatures"][1]["sig"]
    home.adopted.write_text(json.dumps(envelope))


def another_nations(home: Home) -> None:
    other = Home(home.path.parent / "sa")
    init_home(other, Config(party="SA", names={"en": "Saudi Arabia"}), at=START)
    home.adopted.write_bytes(other.adopted.read_bytes())


@pytest.mark.parametrize("change", [change_floor, change_kinds, change_signed, another_nations])
def test_what_was_not_adopted_is_not_gone_by(home: Home, change: Callable[[Home], None]) -> None:
    change(home)
    with pytest.raises(MithaqError):
        open_home(home, store=open_store(":memory:"))


def test_adopting_the_changed_floor_is_an_act_of_its_own(home: Home) -> None:
    before = read_adoption(home)
    change_floor(home)
    adopt_files(home, load_keys(home), START)
    after = read_adoption(home)
    assert after.floor != before.floor
    assert after.vocabulary == before.vocabulary
    open_home(home, store=open_store(":memory:")).close()


def test_a_home_of_before_adoptions_goes_by_its_files(home: Home) -> None:
    home.adopted.unlink()
    open_home(home, store=open_store(":memory:")).close()
