"""A dishonest partner: each trick is done with real keys, found, and leaves an evidence file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mithaq.adapters.evidence import folder
from mithaq.adapters.keystore.file import KeyFile
from mithaq.assembly import load_keys
from mithaq.errors import Malformed, MithaqError, NotAllowed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.link.log.checkpoint import Checkpoint, sign_checkpoint
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.message import Carried, Delivery, Receipt
from mithaq.kernel.seal import MAX_SEALED, seal, unseal
from mithaq.kernel.shelves import Edge
from mithaq.kernel.statement import sign, verified
from tests.kernel.link.test_dishonest import asking, evidence, forged, jo_keys, logged, send, state, waiting
from tests.worlds import World


def sa_keys(world: World) -> KeyFile:
    return load_keys(world.rehearsal.nations["SA"].home)


def checkpoint(world: World, entries: list[bytes]) -> str:
    edge, _ = append(Edge(), entries)
    return sign_checkpoint(Checkpoint("mithaq/JO/SA", edge.size, root(edge)), jo_keys(world), world.jo.card.keys)


def tampering(world: World, change: Callable[[Receipt], Receipt], keys: KeyFile | None = None) -> None:
    """SA answers honestly, then changes its receipt and signs it again."""
    honest = world.sa.receive

    def receive(sealed: bytes) -> Answer:
        _, envelope = unseal(honest(sealed).sealed, jo_keys(world), me="JO")
        receipt = verified("receipt", envelope, Receipt, world.sa.card.keys)
        again = sign("receipt", change(receipt), keys or sa_keys(world))
        return Answer("settled", seal(again, sender="SA", receiver="JO", public=world.jo.card.sealing))

    world.wire.join("SA", receive)


def assert_jo_does_not_believe(world: World, code: str, kind: str = "signed") -> None:
    with pytest.raises(Untrusted):
        world.jo.deliver("SA")
    kept = evidence(world, "JO")
    assert (kept["kind"], kept["partner"], kept["code"]) == (kind, "SA", code)
    assert base64.b64decode(kept["given"])
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"waiting": 1}


def test_fork(world: World) -> None:
    """Two logs that part before what the partner holds."""
    state(world, 2)
    send(world, waiting(world))
    with world.jo.store.read() as tx:
        second = tx.links.get("JO>SA", 2)
    assert second is not None
    salt = b"s" * 32
    fork = checkpoint(world, [b"f" * 32, second.entry, entry_of(salt, b"{}")])
    third = Carried(seq=3, salt=salt, content="{}")
    forked = msgspec.structs.replace(asking(fork), messages=(third,))
    assert send(world, forked).outcome == "conflict"
    kept = evidence(world, "SA")
    assert (kept["kind"], kept["partner"]) == ("signed", "JO")
    assert kept["held"][0].startswith("mithaq/JO/SA\n2\n")  # what it signed before, beside what it signs now
    assert canonical.decode(base64.b64decode(kept["given"]), Delivery).checkpoint == fork


def test_rollback(world: World) -> None:
    """A shorter log with another message under a number that was used."""
    state(world, 2)
    send(world, waiting(world))
    with world.jo.store.read() as tx:
        first = tx.links.get("JO>SA", 1)
    assert first is not None
    assert first.content is not None
    rolled_back = logged(world, [(first.salt, first.content), (b"s" * 32, first.content)])
    assert send(world, rolled_back).outcome == "conflict"
    assert "another message before" in evidence(world, "SA")["what"]


def test_rollback_to_an_older_checkpoint_of_the_same_log_is_no_conflict(world: World) -> None:
    """It may be a late copy, or a restore: nothing contradicts, nothing is taken twice, the head tells the sender."""
    state(world, 1)
    first = waiting(world)
    send(world, first)
    state(world, 1)
    send(world, waiting(world))
    assert send(world, first).head.size == 2
    assert list(world.rehearsal.nations["SA"].home.evidence.iterdir()) == []


def test_equivocation_in_what_the_partner_has_not_reached(world: World) -> None:
    """Two checkpoints of one size with different roots, both ahead of the log the partner holds."""
    state(world, 1)
    entries = [b"a" * 32, b"b" * 32]
    assert send(world, asking(checkpoint(world, entries))).outcome == "settled"
    assert send(world, asking(checkpoint(world, entries[::-1]))).outcome == "conflict"
    assert "two checkpoints of size 2" in evidence(world, "SA")["what"]


def test_a_checkpoint_signed_ahead_binds_when_the_log_reaches_it(world: World) -> None:
    state(world, 1)
    assert send(world, asking(checkpoint(world, [b"a" * 32]))).outcome == "settled"
    receipt = send(world, waiting(world))
    assert receipt.outcome == "conflict"
    assert evidence(world, "SA")["kind"] == "signed"


def test_a_verdict_forged_by_another_key(world: World) -> None:
    state(world)
    tampering(world, lambda receipt: receipt, KeyFile.generate())
    assert_jo_does_not_believe(world, "signature", "turned-away")


def test_a_verdict_on_another_message(world: World) -> None:
    state(world)
    world.jo._outbound.ask("SA")

    def other(receipt: Receipt) -> Receipt:
        [verdict] = receipt.verdicts
        return msgspec.structs.replace(receipt, verdicts=(msgspec.structs.replace(verdict, entry=b"x" * 32),))

    tampering(world, other)
    assert_jo_does_not_believe(world, "verdict")


def test_a_head_of_another_log(world: World) -> None:
    state(world)
    world.jo._outbound.ask("SA")
    head = msgspec.structs.replace
    tampering(world, lambda receipt: head(receipt, head=head(receipt.head, root=b"x" * 32)))
    assert_jo_does_not_believe(world, "head")


def test_a_head_beyond_what_was_sent_without_our_signature(world: World) -> None:
    state(world)
    head = msgspec.structs.replace
    tampering(world, lambda receipt: head(receipt, head=head(receipt.head, size=9), checkpoint=None))
    assert_jo_does_not_believe(world, "head")


def test_a_replayed_verdict(world: World) -> None:
    """A receipt that was true once does not answer another delivery."""
    state(world)
    world.jo._outbound.ask("SA")
    honest, kept = world.sa.receive, []

    def replaying(sealed: bytes) -> Answer:
        kept.append(honest(sealed))
        return kept[0]

    world.wire.join("SA", replaying)
    world.jo.deliver("SA")
    state(world)
    with pytest.raises(Untrusted, match="another delivery"):
        world.jo.deliver("SA")
    assert evidence(world, "JO")["code"] == "receipt"
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"accepted": 1, "waiting": 1}
    world.wire.join("SA", honest)
    world.step()
    world.assert_sound()


def test_replay_to_another_recipient(world: World) -> None:
    """What JO signed for SA, sealed again for IQ or sent on as it is, means nothing to IQ."""
    state(world)
    delivery = waiting(world)
    as_it_is = seal(canonical.encode(delivery), sender="JO", receiver="SA", public=world.jo.card.sealing)
    with pytest.raises(Untrusted):
        world.jo.receive(as_it_is)  # JO stands for any other nation here: it is not SA
    assert evidence(world, "JO")["code"] == "partner"
    elsewhere = msgspec.structs.replace(delivery, receiver="IQ")
    with pytest.raises(Untrusted, match="to IQ"):
        send(world, elsewhere)
    assert evidence(world, "SA")["code"] == "delivery"


def test_a_message_for_another_recipient_inside_an_honest_log(world: World) -> None:
    state(world)
    receipt = send(world, forged(world, lambda content: content.update({"to": "IQ"})))
    assert receipt.verdicts[0].code == "misaddressed"


@pytest.mark.parametrize("half", ["ed25519", "ml-dsa-65"])
def test_a_downgraded_checkpoint(world: World, half: str) -> None:
    state(world)
    delivery = waiting(world)
    keep = 0 if half == "ed25519" else 1
    text, _, signatures = delivery.checkpoint.partition("\n\n")
    one = signatures.splitlines(keepends=True)[keep]
    with pytest.raises(Untrusted):
        send(world, msgspec.structs.replace(delivery, checkpoint=f"{text}\n\n{one}"))
    assert evidence(world, "SA")["kind"] == "turned-away"
    with world.sa.store.read() as tx:
        assert tx.journal.last() == 0


def test_a_downgraded_seal(world: World) -> None:
    sealed = seal(b"{}", sender="JO", receiver="SA", public=world.sa.card.sealing)
    with pytest.raises(MithaqError):
        world.sa.receive(sealed.replace(b'"mithaq-1"', b'"mithaq-0"', 1))
    assert evidence(world, "SA")["kind"] == "turned-away"


def test_a_downgraded_receipt(world: World) -> None:
    state(world)
    honest = world.sa.receive

    def half(sealed: bytes) -> Answer:
        _, envelope = unseal(honest(sealed).sealed, jo_keys(world), me="JO")
        plain: dict[str, Any] = msgspec.json.decode(envelope)
        plain["signatures"] = plain["signatures"][:1]
        again = canonical.encode(plain)
        return Answer("settled", seal(again, sender="SA", receiver="JO", public=world.jo.card.sealing))

    world.wire.join("SA", half)
    with pytest.raises(Untrusted):
        world.jo.deliver("SA")
    assert evidence(world, "JO")["partner"] == "SA"


def test_oversized(world: World) -> None:
    beginning = seal(b"{}", sender="JO", receiver="SA", public=world.sa.card.sealing)
    with pytest.raises(MithaqError):
        world.sa.receive(beginning + bytes(MAX_SEALED))
    kept = evidence(world, "SA")
    assert (kept["code"], kept["size"]) == ("too-large", len(beginning) + MAX_SEALED)
    assert len(base64.b64decode(kept["given"])) < kept["size"]


@pytest.mark.parametrize("malformed", [b"", b"\n", b"{}\n", b"\xff" * 100, b"[" * 600 + b"\n"])
def test_malformed(world: World, malformed: bytes) -> None:
    with pytest.raises(MithaqError):
        world.sa.receive(malformed)
    kept = evidence(world, "SA")
    assert base64.b64decode(kept["given"]) == malformed


def test_what_is_kept_of_strangers_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(folder.MOST, "turned-away", 3)
    for n in range(6):
        world.sa.turn_away(b"%d" % n, Malformed("too-large", "too much"), 10**7)
    assert len(list(world.rehearsal.nations["SA"].home.evidence.iterdir())) == 3


def test_a_partner_cannot_overtake_with_a_false_path(world: World) -> None:
    state(world, 2)
    delivery = waiting(world)
    second = msgspec.structs.replace(delivery.messages[1], path=(b"x" * 32,))
    receipt = send(world, msgspec.structs.replace(delivery, messages=(second,)))
    assert receipt.outcome == "conflict"
    assert "number 2" in evidence(world, "SA")["what"]


def test_what_overtook_binds_when_the_log_reaches_it(world: World) -> None:
    """The same number may not carry one message ahead and another in its turn."""
    state(world, 2)
    delivery = waiting(world)
    with world.jo.store.read() as tx:
        first = tx.links.get("JO>SA", 1)
    assert first is not None
    ahead = msgspec.structs.replace(delivery.messages[1], path=(leaf(first.entry),))
    assert send(world, msgspec.structs.replace(delivery, messages=(ahead,))).verdicts[0].code == "lane"
    other = Carried(seq=2, salt=b"s" * 32, content="{}")
    note = checkpoint(world, [first.entry, entry_of(b"s" * 32, b"{}")])
    receipt = send(world, msgspec.structs.replace(asking(note), messages=(delivery.messages[0], other)))
    assert receipt.outcome == "conflict"


def leaf(entry: bytes) -> bytes:
    return root(append(Edge(), [entry])[0])


def test_a_partner_that_turns_everything_away_is_tried_later(world: World) -> None:
    state(world)

    def never(_: bytes) -> Answer:
        raise NotAllowed("turned-away", "no")

    world.wire.join("SA", never)
    world.jo.step()
    assert world.jo.line("SA").state == "retrying"


def test_a_partner_that_answers_and_takes_nothing_is_tried_later(world: World) -> None:
    state(world)
    world.jo._outbound.ask("SA")
    nothing = send(world, asking(checkpoint(world, []))).head
    tampering(world, lambda receipt: msgspec.structs.replace(receipt, verdicts=(), head=nothing))
    world.jo.step()
    assert "takes nothing" in world.jo.line("SA").problem
