"""Two web processes and two workers on one home, with a partner whose store is a file."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.together import delivering, together, until
from tests.worlds import alert


def test_a_worker_that_is_killed_loses_nothing_and_another_goes_on(tmp_path: Path) -> None:
    with together(tmp_path, "web", "web", "worker", "worker") as (rehearsal, processes):
        webs, workers = processes[:2], processes[2:]
        sa = rehearsal.nations["SA"]

        def state(n: int) -> None:
            rows = [alert(plate=f"P-{n}-{k}") for k in range(10)]
            assert webs[n % 2].post("intelligence/alert-vehicles", {"rows": rows})

        def arrived() -> int:
            return sum(each["accepted"] for each in sa.ask("link.status", {}) if each["link"] == "JO>SA")

        with ThreadPoolExecutor(4) as pool:
            first = list(pool.map(state, range(20)))
            until(lambda: arrived() > 100 and bool(delivering()))
            rest = [pool.submit(state, n) for n in range(20, 50)]
            (holder,) = delivering()
            victim = next(each for each in workers if each.pid == holder)
            victim.kill()
            assert len(first) + len([each.result() for each in rest]) == 50
        until(lambda: arrived() == 500)
        (left,) = (each for each in workers if each is not victim)
        assert delivering() <= {left.pid}
        until(lambda: all(each["waiting"] == 0 for each in webs[0].post("link/status", {})))
        states = [each for web in webs for each in web.post("link/status", {}) if each["link"] == "JO>SA"]
        assert [(each["state"], each["accepted"]) for each in states] == [("up", 500)] * 2
        found = rehearsal.audit()
        assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
        assert found["released"] == found["received"] == 500
        assert found["logs_verified"] == found["logs"] == 2


def test_a_file_has_one_process_and_what_is_said_at_the_terminal_reaches_any_of_several(tmp_path: Path) -> None:
    def mithaq(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mithaq", "--home", str(home), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    with together(tmp_path, "worker") as (rehearsal, _):
        jo, sa = (rehearsal.nations[party].home.path for party in ("JO", "SA"))
        for words in (("node", "serve"), ("node", "serve", "--role", "worker")):
            refused = mithaq(sa, *words)
            assert refused.returncode != 0
            assert "role" in refused.stderr or "locked" in refused.stderr
        assert json.loads(mithaq(jo, "node", "status", "--json").stdout)["party"] == "JO"
        changed = mithaq(jo, "law", "adopt-words")
        assert "locked" in changed.stderr  # a home that is served is not changed below whoever serves it
