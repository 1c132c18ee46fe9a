"""A partner that sends parts as it likes: nothing is kept but what its own accepted releases named, byte for byte."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mithaq.kernel import canonical
from mithaq.kernel.attachment.descriptor import LARGEST, PART, cut, describe
from mithaq.kernel.link.log.checkpoint import Checkpoint, sign_checkpoint
from mithaq.kernel.link.log.tree import append, entry_of, root
from mithaq.kernel.link.message import Carried, Delivery, Receipt
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.shelves import Edge
from mithaq.kernel.statement import verified
from mithaq.kernel.values import digest
from tests.kernel.attachment.gallery import Gallery, as_json, fetched, gallery, give, picture, see

Contents = list[dict[str, Any]]
OTHER = "sha256:" + "0" * 64


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Gallery]:
    with gallery(tmp_path) as made:
        yield made


@pytest.fixture
def sent(world: Gallery) -> Contents:
    """A release and its three parts, as Jordan would send them."""
    see(world.jo, give(world.jo, picture()).attachment)
    return [msgspec.json.decode(each.content or b"") for each in world.messages("JO", "JO>SA")]


def deliver(world: Gallery, contents: Contents) -> list[tuple[str, str | None]]:
    """What Saudi Arabia answers to these contents, which Jordan's real keys have numbered, logged and signed."""
    for seq, content in enumerate(contents, 1):
        content["seq"] = seq
    bytes_ = [canonical.encode(content) for content in contents]
    salts = [bytes([seq]) * 32 for seq in range(len(contents))]
    edge, _ = append(Edge(), [entry_of(salt, data) for salt, data in zip(salts, bytes_, strict=True)])
    keys = world.keys["JO"]
    note = sign_checkpoint(Checkpoint("mithaq/JO/SA", edge.size, root(edge)), keys, world.jo.card.keys)
    carried = tuple(
        Carried(seq=seq, salt=salt, content=data.decode())
        for seq, (salt, data) in enumerate(zip(salts, bytes_, strict=True), 1)
    )
    delivery = Delivery(format="mithaq-delivery/2", sender="JO", receiver="SA", checkpoint=note, messages=carried)
    sealed = seal(canonical.encode(delivery), sender="JO", receiver="SA", public=world.sa.card.sealing)
    _, envelope = unseal(world.sa.receive(sealed).sealed, keys, me="JO")
    receipt = verified("receipt", envelope, Receipt, world.sa.card.keys)
    return [(each.verdict, each.code) for each in receipt.verdicts]


def body(content: dict[str, Any]) -> dict[str, Any]:
    found = content["body"]
    assert isinstance(found, dict)
    return found


def another(record: str) -> str:
    """The id of another record of the same nation."""
    return record[:-1] + ("Y" if record.endswith("Z") else "Z")


def shown(contents: Contents) -> dict[str, Any]:
    """The attachment that the release names."""
    found = body(contents[0])["fields"]["photos"][0]
    assert isinstance(found, dict)
    return found


def named(contents: Contents, data: bytes, **changes: Any) -> None:
    """Let the release name these bytes, and the parts bring them."""
    shown(contents).update(as_json(describe(data, "image/png", 300, 300)), **changes)
    parts = cut(data)
    del contents[1 + len(parts) :]
    for content, part in zip(contents[1:], parts, strict=True):
        body(content).update(of=shown(contents)["digest"], data=base64.b64encode(part).decode())


def test_what_is_sent_as_it_should_be_is_taken(world: Gallery, sent: Contents) -> None:
    assert deliver(world, sent) == [("accepted", None)] * 4
    assert world.blobs("SA") == 3


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("not_announced", lambda b: b.update(of=OTHER)),
        ("not_announced", lambda b: b.update(version=2)),
        ("not_announced", lambda b: b.update(record=another(b["record"]))),
        ("not_announced", lambda b: b.update(record="SA" + b["record"][2:])),
        ("not_announced", lambda b: b["basis"].update(clause="2")),
        ("not_announced", lambda b: b.update(made="2027-11-20T12:00:00Z")),
        ("not_this_part", lambda b: b.update(part=3)),
        ("not_this_part", lambda b: b.update(part=4)),
        ("not_this_part", lambda b: b.update(data=base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(99)).decode())),
        ("shape", lambda b: b.update(part=0)),
        ("shape", lambda b: b.update(part=81)),
        ("shape", lambda b: b.update(data="")),
        ("shape", lambda b: b.update(data=base64.b64encode(bytes(PART + 1)).decode())),
        ("shape", lambda b: b.update(data="not base64!")),
        ("shape", lambda b: b.update(also="x")),
        ("shape", lambda b: b.pop("of")),
    ],
)
def test_a_part_that_was_not_announced_so_is_refused_and_not_kept(
    world: Gallery, sent: Contents, code: str, change: Callable[[dict[str, Any]], None]
) -> None:
    change(body(sent[1]))
    verdicts = deliver(world, sent)
    assert verdicts == [("accepted", None), ("refused", code), ("accepted", None), ("accepted", None)]
    assert world.blobs("SA") == 2
    assert world.journal("SA", "attachment") == []
    message = world.messages("SA", "JO>SA")[1]
    assert message.content is None


def test_parts_without_a_release_are_refused(world: Gallery, sent: Contents) -> None:
    assert deliver(world, sent[1:]) == [("refused", "not_announced")] * 3
    assert world.blobs("SA") == 0


def test_parts_before_their_release_are_refused(world: Gallery, sent: Contents) -> None:
    assert deliver(world, [sent[1], sent[0]]) == [("refused", "not_announced"), ("accepted", None)]


def test_parts_of_a_release_that_is_refused_are_refused(world: Gallery, sent: Contents) -> None:
    body(sent[0])["handling"]["retain"] = "P9Y"
    assert deliver(world, sent) == [("refused", "handling"), *[("refused", "not_announced")] * 3]
    assert world.papers("SA", "attachment", "attachment_named", "attachment_due") == 0


def test_the_same_part_twice_changes_nothing(world: Gallery, sent: Contents) -> None:
    twice = [*sent, dict(sent[1]), dict(sent[3])]
    assert deliver(world, twice) == [("accepted", None)] * 6
    assert world.blobs("SA") == 3
    assert len(world.journal("SA", "attachment")) == 1


def test_a_delivery_that_comes_twice_gets_its_verdicts_again(world: Gallery, sent: Contents) -> None:
    first = deliver(world, sent)
    mark = world.journal("SA", "received", "attachment")
    assert deliver(world, sent) == first
    assert world.journal("SA", "received", "attachment") == mark


def test_what_does_not_begin_as_a_picture_is_refused(world: Gallery, sent: Contents) -> None:
    named(sent, b"MZ" + bytes(1000))
    assert deliver(world, sent) == [("accepted", None), ("refused", "not_a_picture")]
    assert world.blobs("SA") == 0


def test_a_jpeg_in_the_name_of_a_png_is_refused(world: Gallery, sent: Contents) -> None:
    named(sent, b"\xff\xd8\xff" + bytes(1000))
    assert deliver(world, sent)[1] == ("refused", "not_a_picture")


def test_parts_that_do_not_make_the_whole_are_never_complete(world: Gallery, sent: Contents) -> None:
    shown(sent).update(digest=OTHER)
    for content in sent[1:]:
        body(content).update(of=OTHER)
    assert deliver(world, sent) == [*[("accepted", None)] * 3, ("refused", "not_this_part")]
    assert world.journal("SA", "attachment") == []


def test_parts_of_other_lengths_than_agreed_are_refused(world: Gallery, sent: Contents) -> None:
    data = b"\x89PNG\r\n\x1a\n" + bytes(PART + 100)
    small, large = data[:50], data[50 : 50 + PART]
    named(sent, small + large)
    shown(sent).update(parts=[digest(small), digest(large)])
    for content, part in zip(sent[1:], (small, large), strict=True):
        body(content).update(data=base64.b64encode(part).decode())
    assert deliver(world, sent) == [("accepted", None), *[("refused", "not_this_part")] * 2]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("field_type", {"size": LARGEST + 1}),
        ("field_type", {"size": 0}),
        ("field_type", {"media_type": "image/svg+xml"}),
        ("field_type", {"width": 4097}),
        ("field_type", {"parts": []}),
        ("field_type", {"parts": [OTHER] * 81}),
        ("field_type", {"also": "x"}),
        ("attachment", {"size": 10}),
        ("attachment", {"parts": [OTHER]}),
    ],
    ids=str,
)
def test_a_release_that_names_what_cannot_be_is_refused(
    world: Gallery, sent: Contents, code: str, change: dict[str, Any]
) -> None:
    shown(sent).update(change)
    assert deliver(world, sent)[0] == ("refused", code)
    assert world.papers("SA", "attachment", "attachment_named", "attachment_due") == 0


def test_more_attachments_than_a_record_has_are_refused(world: Gallery, sent: Contents) -> None:
    body(sent[0])["fields"]["photos"] = [shown(sent)] * 17
    assert deliver(world, sent)[0] == ("refused", "attachments")


def test_the_same_attachment_described_otherwise_is_refused(world: Gallery, sent: Contents) -> None:
    second = msgspec.json.decode(msgspec.json.encode(sent[0]))
    body(second).update(record=another(body(second)["record"]))
    shown([second]).update(width=301)
    assert deliver(world, [sent[0], second]) == [("accepted", None), ("refused", "attachment")]


def test_a_pseudonym_in_place_of_a_picture_announces_nothing(world: Gallery, sent: Contents) -> None:
    body(sent[0])["levels"]["photos"] = "pseudonym"
    assert deliver(world, sent) == [("refused", "field_type"), *[("refused", "not_announced")] * 3]


def test_after_a_recall_its_parts_are_refused(world: Gallery, sent: Contents) -> None:
    assert deliver(world, sent[:2]) == [("accepted", None)] * 2
    record = body(sent[0])["record"]
    world.sa.store.write(lambda tx: tx.memos.put(f"recalled/{record}", "wrong")).result()
    assert deliver(world, sent)[2:] == [("refused", "not_announced")] * 2


def test_parts_after_their_time_are_refused(world: Gallery, sent: Contents) -> None:
    assert deliver(world, sent[:2]) == [("accepted", None)] * 2
    world.clock.advance(timedelta(days=31))
    world.sa.tick()
    assert deliver(world, sent)[2:] == [("refused", "not_announced")] * 2
    assert world.blobs("SA") == 0


def test_what_a_partner_names_of_ours_is_not_erased_with_its_time(world: Gallery, sent: Contents) -> None:
    ours = give(world.sa, picture()).attachment
    see(world.sa, ours, purpose="plain")
    assert deliver(world, sent) == [("accepted", None)] * 4
    world.sa.step()
    world.clock.advance(timedelta(days=40))
    world.sa.tick()
    assert world.journal("SA", "erased")
    assert digest(fetched(world.sa, ours.digest)) == ours.digest
