"""A border day, told from one scenario file: officers of each nation act, partners see what they may, a node goes away
and comes back.

A scenario names agencies and officers, then its steps. A step has an officer who acts (``by``), what is told (``say``),
and one of ``do``, ``ask``, ``approve``, ``photo``, ``stop`` and ``start``, with what is ``given``. ``as`` keeps its
answer, and ``$name`` stands for that later; ``@+P1D`` is a time from now. ``expect`` is held against the answer, and
what does not agree is counted; with ``until`` it is asked again until the answer is so, for what nodes do by
themselves.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from importlib import resources
from typing import Any

from mithaq.cli.rehearsal import PATIENCE, Nation, Rehearsal
from mithaq.cli.show import apart, cell
from mithaq.cli.staff import Officer, enrol, invite
from mithaq.kernel.clock import SystemClock, period, write_instant

PART = 128 * 1024
Tell = Callable[[str], None]


class Day:
    """The day as it is played; ``found`` counts what happened, each figure read off the nodes' answers."""

    def __init__(self, rehearsal: Rehearsal, story: dict[str, Any], tell: Tell) -> None:
        self._rehearsal, self._story, self._tell = rehearsal, story, tell
        self._officers: dict[str, Officer] = {}
        self._kept: dict[str, Any] = {}
        self.found = dict.fromkeys(("steps", "stated", "withheld", "held", "glass", "unexpected"), 0)

    def play(self) -> dict[str, Any]:
        self._tell(f"\n  {self._story['title']}\n  {self._story['note']}\n")
        self._enrol()
        for number, step in enumerate(self._story["steps"], 1):
            self._tell(f"{number:2}. {step['time']}  {self._who(step)}: {step['say']}")
            self._take(step)
            self.found["steps"] += 1
            self._tell("")
        self._rehearsal.settle()
        return self.found

    def _enrol(self) -> None:
        """Agencies, then invitations, then each officer signs in."""
        for each in self._story["agencies"]:
            agency = {name: each[name] for name in ("id", "name", "authority")}
            self._nations[each["party"]].do("people.add-agency", agency)
        invited = {
            each["name"]: invite(self._nations[each["party"]], each["name"], each["roles"], each.get("agency"))
            for each in self._story["officers"]
        }
        for name, invitation in invited.items():
            self._officers[name] = enrol(self._nations[self._party(name)], invitation)

    @property
    def _nations(self) -> dict[str, Nation]:
        return self._rehearsal.nations

    def _who(self, step: dict[str, Any]) -> str:
        by = step.get("by")
        return f"{self._party(by)} {by}" if by else step.get("stop") or step.get("start") or ""

    def _party(self, name: str) -> str:
        return next(str(each["party"]) for each in self._story["officers"] if each["name"] == name)

    def _take(self, step: dict[str, Any]) -> None:
        if "stop" in step:
            self._nations[step["stop"]].stop()
        elif "start" in step:
            self._nations[step["start"]].start()
            self._rehearsal.settle()
        else:
            self._act(step)

    def _act(self, step: dict[str, Any]) -> None:
        officer, given = self._officers[step["by"]], self._resolved(step.get("given", {}))
        if "photo" in step:
            answer = attach(officer, (resources.files("mithaq.scenarios") / step["photo"]).read_bytes())
        elif "approve" in step:
            answer = officer.call("acts.approve", {"id": self._resolved(step["approve"])})["answer"]
        elif "until" in step:
            answer = self._until(officer, step, given)
        else:
            answer = officer.call(step.get("do") or step["ask"], given, glass=step.get("glass", ""))
        if "as" in step:
            self._kept[step["as"]] = answer
        self._count(step, answer)
        self._told(step, answer)

    def _until(self, officer: Officer, step: dict[str, Any], given: Any) -> Any:
        """The answer, once it is as the story waits for; the last one when patience is over."""
        last = time.monotonic() + PATIENCE
        while True:
            answer = officer.call(step["ask"], given)
            if time.monotonic() > last or all(_at(answer, path) == is_ for path, is_ in step["until"].items()):
                return answer
            time.sleep(0.05)  # the nodes are other processes: we can only look

    def _count(self, step: dict[str, Any], answer: Any) -> None:
        stated = isinstance(answer, dict) and "released" in answer
        self.found["stated"] += stated
        self.found["withheld"] += sum(bool(by) for by in answer["withheld"].values()) if stated else 0
        self.found["held"] += isinstance(answer, dict) and "waiting" in answer
        self.found["glass"] += "glass" in step
        for path, wanted in {**step.get("expect", {}), **step.get("until", {})}.items():
            found = _at(answer, path)
            if found != wanted:
                self.found["unexpected"] += 1
                self._tell(f"     NOT AS EXPECTED: {path} is {found!r}, not {wanted!r}")

    def _told(self, step: dict[str, Any], answer: Any) -> None:
        if isinstance(answer, dict) and "waiting" in answer:
            self._tell(f"     waits for a second person: {answer['why']}")
        if isinstance(answer, dict) and "released" in answer:
            self._stated(step, answer)
        for path in step.get("tell", ()):
            self._tell(f"     {path}: {apart(cell(_at(answer, path)))}")

    def _stated(self, step: dict[str, Any], answer: dict[str, Any]) -> None:
        goes = f"goes to {', '.join(answer['released'])}" if answer["released"] else "goes to nobody yet"
        self._tell(f"     {answer['id']} v{answer['version']}, {goes}")
        if answer["reviewing"]:
            self._tell(f"     waits for a second person before it goes to {', '.join(answer['reviewing'])}")
        for party, by in answer["withheld"].items():
            if by:
                self._tell(f"     withheld from {party}, all of it: {'; '.join(by)}")
        if step.get("show"):
            preview = self._officers[step["by"]].call("release.preview", {"id": answer["id"], "to": step["show"]})
            show(preview, step["show"], self._tell)

    def _resolved(self, given: Any) -> Any:
        """The given values with names and times put in."""
        if isinstance(given, dict):
            return {key: self._resolved(value) for key, value in given.items()}
        if isinstance(given, list):
            return [self._resolved(value) for value in given]
        if isinstance(given, str) and given.startswith("$"):
            name, _, path = given[1:].partition(".")
            return _at(self._kept[name], path or "id")
        if isinstance(given, str) and given.startswith(("@+", "@-")):
            span = period(given[2:])
            now = SystemClock().now()
            return write_instant(now + span if given[1] == "+" else now - span)
        return given


def attach(officer: Officer, data: bytes) -> dict[str, Any]:
    """Upload a picture in parts and have it cleaned; the descriptor to name in a record."""
    parts = [data[at : at + PART] for at in range(0, len(data), PART)]
    digests = ["sha256:" + hashlib.sha256(part).hexdigest() for part in parts]
    whole = "sha256:" + hashlib.sha256(data).hexdigest()
    officer.call("attachment.begin", {"sha256": whole, "size": len(data), "parts": digests})
    for part in parts:
        officer.call("attachment.part", {"data": part})
    found: dict[str, Any] = officer.call("attachment.finish", {"sha256": whole})
    return found


def show(preview: dict[str, Any], party: str, tell: Tell) -> None:
    """What a partner sees, and what is changed or kept back by which clause."""
    tell(f"     {party} sees it under {preview['reasons'][0].removeprefix('permit ')}")
    for each in preview["fields"]:
        if each["ours"] is None or (each["level"] == "clear" and each["theirs"] == each["ours"]):
            continue
        theirs = cell(each["theirs"]) if each["theirs"] is not None else "▨ withheld"
        change = f"{apart(cell(each['ours']))}  →  {apart(theirs)}"
        tell(f"       {each['field']:8} {change}   ({each['level']}, {each['by']})")


def _at(value: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none. ``#`` counts."""
    for name in path.split("."):
        if name == "#":
            value = len(value)
        elif isinstance(value, list):
            value = value[int(name)] if name.lstrip("-").isdigit() and int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value
