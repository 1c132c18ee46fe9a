"""A dishonest or broken partner: whatever it sends, it is found, nothing of it is taken, and evidence is kept."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mithaq.adapters.keystore.file import KeyFile
from mithaq.assembly import load_keys
from mithaq.errors import MithaqError, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link.log.checkpoint import Checkpoint, sign_checkpoint
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.message import Carried, Delivery, Receipt
from mithaq.kernel.link.send import Room, next_delivery, run_after
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.shelves import Edge
from mithaq.kernel.statement import sign, verified
from tests.worlds import World, alert

Change = Callable[[dict[str, Any]], None]


def state(world: World, count: int = 1) -> None:
    rows = [alert(plate=f"P-{n}") for n in range(count)]
    world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()


def waiting(world: World) -> Delivery:
    with world.jo.store.read() as tx:
        found = next_delivery(tx, "JO>SA")
    assert found is not None
    return found


def jo_keys(world: World) -> KeyFile:
    return load_keys(world.rehearsal.nations["JO"].home)


def send(world: World, delivery: Delivery) -> Receipt:
    sealed = seal(canonical.encode(delivery), sender="JO", receiver="SA", public=world.sa.card.sealing)
    answer = world.sa.receive(sealed)
    _, envelope = unseal(answer.sealed, jo_keys(world), me="JO")
    receipt = verified("receipt", envelope, Receipt, world.sa.card.keys)
    assert receipt.outcome == answer.outcome
    return receipt


def forged(world: World, change: Change) -> Delivery:
    """The first waiting message, changed, and then numbered, logged and signed by JO's real keys."""
    [carried] = waiting(world).messages
    content = msgspec.json.decode(carried.content or "")
    change(content)
    data, salt = canonical.encode(content), carried.salt or b""
    return logged(world, [(salt, data)])


def logged(world: World, messages: list[tuple[bytes, bytes]]) -> Delivery:
    edge, _ = append(Edge(), [entry_of(salt, data) for salt, data in messages])
    note = sign_checkpoint(Checkpoint("mithaq/JO/SA", edge.size, root(edge)), jo_keys(world), world.jo.card.keys)
    carried = tuple(Carried(seq=n, salt=s, content=d.decode()) for n, (s, d) in enumerate(messages, 1))
    return Delivery(format="mithaq-delivery/2", sender="JO", receiver="SA", checkpoint=note, messages=carried)


def asking(note: str) -> Delivery:
    return Delivery(format="mithaq-delivery/2", sender="JO", receiver="SA", checkpoint=note)


def evidence(world: World, party: str) -> dict[str, Any]:
    """The one evidence file that a nation has kept."""
    [kept] = world.rehearsal.nations[party].home.evidence.iterdir()
    found = msgspec.json.decode(kept.read_bytes())
    assert isinstance(found, dict)
    assert found["partner"] or found["kind"] == "turned-away"
    return found


def body(content: dict[str, Any]) -> dict[str, Any]:
    found = content["body"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("no_agreement", lambda c: body(c)["basis"].update(digest="sha256:" + "0" * 64)),
        ("no_agreement", lambda c: body(c)["basis"].update(law="other/1")),
        ("no_clause", lambda c: body(c)["basis"].update(clause="9.1")),
        ("no_clause", lambda c: body(c)["basis"].update(clause="77")),
        ("field_level", lambda c: body(c)["fields"].update(source="x")),
        ("field_level", lambda c: body(c)["levels"].update(place="clear")),
        ("field_level", lambda c: body(c)["fields"].update(place="31.4912,36.9987")),
        ("field_level", lambda c: body(c)["fields"].update(time="2026-11-20T04:10:33Z")),
        ("field_level", lambda c: body(c)["levels"].pop("plate")),
        ("handling", lambda c: body(c)["handling"].update(retain="P5Y")),
        ("handling", lambda c: body(c)["handling"].pop("onward")),
        ("handling", lambda c: body(c)["handling"].update(onward="free")),
        ("origin", lambda c: body(c).update(origin="SA")),
        ("origin", lambda c: body(c).update(record="SA" + body(c)["record"][2:])),
        ("field_type", lambda c: body(c)["fields"].update(reason="whim")),
        ("own_law", lambda c: body(c)["marking"].update(caveats=["contested"])),
        ("shape", lambda c: body(c).update(religion="x")),
        ("shape", lambda c: c.update(lane="express")),
        ("misaddressed", lambda c: c.update(seq=2)),
        ("misaddressed", lambda c: c.update({"to": "EG"})),
        ("not_covered", lambda c: body(c).update(kind="intelligence.alert.person/1")),
    ],
)
def test_a_message_that_breaks_the_agreement_is_refused_and_not_kept(world: World, code: str, change: Change) -> None:
    state(world)
    receipt = send(world, forged(world, change))
    assert [(verdict.verdict, verdict.code) for verdict in receipt.verdicts] == [("refused", code)]
    with world.sa.store.read() as tx:
        message = tx.links.get("JO>SA", 1)
        assert message is not None
        assert message.content is None
        assert tx.records.page() == []
        assert tx.links.edge("JO>SA").size == 1


def test_bytes_that_are_not_canonical_are_refused(world: World) -> None:
    state(world)
    [carried] = waiting(world).messages
    spaced = (carried.content or "").replace('{"', '{ "', 1).encode()
    receipt = send(world, logged(world, [(carried.salt or b"", spaced)]))
    assert receipt.verdicts[0].code == "not_canonical"


def test_a_record_of_an_unknown_kind_is_kept_and_not_understood(world: World) -> None:
    state(world)
    world.sa.kinds.clear()
    receipt = send(world, waiting(world))
    assert (receipt.verdicts[0].verdict, receipt.verdicts[0].code) == ("accepted", "not_understood")
    with world.sa.store.read() as tx:
        assert len(tx.records.page()) == 1


def test_a_duplicate_gets_its_verdict_again_and_changes_nothing(world: World) -> None:
    state(world, 3)
    delivery = waiting(world)
    first, second = send(world, delivery), send(world, delivery)
    assert first.verdicts == second.verdicts
    assert first.head == second.head
    with world.sa.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 3
    world.step()
    world.assert_sound()


def test_a_part_sent_again_under_a_newer_checkpoint_is_no_conflict(world: World) -> None:
    state(world, 9)
    send(world, waiting(world))
    state(world, 3)
    with world.jo.store.read() as tx:
        part = next_delivery(tx, "JO>SA", room=Room(messages=4))
    assert part is not None
    assert part.consistency
    assert send(world, part).outcome == "settled"
    assert send(world, msgspec.structs.replace(part, consistency=(b"x" * 32,))).outcome == "conflict"


def test_a_gap_is_told_and_filled(world: World) -> None:
    state(world, 3)
    delivery = waiting(world)
    later = msgspec.structs.replace(delivery, messages=delivery.messages[1:])
    receipt = send(world, later)
    assert (receipt.outcome, receipt.head.size) == ("gap", 0)
    world.step()
    world.assert_sound()


def test_part_of_a_commit_is_taken_under_the_checkpoint_of_the_whole(world: World) -> None:
    state(world, 9)
    with world.jo.store.read() as tx:
        part = next_delivery(tx, "JO>SA", room=Room(messages=4))
    assert part is not None
    assert part.consistency
    assert send(world, part).head.size == 4
    with pytest.raises(AssertionError):  # a conflict, not settled: the proof was left out
        assert send(world, msgspec.structs.replace(forward(world, 4), consistency=())).outcome == "settled"
    world.step()
    world.assert_sound()


def forward(world: World, after: int) -> Delivery:
    with world.jo.store.read() as tx:
        found = run_after(tx, "JO>SA", after, Room(messages=2))
    assert found is not None
    return found


def test_the_same_number_with_other_contents_is_a_conflict_with_evidence(world: World) -> None:
    state(world)
    other = forged(world, lambda c: body(c)["fields"].update(colour="red"))
    send(world, waiting(world))
    receipt = send(world, other)
    assert (receipt.outcome, receipt.verdicts) == ("conflict", ())
    kept = evidence(world, "SA")
    assert canonical.decode(base64.b64decode(kept["given"]), Delivery) == other
    assert (kept["kind"], kept["partner"]) == ("signed", "JO")
    assert "another message" in kept["what"]


def test_a_sender_that_is_told_of_a_conflict_shows_it_and_keeps_all(world: World) -> None:
    state(world)
    send(world, forged(world, lambda c: body(c)["fields"].update(colour="red")))
    with pytest.raises(Untrusted, match="another log"):
        world.jo.deliver("SA")
    world.jo.step()
    assert world.jo.line("SA").state == "retrying"
    assert "another server signs for JO" in world.jo.line("SA").problem  # SA has shown our own signature on it
    assert world.jo.down
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"waiting": 1}


def test_a_fork_of_the_log_is_a_conflict(world: World) -> None:
    state(world, 2)
    send(world, waiting(world))
    with world.jo.store.read() as tx:
        second = tx.links.get("JO>SA", 2)
    assert second is not None
    fork, _ = append(Edge(), [b"f" * 32, second.entry, b"g" * 32])
    note = sign_checkpoint(Checkpoint("mithaq/JO/SA", 2, root(append(Edge(), [b"f" * 32, second.entry])[0])),
                           jo_keys(world), world.jo.card.keys)  # fmt: skip
    assert fork.size == 3
    assert (
        send(world, Delivery(format="mithaq-delivery/2", sender="JO", receiver="SA", checkpoint=note)).outcome
        == "conflict"
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda w, d: msgspec.structs.replace(d, checkpoint=resigned(w, d, KeyFile.generate())),
        lambda w, d: msgspec.structs.replace(d, sender="EG"),
        lambda w, d: msgspec.structs.replace(d, receiver="EG"),
        lambda w, d: msgspec.structs.replace(d, messages=d.messages[::-1]),
        lambda w, d: msgspec.structs.replace(d, messages=(d.messages[0], d.messages[0])),
        lambda w, d: msgspec.structs.replace(d, messages=(Carried(seq=1),)),
        lambda w, d: msgspec.structs.replace(d, messages=(*d.messages, Carried(seq=3, salt=b"s" * 32, content="{}"))),
    ],
)
def test_a_delivery_that_is_not_signed_as_it_must_be_is_turned_away(world: World, spoil: Any) -> None:
    state(world, 2)
    with pytest.raises(Untrusted):
        send(world, spoil(world, waiting(world)))
    assert evidence(world, "SA")["kind"] == "turned-away"
    with world.sa.store.read() as tx:
        assert tx.journal.last() == 0


def resigned(world: World, delivery: Delivery, keys: KeyFile) -> str:
    with world.jo.store.read() as tx:
        edge = tx.links.edge("JO>SA")
    return sign_checkpoint(Checkpoint("mithaq/JO/SA", edge.size, root(edge)), keys, keys.signing)


def test_a_changed_salt_or_content_is_a_conflict(world: World) -> None:
    state(world)
    delivery = waiting(world)
    [carried] = delivery.messages
    for changed in (
        msgspec.structs.replace(carried, salt=b"s" * 32),
        msgspec.structs.replace(carried, content=(carried.content or "").replace("P-0", "P-9")),
    ):
        assert send(world, msgspec.structs.replace(delivery, messages=(changed,))).outcome == "conflict"


def test_garbage_and_strangers_are_turned_away(world: World) -> None:
    for garbage in (b"", b"x" * 5000, b"{}\n", seal(b"x", sender="EG", receiver="SA", public=world.sa.card.sealing),
                    seal(b"{}", sender="JO", receiver="SA", public=world.sa.card.sealing),
                    seal(b"[" * 9000, sender="JO", receiver="SA", public=world.sa.card.sealing)):  # fmt: skip
        with pytest.raises(MithaqError):
            world.sa.receive(garbage)


def test_a_forged_or_foreign_receipt_is_not_believed(world: World) -> None:
    state(world)
    honest = world.sa.receive

    def lying(sealed: bytes) -> Any:
        receipt = Receipt(
            format="mithaq-receipt/2", sender="SA", receiver="JO", link="JO>SA", outcome="settled",
            verdicts=(), head={"size": 0, "root": b"r" * 32}, at=world.clock.now(),  # type: ignore[arg-type]
        )  # fmt: skip
        thief = KeyFile.generate()
        answer = honest(sealed)
        return msgspec.structs.replace(
            answer,
            sealed=seal(sign("receipt", receipt, thief), sender="SA", receiver="JO", public=world.jo.card.sealing),
        )

    world.wire.join("SA", lying)
    with pytest.raises(Untrusted):
        world.jo.deliver("SA")
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"waiting": 1}
    world.wire.join("SA", honest)
    world.step()
    world.assert_sound()
