"""Real processes, real HTTPS, real files: two nations as an operator would run them."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.transport.certificate import make_certificate
from mithaq.adapters.transport.https import HttpsTransport
from mithaq.assembly import open_home
from mithaq.cli.rehearsal import Rehearsal
from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.party import Card, Partner, read_card
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import seal
from tests.worlds import alert


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Rehearsal]:
    with Rehearsal(tmp_path) as rehearsal:
        yield rehearsal


def card_of(rehearsal: Rehearsal, party: str) -> Card:
    return read_card(rehearsal.nations[party].home.card.read_bytes())


def mithaq(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mithaq", "--home", str(home), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def alert_words(**changes: Any) -> list[str]:
    return [word for name, value in alert(**changes).items() for word in (f"--{name.replace('_', '-')}", str(value))]


def assert_sound(rehearsal: Rehearsal, released: int) -> dict[str, Any]:
    found = rehearsal.audit()
    assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
    assert found["logs_verified"] == found["logs"] > 0
    assert found["released"] == found["received"] == released
    return found


def test_twenty_commands_against_a_serving_node_have_one_writer_and_none_is_lost(serving: Rehearsal) -> None:
    home = serving.nations["JO"].home.path
    with ThreadPoolExecutor(10) as pool:
        runs = list(
            pool.map(
                lambda n: mithaq(home, "intelligence", "alert-vehicle", *alert_words(plate=f"P-{n}"), "--json"),
                range(20),
            )
        )
    assert [run.returncode for run in runs] == [0] * 20, runs[0].stderr
    assert len({json.loads(run.stdout)["id"] for run in runs}) == 20
    serving.settle()
    assert_sound(serving, 20)


def test_ten_thousand_rows_are_imported_released_and_accounted_for(serving: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "alerts.csv"
    rows = [f'P-{n},stolen,"31.4,36.9",2026-11-20T04:10:33Z,vehicle_theft\n' for n in range(10_000)]
    rows[5000] = rows[5000].replace("stolen", "odd")
    file.write_text("plate,reason,place,time,purpose\n" + "".join(rows))
    home = serving.nations["JO"].home.path
    run = mithaq(home, "intelligence", "import", str(file), "--json")
    assert run.returncode == 1, run.stderr
    found = json.loads(run.stdout)
    assert (found["rows"], found["stated"], found["released"]) == (10_000, 9_999, {"SA": 9_999})
    assert [problem["line"] for problem in found["problems"]] == [5002]
    again = json.loads(mithaq(home, "intelligence", "import", str(file), "--json").stdout)
    assert (again["stated"], again["unchanged"]) == (0, 9_999)
    serving.settle()
    assert_sound(serving, 9_999)


def test_an_import_that_is_killed_is_finished_by_doing_it_again(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    file = tmp_path / "alerts.csv"
    rows = "".join(f'P-{n},stolen,"31.4,36.9",2026-11-20T04:10:33Z,vehicle_theft\n' for n in range(6000))
    file.write_text("plate,reason,place,time,purpose\n" + rows)
    nation = rehearsal.nations["JO"]
    command = [sys.executable, "-m", "mithaq", "--home", str(nation.home.path), "intelligence", "import", str(file)]
    with rehearsal:
        importing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not any(each["size"] for each in nation.ask("link.status", {})):
            assert importing.poll() is None
        importing.kill()
        importing.wait()
        run = mithaq(nation.home.path, "intelligence", "import", str(file), "--json")
        found = json.loads(run.stdout)
        assert found["unchanged"] > 0
        assert found["unchanged"] + found["stated"] == 6000
        rehearsal.settle()
        assert_sound(rehearsal, 6000)


def test_kill_9_on_either_side_loses_nothing(serving: Rehearsal) -> None:
    jo, sa = serving.nations["JO"], serving.nations["SA"]
    rows = [alert(plate=f"P-{n}") for n in range(400)]
    jo.do("intelligence.alert-vehicles", {"rows": rows})
    os.kill(sa.pid, signal.SIGKILL)
    sa.stop()
    jo.do("intelligence.alert-vehicles", {"rows": [alert(plate=f"Q-{n}") for n in range(400)]})
    os.kill(jo.pid, signal.SIGKILL)
    jo.stop()
    sa.start()
    jo.start()
    serving.settle()
    assert_sound(serving, 800)


def test_commands_work_with_and_without_a_serving_node(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    home = rehearsal.nations["JO"].home.path
    stated = json.loads(mithaq(home, "intelligence", "alert-vehicle", *alert_words(), "--json").stdout)
    assert stated["released"] == ["SA"]
    with rehearsal:
        rehearsal.settle()
        assert_sound(rehearsal, 1)
        shown = mithaq(rehearsal.nations["SA"].home.path, "intelligence", "alert", stated["id"])
        assert "▨ withheld" in shown.stdout
        assert "Hino 500" in shown.stdout
    assert mithaq(home, "link", "verify").returncode == 0
    why = mithaq(home, "why", stated["id"]).stdout
    assert "permit JO-SA-border/1 4.1" in why
    preview = json.loads(mithaq(home, "preview", stated["id"], "--to", "SA", "--json").stdout)
    assert preview["decision"] == "permit"


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["why", "JO-" + "0" * 26], "record", 4),
        (["preview", "nonsense", "--to", "SA"], "shape", 2),
        (["intelligence", "import", "none.csv"], "file", 4),
        (["law", "sign", "none.json"], "law", 4),
        (["party", "trust", "none", "--fingerprint", "0", "--url", "https://x:1"], "card", 4),
        (["node", "init", "Jordan"], "shape", 2),
        (["intelligence", "alert-vehicle", "--plate", "1"], "usage", 2),
        (["intelligense"], "usage", 2),
        (["link", "prove", "JO", "SA", "9" * 30], "shape", 2),
        (["link", "prove", "JO", "SA", "1"], "message", 4),
        (["link", "status", "--jsn"], "usage", 2),
    ],
)
def test_an_error_is_one_line_with_a_code_and_never_a_traceback(
    tmp_path: Path, words: list[str], code: str, exit_code: int
) -> None:
    home = Rehearsal(tmp_path).nations["JO"].home.path
    run = mithaq(home, *words)
    assert run.returncode == exit_code, run.stderr
    assert run.stderr.startswith(f"error[{code}]: ")
    assert len(run.stderr.strip().splitlines()) == 1
    as_json = mithaq(home, *words, "--json")
    assert json.loads(as_json.stderr)["error"] == code


def test_nothing_is_served_without_the_token(serving: Rehearsal) -> None:
    nation = serving.nations["JO"]
    inside = json.loads(nation.home.serving.read_bytes())["inside"]
    assert nation.home.token.stat().st_mode & 0o777 == 0o600
    for path in ("/v1/node/status", "/v1/intelligence/alerts"):
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": nation.home.token.read_text()}):
            request = urllib.request.Request(inside + path, data=b"{}", headers=headers)
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=10)
            assert caught.value.code == 401
            caught.value.close()


def test_the_inside_face_may_only_listen_on_this_machine(tmp_path: Path) -> None:
    home = Rehearsal(tmp_path).nations["JO"].home
    home.settings.write_text(home.settings.read_text().replace('host = "127.0.0.1"', 'host = "0.0.0.0"', 1))
    run = mithaq(home.path, "node", "serve")
    assert run.returncode == 2
    assert "error[inside]" in run.stderr


def test_a_caller_with_another_certificate_is_refused(serving: Rehearsal, tmp_path: Path) -> None:
    sa = serving.nations["SA"]
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(make_certificate("JO", SystemClock().now())[0])
    partner = Partner(card_of(serving, "SA"), sa.link)
    transport = HttpsTransport(stranger, [partner])
    with pytest.raises(Unavailable):
        transport.deliver("SA", b"x")
    transport.close()
    assert answer_without_certificate(sa.link) == b""


def answer_without_certificate(url: str) -> bytes:
    """What a caller gets that shows no certificate: nothing, however the refusal reaches it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port = url.removeprefix("https://").split(":")
    try:
        with socket.create_connection((host, int(port)), 10) as plain, context.wrap_socket(plain) as wrapped:
            wrapped.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            return wrapped.recv(100)
    except (ssl.SSLError, ConnectionError):
        return b""


def test_a_partner_that_shows_another_certificate_is_not_spoken_to(serving: Rehearsal) -> None:
    jo, sa = serving.nations["JO"], serving.nations["SA"]
    other = Partner(card_of(serving, "JO"), sa.link)  # we expect JO's certificate at SA's address
    transport = HttpsTransport(jo.home.tls, [other])
    with pytest.raises(Unavailable, match="certificate"):
        transport.deliver("JO", b"x")
    transport.close()


def test_a_partner_with_another_key_is_refused(serving: Rehearsal, tmp_path: Path) -> None:
    """It has the right certificate, and another signing key: identity is the signature."""
    sa = serving.nations["SA"]
    thief = Rehearsal(tmp_path / "thief")
    thief.nations["JO"].home.tls.write_bytes(serving.nations["JO"].home.tls.read_bytes())
    partner = Partner(card_of(serving, "SA"), sa.link)
    node = open_home(thief.nations["JO"].home, transport=HttpsTransport(thief.nations["JO"].home.tls, [partner]))
    node.partners = {"SA": partner}
    node.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    with pytest.raises(NotAllowed):
        node.deliver("SA")
    node.close()
    sealed = seal(b"{}", sender="JO", receiver="SA", public=card_of(serving, "SA").sealing)
    transport = HttpsTransport(serving.nations["JO"].home.tls, [partner])
    with pytest.raises(NotAllowed):
        transport.deliver("SA", sealed)
    transport.close()
    assert all(each["size"] == 0 for each in sa.ask("link.status", {}))


def test_the_demo_runs_unattended() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mithaq", "demo", "--once", "--json"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["nodes"] == 3
    assert found["released"] == found["received"] > 0
    assert found["withheld"] > 0
    assert found["day"]["steps"] == 27
    assert (found["day"]["unexpected"], found["day"]["held"], found["day"]["glass"]) == (0, 1, 1)
    assert found["draft_refused"] is True
    assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
    assert found["logs_verified"] == found["logs"] == 12
    assert found["covenant"] == {
        "released_before_signature": 1,  # to Jordan, under the older agreement
        "released_in_force": 2,
        "released_suspended": 1,
        "rescue_suspended": 2,
        "released_to_three": 2,
        "rotation_serial": 2,
        "released_around_rotation": 4,
        "matter_states": 1,
    }
    assert found["seconds"] > 0


def test_help_is_quick() -> None:
    """CPU, not wall time: at most 150 ms by budget; the test allows a loaded machine twice that."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'mithaq', '--help'], check=True, stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 0.3


def test_two_newcomers_set_up_by_hand(tmp_path: Path) -> None:
    """The steps of the operator's guide, as commands."""
    import mithaq as package

    text = Path(package.__file__).parent / "laws" / "JO-SA-border.json"
    homes = {party: tmp_path / party for party in ("JO", "SA")}
    made = {}
    for party, home in homes.items():
        run = mithaq(home, "node", "init", party, "--json")
        assert run.returncode == 0, run.stderr
        made[party] = json.loads(run.stdout)
    for party, other in (("JO", "SA"), ("SA", "JO")):
        words = ("party", "trust", made[other]["card"], "--fingerprint", made[other]["fingerprint"])
        assert mithaq(homes[party], *words, "--url", "https://127.0.0.1:9443").returncode == 0
        wrong = mithaq(homes[party], *words[:-1], "sha256:" + "0" * 64, "--url", "https://127.0.0.1:9443")
        assert "error[fingerprint]" in wrong.stderr
    signatures = []
    for party, home in homes.items():
        out = tmp_path / f"{party}.sig"
        assert mithaq(home, "law", "sign", str(text), "--out", str(out)).returncode == 0
        signatures.append(str(out))
    half = json.loads(mithaq(homes["JO"], "law", "adopt", str(text), signatures[0], "--json").stdout)
    assert half["missing"] == ["SA"]
    assert json.loads(mithaq(homes["JO"], "node", "status", "--json").stdout)["agreements"] == []
    whole = json.loads(mithaq(homes["JO"], "law", "adopt", str(text), *signatures, "--json").stdout)
    assert whole["missing"] == []
    assert json.loads(mithaq(homes["JO"], "node", "status", "--json").stdout)["agreements"] == ["JO-SA-border/1"]
