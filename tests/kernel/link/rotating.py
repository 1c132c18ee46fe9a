"""What tests of changing keys do to two nations with roots, and see of them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.kernel import canonical
from mithaq.kernel.link.log.checkpoint import read_checkpoint, sign_checkpoint
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import seal, unseal
from tests.rooted import Rooted
from tests.worlds import alert


def state(world: Rooted, count: int = 1, party: str = "JO", first: int = 0) -> None:
    """So many alerts of a nation that the agreement lets through."""
    rows = [alert(plate=f"{party}-{n}") for n in range(first, first + count)]
    getattr(world, party.lower()).do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()


def files(world: Rooted, party: str) -> list[dict[str, Any]]:
    """The evidence that a nation has kept."""
    folder = world.rehearsal.nations[party].home.evidence
    return [canonical.read(path.read_bytes(), dict) for path in sorted(folder.iterdir())]


def serial(world: Rooted, here: str, of: str) -> int:
    node = getattr(world, here.lower())
    return int(node.rings.of(of).serial)


def statuses(world: Rooted, party: str) -> dict[str, Any]:
    node = getattr(world, party.lower())
    return {each.link: each for each in node.ask("link.status", {}, who=HOME)}


def note(world: Rooted, party: str, link: str) -> str:
    with getattr(world, party.lower()).store.read() as tx:
        found = tx.links.checkpoint(link)
    assert found is not None
    return str(found)


def delivery(world: Rooted, keys: KeyFile, *, size: int | None = None) -> bytes:
    """A question in JO's name, under the head of its log signed with these keys."""
    signed = read_checkpoint(note(world, "SA", "JO>SA"))[0]
    forged = sign_checkpoint(replace(signed, size=signed.size if size is None else size), keys, keys.signing)
    asked = Delivery(format="mithaq-delivery/2", sender="JO", receiver="SA", checkpoint=forged, after=0)
    return seal(canonical.encode(asked), sender="JO", receiver="SA", public=world.sa.card.sealing)


def crossing(world: Rooted) -> list[Delivery]:
    """Every delivery to SA from now on, as it was before it was sealed."""
    seen: list[Delivery] = []
    honest = world.sa.receive

    def receive(sealed: bytes) -> Any:
        _, plain = unseal(sealed, world.keys("SA"), me="SA")
        seen.append(canonical.decode(plain, Delivery))
        return honest(sealed)

    world.wire.join("SA", receive)
    return seen
