"""The example client of docs/examples, as it stands there, beside nodes that serve in processes of their own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mithaq.cli.rehearsal import Rehearsal
from tests.test_docs import ROOT
from tests.worlds import alert, rehearsed

EXAMPLE = ROOT / "docs" / "examples" / "client.py"
RECORDS = 130  # more than two pages of 50


@pytest.fixture(scope="module")
def nations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsed(tmp_path_factory.mktemp("nations")) as rehearsal:
        rows = [alert(plate=f"P-{n}") for n in range(RECORDS)]
        rehearsal.nations["JO"].do("intelligence.alert-vehicles", {"rows": rows})
        yield rehearsal


@pytest.fixture
def node(nations: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A ``Node`` of the example."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    spec = importlib.util.spec_from_file_location("example_client", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Node(url(nations), nations.nations["JO"].home.token.read_text())


def url(nations: Rehearsal) -> str:
    return str(json.loads(nations.nations["JO"].home.serving.read_bytes())["inside"])


def test_it_is_short_enough_to_be_read() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60


def test_an_alert_that_is_sent_twice_is_one_alert(node: Any) -> None:
    first = node.call("intelligence.alert-vehicle", alert(plate="ONCE"), key="once")
    assert node.call("intelligence.alert-vehicle", alert(plate="ONCE"), key="once") == first


def test_a_list_is_walked_page_by_page(node: Any) -> None:
    keys = [each["key"] for each in node.walk("intelligence.search")]
    assert len(keys) == len(set(keys)) >= RECORDS


def test_a_refusal_is_told_as_a_problem(node: Any) -> None:
    with pytest.raises(RuntimeError) as told:
        node.call("intelligence.alert-vehicle", alert(purpose="nonsense"), key="refused")
    assert json.loads(str(told.value))["status"] == 400


def test_what_happened_is_followed_from_the_last_id_and_after_a_restart_of_the_node(
    node: Any, nations: Rehearsal
) -> None:
    id, what, data = next(node.follow("0"))
    assert (id, what) == ("1", "record")
    assert data["subject"].startswith("JO-")
    stream = node.follow(id)
    followed = [each[0] for each in islice(stream, 5)]
    assert followed == ["2", "3", "4", "5", "6"]
    stream.close()


def test_as_a_program_it_sends_lists_and_follows(nations: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(alert(plate="FILE-1")))
    command = [sys.executable, str(EXAMPLE), url(nations), str(nations.nations["JO"].home.token), str(file), "0"]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        stated = json.loads(program.stdout.readline())
        assert stated["released"] == ["SA"]
        for line in program.stdout:
            found = json.loads(line)
            if isinstance(found, list) and found[1] == "record" and found[2]["subject"] == f"{stated['id']}/1":
                break
        else:
            pytest.fail("its own alert was not among the events")
        program.terminate()
