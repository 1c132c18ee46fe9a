"""Long: processes of one home, and the database's sessions, are killed again and again. Nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import random
import secrets
from pathlib import Path

import httpx2
import pytest

from tests.postgres import server
from tests.together import Process, together, until
from tests.worlds import alert

ROUNDS = 20
ENDED = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'mithaq %'"


@pytest.mark.soak
def test_kill_9_of_any_process_and_of_the_sessions_again_and_again(tmp_path: Path) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    draw, stated = random.Random(seed), 0
    with together(tmp_path, "web", "web", "worker", "worker") as (rehearsal, processes):
        home = processes[0].home

        def state(first: int, count: int) -> None:
            """Until one of them has taken all; their references make saying it again harmless."""
            rows = [alert(plate=f"P-{n}", reference=f"R-{n}") for n in range(first, first + count)]
            while True:
                web = draw.choice([each for each in processes if each.role == "web"])
                with contextlib.suppress(httpx2.HTTPError, AssertionError):
                    web.post("intelligence/alert-vehicles", {"rows": rows})
                    return

        for _ in range(ROUNDS):
            count = draw.randrange(1, 200)
            state(stated, count)
            stated += count
            if draw.random() < 0.3:
                server().ask(ENDED)
            else:
                victim = draw.choice(processes)
                victim.kill()
                processes[processes.index(victim)] = Process(home, victim.role).ready()
        web = next(each for each in processes if each.role == "web")
        until(lambda: all(each["waiting"] == 0 for each in web.post("link/status", {})))
        found = rehearsal.audit()
        for each in processes:
            each.stop()
    assert found["released"] == found["received"] == stated
    assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
    assert found["logs_verified"] == found["logs"] == 2
