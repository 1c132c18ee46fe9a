"""docs/api.md says what a caller may meet: every status, every code of the API itself, every event."""

from __future__ import annotations

import re
from pathlib import Path

from mithaq import api, kernel
from tests.api.people import client
from tests.test_docs import ROOT
from tests.worlds import World

PAGE = (ROOT / "docs" / "api.md").read_text()


def test_every_status_is_in_the_table(world: World) -> None:
    told = client(world.jo).get("/v1/openapi.json").json()
    statuses = {status for verbs in told["paths"].values() for item in verbs.values() for status in item["responses"]}
    assert statuses | {"405"} == set(re.findall(r"^\| ([0-9]{3}) \|", PAGE, re.M))


def test_every_code_that_the_api_itself_gives_is_there() -> None:
    source = "".join(path.read_text() for path in folder(api).glob("*.py") if path.name not in ("serve.py", "link.py"))
    codes = set(re.findall(r'(?:Invalid|Malformed|NotAllowed|NotFound|Clash)\(\s*"([a-z-]+)"', source))
    codes |= {"path", "method", "too-many"}
    assert len(codes) > 10
    for code in codes - {"metrics"}:
        assert f"`{code}`" in PAGE, code


def test_every_sort_of_event_is_there() -> None:
    source = "".join(path.read_text() for path in folder(kernel).rglob("*.py"))
    named = set(re.findall(r'(?:journal\.add|_note)\(\s*"([a-z]+)"', source)) - {"deferred"} | {"received", "refused"}
    assert len(named) > 6
    for name in named:
        assert f"`{name}`" in PAGE, name


def folder(package: object) -> Path:
    return Path(str(getattr(package, "__file__", ""))).parent
