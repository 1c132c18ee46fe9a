"""The face inside the nation: officers and programs call a real node over HTTP, with every commit flushed.

The node serves in a process of its own, with a store in a file, a partner that takes what is released, and 100,000
alerts. `create_p50_ms` is one alert after the other, from sending to the answer, which comes once it is durable.
`question_p99_ms` is over 50 officers who work at once, each signed in, on a connection of their own, with a pause
before each question that is exponential with a mean of `think_s`; they begin within the first `ramp_s` seconds. They
look for a plate, read the list, open one alert. What an officer sees
is decided for each row by law, and that they asked is audited, durably, before they are answered.
`saturated_per_s` is the same without a pause. `schemathesis_failures` is of every operation of the OpenAPI document, in
process. The goals are `create_p50_ms` 25, `question_p99_ms` 50 and no failure.

No peer is measured: what serves records of this kind over HTTP (pygeoapi, pycsw) neither decides who may read a row,
nor audits who asked, nor makes a record and its release durable in one transaction.
"""

from __future__ import annotations

import base64
import gc
import http.client
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.link import cpu_s
from benchmarks.measure import run
from mithaq.cli.rehearsal import Nation, Rehearsal
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.people import totp

RECORDS, CHUNK = 100_000, 500
OFFICERS, THINK, RAMP = 50, 1.0, 5.0
CREATED = 300
ALERT = {"reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z", "purpose": "vehicle_theft"}
AT_HOME = {**ALERT, "place": "32.5,35.9"}  # far from the partner's border: decided on, and not released
MAKES = ("Hino 500", "Toyota Hilux", "Isuzu D-Max", "Mercedes Actros", "Volvo FH", "هيونداي", "نيسان", "مرسيدس")


def measure(full: bool, seed: int) -> dict[str, Any]:
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, Rehearsal(Path(folder)) as rehearsal:
        jo = rehearsal.nations["JO"]
        home = Caller(jo, jo.home.token.read_text())
        fill_s, ids = timed(lambda: fill(home, draw))
        views_s, _ = timed(lambda: home("intelligence.alerts", {"limit": 1}))
        created = sorted(
            timed(lambda: home("intelligence.alert-vehicle", alert(draw, ALERT)))[0] for _ in range(CREATED)
        )
        rehearsal.settle()
        officers = [enrol(jo, n) for n in range(OFFICERS)]
        gc.collect()
        gc.freeze()  # the measuring process must not hold up what it measures
        cpu = cpu_s(jo)
        working = at_work(officers, ids, seed, 120 if full else 45, THINK)
        cpu = cpu_s(jo) - cpu
        saturated = at_work(officers, ids, seed, 20 if full else 10, 0)
    return {
        "records": len(ids) + CREATED,
        "fill_per_s": round(len(ids) / fill_s),
        "views_s": round(views_s, 1),
        "create_p50_ms": ms(created, 50),
        "create_p99_ms": ms(created, 99),
        "officers": OFFICERS,
        "think_s": THINK,
        "ramp_s": RAMP,
        **working,
        "cpu_s": round(cpu, 1),
        "saturated_per_s": saturated["questions_per_s"],
        "saturated_p50_ms": saturated["question_p50_ms"],
        **fuzzed(full),
        "peer": None,
        "peer_reason": "none decides by law and audits before it answers",
    }


class Caller:
    """One caller with a connection that stays open."""

    def __init__(self, nation: Nation, token: str) -> None:
        self._address = json.loads(nation.home.serving.read_bytes())["inside"].removeprefix("http://")
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._connection = http.client.HTTPConnection(self._address)

    def __call__(self, name: str, given: dict[str, Any]) -> Any:
        self._connection.request("POST", "/v1/" + name.replace(".", "/"), json.dumps(given), self._headers)
        response = self._connection.getresponse()
        found = json.loads(response.read())
        if response.status >= 300:
            raise RuntimeError(f"{name}: {response.status} {found}")
        return found


def alert(draw: random.Random, template: dict[str, str]) -> dict[str, Any]:
    """An invented alert. Plates are numbers of a nation of plates, so that a search finds few."""
    plate = f"{draw.randrange(10, 100)}-{draw.randrange(10_000, 100_000)}"
    return {**template, "plate": plate, "make": draw.choice(MAKES), "registered_in": draw.choice(("JO", "SA", "IQ"))}


def fill(home: Caller, draw: random.Random) -> list[tuple[str, str]]:
    """(id, plate) of each of the records, stated in bulk."""
    found = []
    for _ in range(RECORDS // CHUNK):
        rows = [alert(draw, AT_HOME) for _ in range(CHUNK)]
        taken = home("intelligence.alert-vehicles", {"rows": rows})
        found += [(each["stated"]["id"], row["plate"]) for each, row in zip(taken, rows, strict=True)]
    return found


def enrol(nation: Nation, number: int) -> Caller:
    """A duty officer who was invited, chose a password, set up a second factor and has signed in."""
    invited = nation.do(
        "people.invite", {"id": f"officer/o{number}", "name": f"Officer {number}", "roles": ["duty_officer"]}
    )
    given = {"invitation": invited["invitation"], "password": f"a long enough password {number}"}
    door = Caller(nation, "")
    uri = door("session.accept", given)["totp_uri"]
    secret = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    code = totp.generate(secret, totp.step(SystemClock().now()))
    entered = door("session.confirm", {"invitation": invited["invitation"], "code": code})
    return Caller(nation, entered["token"])


def at_work(
    officers: list[Caller], ids: list[tuple[str, str]], seed: int, seconds: float, think: float
) -> dict[str, Any]:
    """All officers work at once, for so long; how long each question took, and how many were asked."""
    took: dict[str, list[float]] = {"search": [], "list": [], "one": []}
    until = time.perf_counter() + seconds

    def work(number: int) -> None:
        draw, officer = random.Random(f"{seed}/{number}"), officers[number]
        time.sleep(draw.random() * min(RAMP, think * RAMP))  # they did not all begin in the same second
        while time.perf_counter() < until:
            sort = draw.choice(list(took))
            took[sort].append(timed(partial(officer, *question(sort, draw, ids)))[0])
            time.sleep(draw.expovariate(1 / think) if think else 0)  # officers think: it is the load that is stated

    with ThreadPoolExecutor(len(officers)) as pool:
        list(pool.map(work, range(len(officers))))
    every = sorted(each for times in took.values() for each in times)
    return {
        "questions": len(every),
        "questions_per_s": round(len(every) / seconds),
        "question_p50_ms": ms(every, 50),
        "question_p99_ms": ms(every, 99),
        **{f"{sort}_p99_ms": ms(sorted(times), 99) for sort, times in took.items()},
    }


def question(sort: str, draw: random.Random, ids: list[tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    id, plate = draw.choice(ids)
    if sort == "one":
        return "intelligence.alert", {"id": id}
    if sort == "search":
        return "intelligence.search", {"find": plate}
    return "intelligence.alerts", {}


def fuzzed(full: bool) -> dict[str, Any]:
    """What schemathesis finds, in a process of its own."""
    command = [sys.executable, "-m", "tests.api.fuzz", *(["--full"] if full else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {f"schemathesis_{name}": value for name, value in found.items()}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that some work took, and what it gave."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def ms(ordered: list[float], percent: int) -> float:
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e3, 1)


if __name__ == "__main__":
    run(measure)
