"""An auditor without a node checks what both nations exported, with a tool that knows nothing of Mithaq."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mithaq.cli.rehearsal import Rehearsal
from mithaq.kernel.link.log.proof_file import read_proof
from tests.processes.test_exchange import mithaq
from tests.test_docs import ROOT
from tests.worlds import alert

TOOL = ROOT / "tools" / "verify_link.py"
COUNT = 450  # more than two pages


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sides of JO>SA exported, the proof of number 7, its message, and both cards."""
    folder = tmp_path_factory.mktemp("exports")
    rehearsal = Rehearsal(folder)
    with rehearsal:
        rows = [alert(plate=f"P-{n}") for n in range(COUNT)]
        rehearsal.nations["JO"].do("intelligence.alert-vehicles", {"rows": rows})
        rehearsal.settle()
    for party, nation in rehearsal.nations.items():
        done = mithaq(nation.home.path, "link", "export", "JO", "SA", "--out", str(folder / f"{party}.ndjson"))
        assert done.returncode == 0, done.stderr
        (folder / f"{party}.card").write_bytes(nation.home.card.read_bytes())
    home = rehearsal.nations["SA"].home.path
    assert mithaq(home, "link", "prove", "JO", "SA", "7", "--out", str(folder / "7.tlog-proof")).returncode == 0
    (folder / "7.json").write_text(_lines(folder / "JO.ndjson")[7]["message"]["content"])
    return folder


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def verify(what: str, file: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The tool, in a Python that cannot see Mithaq."""
    code = (
        "import runpy, sys; sys.modules['mithaq'] = None; sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    cards = ["--sender", str(folder / "JO.card"), "--receiver", str(folder / "SA.card")]
    command = [sys.executable, "-c", code, str(TOOL), what, str(file), *cards, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_both_sides_hold_and_are_the_same(exports: Path) -> None:
    ours = verify("export", exports / "JO.ndjson", exports)
    assert ours.returncode == 0, ours.stdout + ours.stderr
    assert re.search(rf"holds: JO>SA, {COUNT} messages, [1-9]\d* checkpoints, [1-9]\d* receipts", ours.stdout)
    assert verify("export", exports / "SA.ndjson", exports).returncode == 0
    done = mithaq(exports, "link", "compare", str(exports / "JO.ndjson"), str(exports / "SA.ndjson"))
    assert (done.returncode, done.stdout.strip()) == (0, "both hold the same messages")
    assert (exports / "JO.ndjson").stat().st_mode & 0o077 == 0


def _changed(exports: Path, folder: Path, change: Any) -> Path:
    lines = _lines(exports / "JO.ndjson")
    change(lines)
    path = folder / "changed.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _other_content(lines: list[dict[str, Any]]) -> None:
    lines[9]["message"]["content"] = lines[9]["message"]["content"].replace("P-8", "P-9")


def _other_entry(lines: list[dict[str, Any]]) -> None:
    lines[9]["message"] |= {"entry": base64.b64encode(os.urandom(32)).decode()}
    del lines[9]["message"]["content"]


def _left_out(lines: list[dict[str, Any]]) -> None:
    del lines[9]


def _refused(lines: list[dict[str, Any]]) -> None:
    lines[9]["message"]["outcome"] = "refused"


def _without(name: str) -> Any:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[:] = [line for line in lines if name not in line]

    return change


def _forged(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if "checkpoint" in line:
            line["checkpoint"]["text"] = line["checkpoint"]["text"].replace("mithaq/JO/SA ", "mithaq/JO/SA A", 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_other_content, "message 9 is not the one"),
        (_other_entry, "not the root of the messages"),
        (_left_out, "number 9 is missing"),
        (_refused, "says otherwise of message 9"),
        (_without("receipt"), "the receipt of message 1 is missing"),
        (_without("checkpoint"), "nobody signed this log"),
        (_forged, "lacks a signature"),
    ],
)
def test_whatever_was_changed_is_found(exports: Path, tmp_path: Path, change: Any, told: str) -> None:
    found = verify("export", _changed(exports, tmp_path, change), exports)
    assert found.returncode == 1, found.stdout + found.stderr
    assert told in found.stdout


def test_the_first_difference_of_two_exports_is_named(exports: Path, tmp_path: Path) -> None:
    for change, told in ((_left_out, "number 9 is missing in the export of JO"), (_other_entry, "number 9 is ")):
        path = _changed(exports, tmp_path, change)
        done = mithaq(exports, "link", "compare", str(path), str(exports / "SA.ndjson"))
        assert done.returncode == 1
        assert done.stdout.startswith(told)
    cut = tmp_path / "cut.ndjson"
    cut.write_text("".join((exports / "SA.ndjson").read_text().splitlines(keepends=True)[:301]))
    done = mithaq(exports, "link", "compare", str(exports / "JO.ndjson"), str(cut))
    assert done.stdout.strip() == "number 301 is missing in the export of SA"


def test_a_proof_is_checked_without_a_node(exports: Path, tmp_path: Path) -> None:
    proof, message = exports / "7.tlog-proof", exports / "7.json"
    found = verify("proof", proof, exports, "--message", str(message))
    assert (found.returncode, found.stdout.split(":")[0]) == (0, "holds"), found.stdout + found.stderr
    assert read_proof(proof.read_text()).index == 6
    other = tmp_path / "other.json"
    other.write_text(message.read_text().replace("P-6", "P-5"))
    assert verify("proof", proof, exports, "--message", str(other)).returncode == 1
    lines = proof.read_text().split("\n")
    lines[4] = base64.b64encode(os.urandom(32)).decode()
    (tmp_path / "bad.tlog-proof").write_text("\n".join(lines))
    found = verify("proof", tmp_path / "bad.tlog-proof", exports, "--message", str(message))
    assert "does not lead to the signed root" in found.stdout
