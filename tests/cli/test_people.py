"""Accepting an invitation, signing in and out, acting as an officer: in process and through a serving node."""

from __future__ import annotations

import io
import json
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from mithaq.cli.generated import core_group
from mithaq.cli.main import mithaq
from mithaq.cli.people import people
from mithaq.cli.reach import reach
from mithaq.cli.sign_in import sign_in
from mithaq.cli.sign_out import sign_out
from mithaq.config import Home
from mithaq.config import home as find_home
from mithaq.errors import BadInput, Malformed, NotAllowed
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.people import password as passwords
from mithaq.kernel.people import totp
from tests.capabilities.cases import child, person
from tests.kernel.people.staff import PASSWORD, device
from tests.worlds import rehearsed

acts, audit = core_group("acts", "acts"), core_group("audit", "audit")


class Typed(io.BytesIO):
    """What an officer types: an invitation, a password, and then the code of the device that was just set up."""

    def __init__(self, invitation: str, password: str = PASSWORD) -> None:
        super().__init__()
        self._lines, self.secret = [invitation, password], b""

    def readline(self, size: int | None = -1, /) -> bytes:
        if self._lines:
            return f"{self._lines.pop(0)}\n".encode()
        sys.stdout.flush()
        shown: Any = sys.stdout.buffer
        [uri] = re.findall(r"otpauth://[^\s\"]+", shown.getvalue().decode())
        self.secret = device(uri)
        return f"{code(self.secret)}\n".encode()


def code(secret: bytes, *, ahead: int = 0) -> str:
    return totp.generate(secret, totp.step(SystemClock().now()) + ahead)


def run(command: click.Command, home: Home, *words: str, typed: Any = None) -> Result:
    return CliRunner().invoke(command, list(words), obj=home, input=typed)


@pytest.fixture(params=["in process", "serving"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Jordan's home; nobody holds it, or a process serves it."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 1024)
    nation = rehearsed(tmp_path).nations["JO"]
    if request.param == "serving":
        nation.start()
    yield nation.home
    nation.stop()


def told(home: Home, name: str, given: dict[str, Any]) -> Any:
    with reach(home) as reached:
        return reached.do(name, given)


def enrol(home: Home, name: str, *roles: str) -> bytes:
    """The secret of the device of an officer who was invited and has accepted at this terminal."""
    given = {"id": f"officer/{name}", "name": name.title(), "roles": list(roles)}
    typed = Typed(told(home, "people.invite", given)["invitation"])
    found = run(people, home, "accept", typed=typed)
    assert found.exit_code == 0, found.output
    return typed.secret


def test_an_officer_accepts_signs_in_acts_and_signs_out(home: Home) -> None:
    secret = enrol(home, "rania", "analyst")
    kept = home.sessions / "rania"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.sessions.stat().st_mode) == 0o700
    rania = Home(home.path, acting="rania")
    with reach(rania) as reached:
        assert reached.ask("acts.waiting", {}) == []
        with pytest.raises(NotAllowed) as problem:
            reached.ask("people.list", {})
        assert problem.value.code == "permission"
    first = kept.read_text()
    signed_in = run(sign_in, home, "rania", "--json", typed=f"{PASSWORD}\n{code(secret, ahead=1)}\n")
    assert signed_in.exit_code == 0, signed_in.output
    assert json.loads(signed_in.output).keys() == {"officer", "until"}
    assert kept.read_text() not in (first, signed_in.output)
    assert run(sign_out, home, "rania").exit_code == 0
    assert not kept.exists()
    with pytest.raises(NotAllowed, match="has not signed in"), reach(rania):
        pass
    assert run(sign_out, home, "rania").exit_code == 1


def test_an_ended_session_is_told_and_signing_out_forgets_it(home: Home) -> None:
    enrol(home, "rania", "analyst")
    told(home, "people.end-sessions", {"id": "officer/rania"})
    with reach(Home(home.path, acting="officer/rania")) as reached, pytest.raises(NotAllowed, match="not known"):
        reached.ask("acts.waiting", {})
    assert run(sign_out, home, "rania").exit_code == 0
    assert not (home.sessions / "rania").exists()


def test_a_wrong_password_signs_nobody_in_and_is_not_repeated(home: Home) -> None:
    secret = enrol(home, "rania", "analyst")
    run(sign_out, home, "rania")
    found = run(sign_in, home, "rania", typed=f"not the right password\n{code(secret, ahead=1)}\n")
    assert isinstance(found.exception, NotAllowed)
    assert "not the right password" not in f"{found.output}{found.exception}"
    assert not (home.sessions / "rania").exists()


def test_an_act_that_waits_says_who_is_to_do_what_and_the_second_person_does_it(home: Home) -> None:
    enrol(home, "layla", "oversight")
    found = run(people, home, "invite", "officer/huda", "--name", "Huda", "--roles", "oversight")
    [id] = re.findall(r"mithaq acts approve (\w+)", found.output)
    assert "waits for a second person" in found.output
    layla = Home(home.path, acting="layla")
    [waiting] = json.loads(run(acts, layla, "waiting", "--json").output)
    assert (waiting["id"], waiting["name"], waiting["first"]) == (id, "people.invite", "home")
    done = json.loads(run(acts, layla, "approve", id, "--json").output)
    assert done["answer"]["invitation"].startswith("mhi_")
    lines = json.loads(run(audit, layla, "list", "--json", "--limit", "500").output)["lines"]
    assert ("officer/layla", "acts.approve", id) in [(each["who"], each["act"], each["subject"]) for each in lines]
    verified = json.loads(run(audit, layla, "verify", "--json").output)
    assert (verified["whole"], verified["number"] > len(lines)) == (True, True)


def at_terminal(home: Home, name: str, *words: str) -> Result:
    return CliRunner().invoke(mithaq, ["--home", str(home.path), "--as", name, *words])


def test_a_release_that_waits_is_reviewed_at_the_terminal_by_somebody_else(home: Home) -> None:
    for name, role in (("aya", "analyst"), ("salim", "supervisor")):
        enrol(home, name, role)
    with reach(Home(home.path, acting="aya")) as reached:
        stated = reached.do("intelligence.alert-person", child(purpose="people_smuggling", reason="people_smuggling"))
    assert (stated["released"], stated["reviewing"]) == ([], ["SA"])
    words = ("release", "review", stated["id"], "--to", "SA", "--finding", "as agreed")
    assert stated["id"] in at_terminal(home, "salim", "release", "waiting").output
    refused = at_terminal(home, "aya", *words)
    assert isinstance(refused.exception, NotAllowed)
    assert refused.exception.code == "second"
    done = at_terminal(home, "salim", *words, "--json")
    assert json.loads(done.output)["outcome"] == "released"
    assert stated["id"] not in at_terminal(home, "salim", "release", "waiting").output
    with reach(home) as reached:
        [sent] = [each for each in reached.ask("link.status", {}) if each["link"] == "JO>SA"]
    assert sent["size"] > 0


def test_who_told_us_is_shown_to_who_asked_and_as_not_shown_to_who_may_agree(home: Home) -> None:
    for name in ("aya", "omar"):
        enrol(home, name, "analyst")
    with reach(Home(home.path, acting="aya")) as reached:
        held = reached.do("intelligence.alert-person", person(category="arrest", measure="arrest"))
    asked, other = (at_terminal(home, name, "acts", "waiting").output for name in ("aya", "omar"))
    assert held["waiting"] in asked
    assert held["waiting"] in other
    assert "informant S-9" not in other


@pytest.mark.parametrize("name", ["../token", "a/b", "", "رانيا", "."])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    for command in (sign_in, sign_out):
        assert isinstance(run(command, Home(tmp_path), name, typed="x\nx\n").exception, BadInput)


@pytest.mark.parametrize("typed", [b"", b"only a password\n", b"\xff\xff\n1\n"])
def test_what_is_missing_or_is_no_text_is_told(tmp_path: Path, typed: bytes) -> None:
    found = run(sign_in, Home(tmp_path), "rania", typed=typed)
    assert isinstance(found.exception, Malformed)


def test_the_environment_names_an_officer_where_no_option_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITHAQ_AS", "rania")
    assert (find_home(str(tmp_path)).acting, find_home(str(tmp_path), "samir").acting) == ("rania", "samir")
    monkeypatch.delenv("MITHAQ_AS")
    assert find_home(str(tmp_path)).acting == ""


@pytest.mark.parametrize("group", [people, acts, audit], ids=["people", "acts", "audit"])
def test_every_leaf_has_json_and_help(group: click.Group) -> None:
    for leaf in group.commands:
        shown = run(group, Home(Path("none")), leaf, "--help")
        assert shown.exit_code == 0
        assert "--json" in shown.output


def test_no_secret_can_be_given_on_a_command_line() -> None:
    for command in (people.commands["accept"], sign_in, sign_out):
        names = {parameter.name for parameter in command.params}
        assert names <= {"name", "as_json"}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b" \n", None])
def test_a_broken_session_file_makes_nobody_known_and_least_of_all_the_home(home: Home, content: bytes | None) -> None:
    home.sessions.mkdir()
    kept = home.sessions / "rania"
    kept.mkdir() if content is None else kept.write_bytes(content)
    with pytest.raises(NotAllowed) as told, reach(Home(home.path, acting="rania")) as reached:
        reached.ask("people.list", {})
    assert (told.value.code, told.value.where) == ("session", str(kept))
    if content is not None:
        assert run(sign_out, home, "rania").exit_code == 0
        assert not kept.exists()
