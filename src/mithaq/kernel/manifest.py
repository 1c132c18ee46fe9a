"""Key manifests: what a nation's offline root says its node may sign and open with, and which officials speak for it.

A **Root** is the public half of k-of-n keys that never touch a node. Its digest is the fingerprint that stands in the
treaty and is read over the phone. It signs **Manifests** and nothing else: each replaces the one before (``serial``
counts), lists every key with the time it is for, and expires. Keys of several periods may be listed ahead, so that
the custodians need not meet for every rotation.

A lost or stolen signing key is marked ``revoked``. How much of a link signed with it is still trusted is said apart, to
that partner alone, by a **Revocation**: positions on one link are nobody else's business.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Invalid, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.clock import after
from mithaq.kernel.keys import check_public, key_id
from mithaq.kernel.statement import signed_by
from mithaq.kernel.values import Code, Count, Digest, Instant, KindName, Line, LinkId, PartyId, Period

Key = Annotated[bytes, Meta(min_length=32, max_length=4096)]
PublicKeys = dict[Annotated[str, Meta(pattern=r"^(ed25519|ml-dsa-65)(?!\n)$")], Key]
SealingPublic = Annotated[bytes, Meta(min_length=1216, max_length=1216)]
KeyId = Annotated[str, Meta(pattern=r"^ed25519:[0-9a-f]{16}(?!\n)$", description="a signing pair, by its Ed25519 half")]

WARNINGS = (timedelta(days=90), timedelta(days=30), timedelta(days=7))
"""How long before a key or manifest expires people are told."""


class Root(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The offline root of a nation: ``need`` of these keys must sign."""

    format: Literal["mithaq-root/1"] = "mithaq-root/1"
    party: PartyId
    need: Annotated[int, Meta(ge=1, le=15)]
    keys: Annotated[tuple[PublicKeys, ...], Meta(min_length=1, max_length=15)]

    @property
    def digest(self) -> Digest:
        return canonical.digest_of(self)


class SigningKey(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"start": "from"}):
    """A pair of signing keys and when it may be used. ``until`` is not included."""

    keys: PublicKeys
    start: Instant
    until: Instant
    revoked: Instant | None = None

    @property
    def id(self) -> str:
        return pair_id(self.keys)


class SealingKey(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"start": "from"}):
    """A sealing key, and from when until when partners seal to it. The node keeps it longer, to open what is late."""

    public: SealingPublic
    start: Instant
    until: Instant


class Official(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"start": "from"}):
    """The signing keys of a person who speaks for the nation, by role. Names stay home."""

    role: Code
    keys: PublicKeys
    start: Instant
    until: Instant


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Everything that a partner has to know of a nation's keys, as of ``issued``.

    After ``expires`` the node's signatures are still taken for ``grace``, and not a moment longer. ``quorums`` says how
    many officials of a role must sign one statement. ``certificates`` are those its link server may show.
    """

    format: Literal["mithaq-manifest/1"] = "mithaq-manifest/1"
    party: PartyId
    root: Digest
    serial: Count
    previous: Digest | None = None
    issued: Instant
    expires: Instant
    grace: Period = "P14D"
    names: dict[Annotated[str, Meta(pattern=r"^(ar|en|fr)(?!\n)$")], Line]
    signing: Annotated[tuple[SigningKey, ...], Meta(min_length=1, max_length=64)]
    sealing: Annotated[tuple[SealingKey, ...], Meta(min_length=1, max_length=64)]
    certificates: Annotated[tuple[Annotated[str, Meta(max_length=8000)], ...], Meta(min_length=1, max_length=4)]
    officials: Annotated[tuple[Official, ...], Meta(max_length=100)] = ()
    quorums: dict[Code, Annotated[int, Meta(ge=1, le=15)]] = {}
    speaks: tuple[Line, ...] = ("mithaq-link/1",)
    reads: Annotated[tuple[KindName, ...], Meta(max_length=1000)] = ()

    @property
    def digest(self) -> Digest:
        return canonical.digest_of(self)

    @property
    def ends(self) -> datetime:
        """When its grace is over too."""
        return after(self.expires, self.grace)


class Revocation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of one link, signed with one key: entries up to ``upto`` are ours, whatever else is shown for it is not."""

    format: Literal["mithaq-revocation/1"] = "mithaq-revocation/1"
    party: PartyId
    key: KeyId
    link: LinkId
    upto: Annotated[int, Meta(ge=0)]
    at: Instant


def pair_id(keys: PublicKeys) -> str:
    """The name of a pair of signing keys: the key id of its Ed25519 half."""
    return key_id("ed25519", keys["ed25519"])


def read_root(data: bytes) -> Root:
    """The Root in these bytes, its keys usable and all different."""
    root = canonical.read(data, Root)
    check_root(root)
    return root


def check_root(root: Root) -> None:
    for keys in root.keys:
        check_public(keys)
    if len({pair_id(keys) for keys in root.keys}) != len(root.keys):
        raise Invalid("root", "a root key stands twice", where="$.keys")
    if root.need > len(root.keys):
        raise Invalid("root", f"{root.need} of {len(root.keys)} keys cannot sign", where="$.need")


def read_manifest(envelope: bytes, root: Root) -> Manifest:
    """The Manifest in this envelope, signed by as many keys of the root as it needs; else Untrusted."""
    found = signed_by("manifest", envelope, Manifest, root.keys, need=root.need)
    if (found.party, found.root) != (root.party, root.digest):
        raise Untrusted("manifest", f"a manifest of {found.party} under another root")
    check_manifest(found)
    return found


def read_revocation(envelope: bytes, root: Root) -> Revocation:
    """The Revocation in this envelope, signed as a manifest is."""
    found = signed_by("revocation", envelope, Revocation, root.keys, need=root.need)
    if found.party != root.party or not found.link.startswith(f"{found.party}>"):
        raise Untrusted("revocation", f"{root.party} cannot revoke what {found.link} was signed with")
    return found


def check_manifest(manifest: Manifest) -> None:
    """Refuse keys that cannot be used, windows that end before they start, and a key that stands twice."""
    if manifest.expires <= manifest.issued:
        raise Invalid("manifest", "it expires before it is issued", where="$.expires")
    seen: set[str] = set()
    named: tuple[tuple[str, tuple[SigningKey | Official, ...]], ...] = (
        ("signing", manifest.signing),
        ("officials", manifest.officials),
    )
    for name, pairs in named:
        for i, one in enumerate(pairs):
            where = f"$.{name}[{i}]"
            check_public(one.keys)
            _check_window(one.start, one.until, where)
            if pair_id(one.keys) in seen:
                raise Invalid("manifest", "one key for two things", where=f"{where}.keys")
            seen.add(pair_id(one.keys))
    for i, sealing in enumerate(manifest.sealing):
        _check_window(sealing.start, sealing.until, f"$.sealing[{i}]")
    for role, need in manifest.quorums.items():
        there = sum(official.role == role for official in manifest.officials)
        if need > there:
            raise Invalid("manifest", f"{need} of {there} officials cannot sign", where=f"$.quorums.{role}")


def newer(held: Manifest | None, offered: Manifest) -> bool:
    """Whether the offered manifest takes the place of the one held. Untrusted if both claim one serial.

    Two manifests under one serial are a root that contradicts itself: the caller keeps both as evidence.
    """
    if held is None or offered.serial > held.serial:
        return True
    if offered.serial == held.serial and offered.digest != held.digest:
        raise Untrusted("equivocation", f"{offered.party} signed two manifests number {offered.serial}")
    return False


def _check_window(start: datetime, until: datetime, where: str) -> None:
    if until <= start:
        raise Invalid("manifest", "it ends before it starts", where=f"{where}.until")
