"""Keys through the command line: the ceremony of docs/keys.md word for word, and what must be refused on the way."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.keystore.personal import PersonalKey
from mithaq.cli.keys import draft
from mithaq.cli.main import mithaq
from mithaq.config import Home, read_config, write_private
from mithaq.errors import Clash, Invalid, MithaqError, NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical, statement
from mithaq.kernel.manifest import Manifest, SealingKey, SigningKey, read_manifest, read_root
from mithaq.kernel.party import Card, identity_of, read_identity, root_card
from mithaq.kernel.statement import Envelope, add_signature, media_type
from tests.cli.ceremony import PHRASE, Nation, run
from tests.worlds import alert, rehearsed

DOC = Path(__file__).parent.parent.parent / "docs" / "keys.md"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


# -- the ceremony, as the document has it -----------------------------------------------------------------------------


def commands() -> list[tuple[str, str]]:
    """(who, command) of every sh block of the document."""
    found, who = [], ""
    for block in re.findall(r"```sh\n(.*?)```", DOC.read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("# "):
                who = line[2:]
            else:
                found.append((who, line))
    return found


def test_the_ceremony_is_done_exactly_as_the_document_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "usb").mkdir()
    said = {}
    for who, command in commands():
        folder = tmp_path / who
        if not folder.exists():
            folder.mkdir()
            (folder / "usb").symlink_to(tmp_path / "usb")
        monkeypatch.chdir(folder)
        program, *words = shlex.split(command)
        if program == "cp":
            shutil.copy(*words)
            continue
        assert program == "mithaq"
        expanded = [each for word in words for each in (map(str, Path().glob(word)) if "*" in word else [word])]
        typed = f"{PHRASE}\n{PHRASE}\n" if "personal" in words else f"y\n{PHRASE}\n" if "approve" in words else ""
        result = run(*expanded, typed=typed)
        assert result.exit_code == 0, (command, result.output)
        said[command] = result.output
        assert PHRASE not in result.output
    assert len(said) >= 15

    home, root = Home(tmp_path / "node" / "home"), read_root((tmp_path / "usb" / "root.json").read_bytes())
    known = read_identity(home.card.read_bytes())
    assert (known.serial, known.root) == (3, root)
    assert read_manifest(home.manifest.read_bytes(), root).serial == 3
    assert root.digest in next(text for command, text in said.items() if "party card" in command).replace("\n", "")
    first, second, third = (
        next(text for command, text in said.items() if f"approve usb/manifest-{n}" in command) for n in (1, 2, 3)
    )
    assert "key manifest 1 of JO" in first
    assert "signatory: 1 of 1 must sign" in first
    assert "=        signing" in second
    assert "REVOKED" in third
    assert "GONE" in third
    assert "NEW" in third


# -- a ceremony in short ----------------------------------------------------------------------------------------------


@pytest.fixture
def nation(tmp_path: Path) -> Nation:
    run("--home", tmp_path / "home", "node", "init", "JO")
    return Nation(tmp_path, Home(tmp_path / "home"))


def test_the_first_manifest_lists_the_keys_that_the_node_has_and_those_of_half_a_year(nation: Nation) -> None:
    before = read_identity(nation.home.card.read_bytes())
    nation.rooted()
    made = nation.manifest
    assert made.signing[0].keys == before.card.signing
    assert made.sealing[0].public == before.card.sealing
    for windows in ([(e.start, e.until) for e in made.signing], [(e.start, e.until) for e in made.sealing]):
        assert draft.covered(windows, made.issued) >= made.issued + 180 * DAY
    keys = KeyFile.load(nation.home.keys, nation.home.unlock.read_bytes())
    assert all(keys.holds(each.keys) for each in made.signing)
    assert all(keys.holds(each.public) for each in made.sealing)
    assert read_identity(nation.home.card.read_bytes()).card.signing == before.card.signing


def test_a_manifest_with_too_few_or_foreign_signatures_is_not_installed(nation: Nation) -> None:
    path = nation.request("m.json")
    with pytest.raises(Untrusted, match="0 of the 2"):
        nation.install(path, "--root", nation.root)
    nation.approve(path, by=(0,))
    with pytest.raises(Untrusted, match="1 of the 2"):
        nation.install(path, "--root", nation.root)
    stranger = nation.folder / "stranger.key"
    PersonalKey.create(stranger, PHRASE.encode(), "x")
    given = ("--key", stranger, "--passphrase-file", nation.phrase, "--yes")
    with pytest.raises(Untrusted, match="no key of this root"):
        run("keys", "approve", path, *given, "--root", nation.root)
    run("keys", "approve", path, *given)  # without the root nobody can know
    with pytest.raises(Untrusted, match="1 of the 2"):
        nation.install(path, "--root", nation.root)
    with pytest.raises(Clash, match="already"):
        nation.approve(path, by=(0,))
    assert read_identity(nation.home.card.read_bytes()).root is None


def test_nothing_is_signed_when_the_custodian_says_no(nation: Nation) -> None:
    path = nation.request("m.json")
    before = path.read_bytes()
    given = ("keys", "approve", path, "--root", nation.root, "--key", nation.custodians[0])
    assert CliRunner().invoke(mithaq, [str(each) for each in given], input="n\n").exit_code == 1
    with pytest.raises(Untrusted):
        run(*given, typed="y\nthe wrong passphrase\n")
    assert path.read_bytes() == before


def test_a_second_manifest_replaces_the_first_and_an_old_one_is_refused(nation: Nation) -> None:
    first = nation.rooted()
    second = nation.request("manifest-2.json", "--new")
    nation.approve(second)
    assert nation.install(second)["serial"] == 2
    assert nation.manifest.previous is not None
    assert read_identity(nation.home.card.read_bytes()).serial == 2
    for old in (first, second):
        with pytest.raises(Clash):
            nation.install(old)
    assert nation.manifest.serial == 2
    given = ("--key", nation.custodians[2], "--passphrase-file", nation.phrase, "--yes")
    with pytest.raises(Untrusted, match="not the manifest"):
        run("keys", "approve", second, *given, "--previous", second)


def test_a_manifest_of_keys_that_are_not_here_is_refused(nation: Nation) -> None:
    nation.rooted()
    other = nation.request("manifest-2.json", "--new")
    envelope = canonical.read(other.read_bytes(), Envelope)
    asked = canonical.decode(envelope.payload, Manifest)
    stranger = KeyFile.generate()
    late = asked.issued + 300 * DAY
    for changed in (
        replace(asked, sealing=(*asked.sealing, SealingKey(stranger.sealing, asked.issued, late))),
        replace(asked, signing=(*asked.signing, SigningKey(stranger.signing, asked.issued, late))),
    ):
        path = nation.folder / "changed.json"
        path.write_bytes(canonical.encode(Envelope(media_type("manifest"), canonical.encode(changed), ())))
        nation.approve(path)
        with pytest.raises(NotFound, match="does not hold"):
            nation.install(path)
    assert nation.manifest.serial == 1


def test_officials_and_quorums_are_carried_and_replaced(nation: Nation) -> None:
    for name in ("a", "b"):
        PersonalKey.create(nation.folder / f"{name}.key", PHRASE.encode(), f"label {name}")
    a, b = (nation.folder / f"{name}.public.json" for name in ("a", "b"))
    nation.rooted("--official", f"signatory={a}", "--official", f"signatory={b}", "--quorum", "signatory=2")
    assert (len(nation.manifest.officials), nation.manifest.quorums) == (2, {"signatory": 2})
    assert b"label" not in nation.home.manifest.read_bytes() + nation.home.card.read_bytes()
    nation.approve(path := nation.request("manifest-2.json"))
    nation.install(path)
    assert (len(nation.manifest.officials), nation.manifest.quorums) == (2, {"signatory": 2})
    for wrong in (f"signatory={a}x", "signatory", f"Sign Atory={a}"):
        with pytest.raises(MithaqError):
            nation.request("manifest-3.json", "--official", wrong)
    with pytest.raises(Invalid):
        nation.request("manifest-3.json", "--quorum", "signatory=3")


def test_what_cannot_be_requested_makes_no_keys_and_no_file(nation: Nation) -> None:
    before = nation.home.keys.read_bytes()
    (nation.folder / "taken.json").write_text("mine")
    for words in (["--quorum", "signatory=1"], ["--valid", "P1X"], ["--valid", "P0D"], ["--quorum", "x=y"]):
        with pytest.raises(MithaqError):
            nation.request("new.json", *words)
    with pytest.raises(Clash):
        nation.request("taken.json")
    with pytest.raises(Invalid, match="no root"):
        nation.keys("request", "--out", nation.folder / "new.json")
    assert nation.home.keys.read_bytes() == before
    assert not (nation.folder / "new.json").exists()
    assert (nation.folder / "taken.json").read_text() == "mine"


def test_a_root_is_never_overwritten_and_never_holds_one_key_twice(nation: Nation) -> None:
    public = nation.custodians[0].with_suffix(".public.json")
    with pytest.raises(Clash):
        run("keys", "root", public, "--party", "JO", "--need", 1, "--out", nation.root)
    for publics, need in (((public, public), 1), ((public,), 2)):
        with pytest.raises(Invalid):
            run("keys", "root", *publics, "--party", "JO", "--need", need, "--out", nation.folder / "r.json")


def test_a_root_of_another_nation_is_refused(nation: Nation) -> None:
    public = nation.custodians[0].with_suffix(".public.json")
    other = nation.folder / "sa.json"
    run("keys", "root", public, "--party", "SA", "--need", 1, "--out", other)
    with pytest.raises(Invalid, match="SA"):
        nation.keys("request", "--root", other, "--out", nation.folder / "m.json")
    path = nation.request("n.json")
    nation.approve(path)
    with pytest.raises(Clash, match="SA"):
        nation.install(path, "--root", other)


def test_personal_keys_ask_twice_and_need_some_length(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    assert "Error" in run("keys", "personal", path, "--label", "x", typed="one\ntwo\n").output
    assert not path.exists()
    with pytest.raises(Invalid):
        run("keys", "personal", path, "--label", "x", typed="short\nshort\n")
    assert not path.exists()


# -- revocation, with a partner ---------------------------------------------------------------------------------------


def test_a_revocation_is_for_each_partner_and_a_new_pair_signs_at_once(tmp_path: Path) -> None:
    pair = rehearsed(tmp_path / "homes")
    nation = Nation(tmp_path, pair.nations["JO"].home)
    nation.rooted()
    lost = nation.manifest.signing[0]
    drafted = nation.keys("revoke", lost.id, "--trusted", "SA=0", "--out", tmp_path / "manifest-2.json")
    files = [tmp_path / "manifest-2.json", *map(Path, drafted["revocations"])]
    assert len(files) == 2
    nation.approve(*files)
    nation.install(*files)
    made = nation.manifest
    assert [each.id for each in made.signing if each.revoked] == [lost.id]
    found = nation.keys("status")
    signing = [each for each in found["keys"] if each["what"] == "signing"]
    assert [each["state"] for each in signing if each["key"] == lost.id] == ["revoked"]
    assert sum(each["state"] == "in use" for each in signing) == 1
    with pytest.raises(NotFound):
        nation.keys("revoke", lost.id, "--out", tmp_path / "manifest-3.json")
    for words in (("ed25519:0000000000000000",), (), (lost.id, "--all")):
        with pytest.raises(MithaqError):
            nation.keys("revoke", *words, "--out", tmp_path / "manifest-3.json")


def test_a_node_without_a_root_cannot_revoke(nation: Nation) -> None:
    with pytest.raises(Invalid, match="no root"):
        nation.keys("revoke", "--all", "--out", nation.folder / "m.json")


# -- a key file of 0.1.0 ----------------------------------------------------------------------------------------------


def test_a_home_of_0_1_0_is_told_to_lock_its_keys_before_it_makes_more(nation: Nation) -> None:
    nation.home.keys.unlink()
    nation.home.unlock.unlink()
    keys = KeyFile.create(nation.home.keys)
    card = canonical.read(nation.home.card.read_bytes(), Card)
    write_private(nation.home.card, canonical.encode(replace(card, signing=keys.signing, sealing=keys.sealing)))
    with pytest.raises(NotAllowed, match="not locked"):
        nation.request("m.json")
    run("--home", nation.home.path, "keys", "protect")
    assert b"mithaq-box/1" in nation.home.keys.read_bytes()
    nation.rooted()
    assert nation.manifest.signing[0].keys == keys.signing


# -- status -----------------------------------------------------------------------------------------------------------


def test_status_shows_a_home_without_a_root_and_one_with(nation: Nation) -> None:
    assert "no root" in run("--home", nation.home.path, "keys", "status").output
    nation.rooted()
    result = run("--home", nation.home.path, "keys", "status")
    assert (result.exit_code, "manifest 1" in result.output) == (0, True)


def test_an_expired_home_can_still_see_its_keys_and_request_new_ones(nation: Nation) -> None:
    nation.rooted()
    known, custodian = (
        read_identity(nation.home.card.read_bytes()),
        [PersonalKey.load(path, PHRASE.encode()) for path in nation.custodians[:2]],
    )
    assert known.root is not None
    made, shift = nation.manifest, timedelta(days=400)
    past = replace(
        made,
        issued=made.issued - shift,
        expires=made.expires - shift,
        signing=tuple(replace(each, start=each.start - shift, until=each.until - shift) for each in made.signing),
        sealing=tuple(replace(each, start=each.start - shift, until=each.until - shift) for each in made.sealing),
    )
    envelope = statement.sign("manifest", past, custodian[0])
    text = add_signature(envelope, custodian[1]).decode()
    write_private(nation.home.card, canonical.encode(root_card(identity_of(known.root, text))))
    result = run("--home", nation.home.path, "keys", "status", "--json")
    assert (result.exit_code, json.loads(result.stdout)["urgent"]) == (1, True)
    path = nation.request("manifest-2.json")
    asked = canonical.decode(canonical.read(path.read_bytes(), Envelope).payload, Manifest)
    assert draft.covered([(each.start, each.until) for each in asked.signing], asked.issued) > asked.issued + 170 * DAY


# -- while nodes serve ------------------------------------------------------------------------------------------------


def test_keys_rotate_while_both_nodes_serve_and_nothing_is_lost(tmp_path: Path) -> None:
    """New keys are made and taken up beside a running node, which signs and opens with them without a restart."""
    pair = rehearsed(tmp_path / "homes")
    jo, sa = pair.nations["JO"], pair.nations["SA"]
    nation = Nation(tmp_path, jo.home)
    nation.rooted()
    url = read_config(sa.home).partners["JO"].url
    root = read_root(nation.root.read_bytes())
    run("--home", sa.home.path, "party", "trust", jo.home.card, "--fingerprint", root.digest, "--url", url)
    with pair:
        for turn in range(3):
            jo.do("intelligence.alert-vehicles", {"rows": [alert(plate=f"J-{turn}")]})
            sa.do("intelligence.alert-vehicles", {"rows": [alert(plate=f"S-{turn}")]})
            pair.settle()
            nation.approve(path := nation.request(f"next-{turn}.json", "--new"))
            nation.install(path)
        jo.do("intelligence.alert-vehicles", {"rows": [alert(plate="J-last")]})
        sa.do("intelligence.alert-vehicles", {"rows": [alert(plate="S-last")]})
        pair.settle()
    assert nation.manifest.serial == 4
    found = pair.audit()
    assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
    assert found["logs_verified"] == found["logs"] == 4
