"""Witnessed links: the partner's node and a regional body cosign, and whoever shows two logs is found by either."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mithaq.assembly import load_keys
from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.link import speaks
from mithaq.kernel.link.log.checkpoint import Checkpoint, sign_checkpoint
from mithaq.kernel.link.log.proof_file import ProofFile, write_proof
from mithaq.kernel.link.log.tree import append, root
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.shelves import Edge
from mithaq.kernel.witness import card, kept, partner
from mithaq.kernel.witness.answer import write_request
from mithaq.kernel.witness.policy import Group, Witnessed, check
from tests.kernel.witness.lines import verified
from tests.kernel.witness.world import ALL_THREE, BOTH, BUREAU, Witnessing, witnessing
from tests.worlds import World, alert, two_nations

TOOL = Path(__file__).parents[3] / "tools" / "verify_link.py"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Witnessing]:
    with witnessing(tmp_path) as made:
        yield made


def state(world: World, count: int = 1, first: int = 0) -> None:
    rows = [alert(plate=f"P-{n}") for n in range(first, first + count)]
    world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()


def newest(world: World, party: str, link: str = "JO>SA") -> str:
    with getattr(world, party.lower()).store.read() as tx:
        return kept.notes(tx, link)[-1].text


def tool(*args: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(TOOL), *args], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_partner_cosigns_what_it_holds_and_others_verify_it(world: Witnessing) -> None:
    state(world, 3)
    world.settle()
    with world.jo.store.read() as tx:
        keys = card.keys_of(tx, "SA")
    for party in ("JO", "SA"):
        for key in (*keys, *BUREAU.keys):
            assert verified(newest(world, party), key.text) >= int(world.clock.now().timestamp()) - 300
    found = world.stands("JO", "JO>SA")
    assert (found.size, found.witnessed, found.quorum, found.missing) == (3, 3, True, ())
    assert found.age is not None
    assert world.stands("SA", "JO>SA").quorum
    world.assert_sound()


def test_the_same_head_gets_the_same_lines_and_an_older_checkpoint_none(world: Witnessing) -> None:
    state(world, 2)
    world.settle()
    with world.sa.store.read() as tx:
        before, held = tx.memos.get("cosigned/JO>SA"), tx.links.checkpoint("JO>SA") or ""
    state(world, 2, first=2)
    world.settle()

    def again(tx: Any) -> Any:
        cosigner = world.sa._inbound._ends.cosigner
        assert cosigner is not None
        return partner.cosign(tx, "JO>SA", held, cosigner, world.clock.now())

    assert world.sa.store.write(again).result() == ()  # of size 2, and 4 are cosigned
    with world.sa.store.read() as tx:
        assert (before or "").startswith("2 ")
        assert (tx.memos.get("cosigned/JO>SA") or "").startswith("4 ")


def test_a_partner_of_before_needs_no_witness_keys(tmp_path: Path) -> None:
    with witnessing(tmp_path, BOTH) as world:
        side = world.sa._inbound
        side._ends = msgspec.structs.replace(side._ends, cosigner=None)
        state(world, 2)
        world.settle()
        found = world.stands("JO", "JO>SA")
        assert (found.quorum, found.by_receipt) == (True, True)
        with pytest.raises(Invalid, match="no keys of SA"):
            world.jo.ask("link.policy", {"sender": "JO", "receiver": "SA"}, who=HOME)


def test_a_partner_that_turns_the_new_format_away_is_asked_once_in_it(tmp_path: Path) -> None:
    with two_nations(tmp_path) as world:
        seen: list[str] = []

        def older(sealed: bytes) -> Any:
            answer = _format(world, sealed)
            seen.append(answer)
            if answer == "mithaq-delivery/4":
                raise Invalid("shape", "unknown format")
            return world.sa.receive(sealed)

        world.wire.join("SA", older)
        state(world)
        world.step()
        assert seen.count("mithaq-delivery/4") == 1
        with world.jo.store.read() as tx:
            assert speaks.cosigns(tx, "SA") is False
        world.jo.line("SA").forget()
        state(world, first=1)
        world.step()
        assert seen.count("mithaq-delivery/4") == 1
        world.wire.join("SA", world.sa.receive)
        world.sa.do("intelligence.alert-vehicle", alert(plate="S-1"), who=HOME).result()
        world.step()  # SA asks in the format that it has by now: so it knows it
        with world.jo.store.read() as tx:
            assert speaks.cosigns(tx, "SA") is True
        world.assert_sound()


def _format(world: World, sealed: bytes) -> str:
    from mithaq.kernel.seal import unseal

    _, plain = unseal(sealed, load_keys(world.rehearsal.nations["SA"].home), me="SA")
    return str(json.loads(plain)["format"])


def test_a_receiver_that_was_set_back_cosigns_nothing_until_it_is_shown_what_it_cosigned(world: Witnessing) -> None:
    state(world, 3)
    world.settle()

    def forget(tx: Any) -> None:  # as a restore of the store would
        tx.memos.put("cosigned/JO>SA", None)
        for each in kept.notes(tx, "JO>SA"):
            tx.papers.remove("cosigned/JO>SA", f"{each.checkpoint.size:016d}")
        partner.unsure(tx, "JO>SA")

    world.sa.store.write(forget).result()
    with world.jo.store.read() as tx:
        notes = kept.notes(tx, "JO>SA")

    def hide(tx: Any, *, again: bool) -> None:
        for each in notes:
            id = f"{each.checkpoint.size:016d}"
            if again:
                tx.papers.put("cosigned/JO>SA", id, each.text.encode())
            else:
                tx.papers.remove("cosigned/JO>SA", id)

    world.jo.store.write(lambda tx: hide(tx, again=False)).result()
    state(world, 1, first=3)
    world.step()
    with world.sa.store.read() as tx:
        assert partner.is_unsure(tx, "JO>SA")  # JO shows nothing: nothing is cosigned
        assert tx.memos.get("cosigned/JO>SA") is None
    world.jo.store.write(lambda tx: hide(tx, again=True)).result()
    state(world, 1, first=4)
    world.step()
    with world.sa.store.read() as tx:
        assert not partner.is_unsure(tx, "JO>SA")
        assert (tx.memos.get("cosigned/JO>SA") or "").startswith("5 ")


def test_a_missing_third_is_told_and_becomes_a_duty_and_stops_nothing(world: Witnessing) -> None:
    world.ways["JO"].cut = world.ways["SA"].cut = True
    state(world, 2)
    world.step()
    found = world.stands("JO", "JO>SA")
    assert (found.quorum, found.missing, found.late) == (False, ("bureau",), False)
    world.clock_on(3601)
    world.step()
    assert world.stands("JO", "JO>SA").late
    [duty] = [each for each in world.jo.ask("duty.list", {}, who=HOME) if each.what == "witness"]
    assert (duty.about, duty.state) == ("JO>SA under " + found.agreement, "open")
    state(world, 1, first=2)
    world.step()
    assert [each.accepted for each in world.jo.ask("link.status", {}, who=HOME) if each.link == "JO>SA"] == [3]
    world.ways["JO"].cut = False
    world.settle()
    assert world.stands("JO", "JO>SA").quorum
    assert not [each for each in world.jo.ask("duty.list", {}, who=HOME) if each.what == "witness"]


def test_where_the_agreement_says_so_releases_wait_for_the_third_and_recalls_do_not(tmp_path: Path) -> None:
    with witnessing(tmp_path, msgspec.structs.replace(ALL_THREE, fail_closed=True)) as world:
        state(world, 1)
        world.settle()
        with world.sa.store.read() as tx:
            [held] = tx.records.page()
        world.ways["JO"].cut = True
        state(world, 1, first=1)
        world.settle()
        assert [e.waiting for e in world.jo.ask("link.status", {}, who=HOME) if e.link == "JO>SA"] == [1]
        world.jo.do("link.recall", {"id": held.id, "why": "wrong"}, who=HOME).result()
        world.settle()
        with world.sa.store.read() as tx:
            assert tx.memos.get(f"recalled/{held.id}") == "wrong"
            assert len(tx.records.page()) == 1
        world.ways["JO"].cut = False
        world.settle()
        with world.sa.store.read() as tx:
            assert len(tx.records.page()) == 2
        world.assert_sound()


def fork(world: Witnessing, size: int, entries: list[bytes] | None = None) -> str:
    """A checkpoint of another log, signed with JO's real keys."""
    edge, _ = append(Edge(), entries or [bytes([n]) * 32 for n in range(size)])
    keys = load_keys(world.rehearsal.nations["JO"].home)
    return sign_checkpoint(Checkpoint("mithaq/JO/SA", edge.size, root(edge)), keys, world.jo.card.keys)


@pytest.mark.parametrize("size", [2, 3])
def test_a_sender_that_shows_another_log_to_the_third_is_found_by_its_partner(world: Witnessing, size: int) -> None:
    world.ways["JO"].cut = True  # JO is malicious: what it submits, it submits by hand
    assert world.bureau.add(write_request(0, [], fork(world, size))).status == 200
    state(world, 3)
    world.settle()
    folder = world.rehearsal.nations["SA"].home.evidence
    [file] = folder.glob("signed-split-view-*.json")
    jo = str(world.rehearsal.nations["JO"].home.card)
    code, told = tool("evidence", str(file), "--sender", jo)
    assert (code, told) == (0, f"proved: JO signed two logs of JO>SA, at {size} and at 3 entries\n")
    code, told = tool("evidence", str(file), "--sender", str(world.rehearsal.nations["SA"].home.card))
    assert code == 1
    assert [each for each in world.sa.ask("duty.list", {}, who=HOME) if each.what == "split_view"]
    found = json.loads(file.read_bytes())
    found["held"] = [_honest(world, found)]
    file.write_bytes(canonical.encode(found))
    assert tool("evidence", str(file), "--sender", jo)[0] == 1  # two notes of one log prove nothing


def _honest(world: Witnessing, found: dict[str, Any]) -> str:
    import base64

    return base64.b64decode(found["given"]).decode()


def test_a_sender_that_shows_another_log_to_its_partner_is_found_by_the_third(world: Witnessing) -> None:
    state(world, 3)
    world.settle()
    assert world.bureau.add(write_request(0, [], fork(world, 3))).status == 409
    [found] = world.kept
    assert (found.code, found.partner) == ("equivocation", "JO")
    path = world.rehearsal.nations["SA"].home.path / "evidence.json"
    path.write_bytes(canonical.encode(found))
    jo = str(world.rehearsal.nations["JO"].home.card)
    assert tool("evidence", str(path), "--sender", jo) == (
        0, "proved: JO signed two logs of JO>SA, at 3 and at 3 entries\n"
    )  # fmt: skip
    assert world.bureau.add(write_request(3, [bytes(32)], fork(world, 7))).status == 422
    assert [each.code for each in world.kept] == ["equivocation", "inconsistent"]


def test_a_fork_that_is_ahead_is_compared_once_our_log_has_come_that_far(world: Witnessing) -> None:
    world.ways["JO"].cut = True
    assert world.bureau.add(write_request(0, [], fork(world, 5))).status == 200
    state(world, 3)
    world.settle()
    folder = world.rehearsal.nations["SA"].home.evidence
    assert not list(folder.glob("signed-split-view-*.json"))
    state(world, 3, first=3)
    world.settle()
    assert len(list(folder.glob("signed-split-view-*.json"))) == 1


def test_whoever_signs_our_log_with_our_keys_is_found_when_we_submit(world: Witnessing) -> None:
    assert world.bureau.add(write_request(0, [], fork(world, 2))).status == 200
    state(world, 3)
    world.settle()
    [file] = world.rehearsal.nations["JO"].home.evidence.glob("signed-split-view-*.json")
    assert json.loads(file.read_bytes())["partner"] == "JO"
    assert "two logs" in world.jo.attendance.problems["JO>SA bureau"]


def test_a_proof_carries_the_cosignatures_and_an_auditor_checks_the_quorum(world: Witnessing, tmp_path: Path) -> None:
    state(world, 3)
    world.settle()
    found = world.jo.ask("link.prove", {"sender": "JO", "receiver": "SA", "seq": 2}, who=HOME)
    policy = world.jo.ask("link.policy", {"sender": "JO", "receiver": "SA"}, who=HOME).policy
    with world.jo.store.read() as tx:
        message = tx.links.get("JO>SA", 2)
    assert message is not None
    files = {name: tmp_path / name for name in ("two.tlog-proof", "two.json", "jo-sa.policy")}
    path = tuple(bytes.fromhex(each) for each in found.path)
    proof = write_proof(ProofFile(1, path, found.checkpoint, bytes.fromhex(found.salt)))
    files["two.json"].write_bytes(message.content or b"")
    files["jo-sa.policy"].write_text(policy)
    jo = str(world.rehearsal.nations["JO"].home.card)

    def checked(text: str) -> tuple[int, str]:
        files["two.tlog-proof"].write_text(text)
        return tool(
            "proof", str(files["two.tlog-proof"]), "--sender", jo, "--message", str(files["two.json"]), "--policy",
            str(files["jo-sa.policy"]),
        )  # fmt: skip

    code, told = checked(proof)
    assert code == 0, told
    assert "witnessed by SA, SA.ed25519, SA.ml-dsa-44, all_three, bureau" in told
    lines = proof.split("\n")
    for n, line in enumerate(lines):
        if line.startswith(("— mithaq/SA/witness ", "— bureau.example/witness ")):
            code, told = checked("\n".join([*lines[:n], *lines[n + 1 :]]))
            assert (code, "not met" in told) == (1, True)  # any line that lacks, and the quorum is not met
            code, told = checked("\n".join([*lines[:n], line[:-6] + "AAAAA=", *lines[n + 1 :]]))
            assert code != 0


@pytest.mark.parametrize(
    ("need", "of", "there", "met"),
    [
        ("any", ("a", "b", "c"), {"b"}, True),
        ("any", ("a", "b", "c"), set(), False),
        ("all", ("a", "b"), {"a"}, False),
        ("all", ("a", "b"), {"a", "b"}, True),
        (2, ("a", "b", "c"), {"a", "c"}, True),
        (2, ("a", "b", "c"), {"c"}, False),
    ],
)
def test_groups_count_as_the_specification_says(need: Any, of: tuple[str, ...], there: set[str], met: bool) -> None:
    assert Witnessed(quorum="g", groups=(Group("g", need, of),)).met(there) is met
    assert Witnessed(quorum="none").met(())


@pytest.mark.parametrize(
    "policy",
    [
        Witnessed(quorum="unknown"),
        Witnessed(quorum="g", groups=(Group("g", "all", ("JO", "later")), Group("later", "any", ("SA",)))),
        Witnessed(quorum="g", groups=(Group("g", "all", ("JO", "JO")),)),
        Witnessed(quorum="g", groups=(Group("g", 3, ("JO", "SA")),)),
        Witnessed(quorum="h", groups=(Group("g", "any", ("JO",)), Group("h", "all", ("JO", "g")))),
        Witnessed(quorum="b", witnesses={"b": ("x+00000000+AAAA",)}),
        Witnessed(quorum="b", witnesses={"b": (BUREAU.keys[0].text,), "c": (BUREAU.keys[0].text,)}),
        Witnessed(quorum="none", witnesses={"none": (BUREAU.keys[0].text,)}),
    ],
)
def test_a_policy_that_means_nothing_or_counts_one_twice_is_refused(policy: Witnessed) -> None:
    with pytest.raises(Invalid):
        check(policy, ("JO", "SA"), "$.witnessed")


def test_a_party_that_is_no_end_of_a_link_is_not_asked_for_there() -> None:
    policy = Witnessed(quorum="g", groups=(Group("g", "all", ("IQ", "JO", "SA")),))
    assert policy.on("JO", "SA").asked() == ("JO", "SA")
    assert policy.on("JO", "SA").met({"JO", "SA"})
