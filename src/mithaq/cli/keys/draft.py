"""Drafting a manifest: which keys it lists, from when until when. Pure: out of what there is comes the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from mithaq.kernel.clock import period
from mithaq.kernel.manifest import Manifest, Official, Root, SealingKey, SigningKey
from mithaq.kernel.party import Card
from mithaq.kernel.values import Period

SIGNING = timedelta(days=90)
SEALING = timedelta(days=30)
OVERLAP = timedelta(days=7)
"""A signing pair is for 90 days, a sealing key for 30; each overlaps with the next for 7."""

Window = tuple[datetime, datetime]

KEEP = timedelta(days=400)
"""How long an old pair stays listed after its time: what it signed can be verified as long."""


def first(card: Card, root: Root, at: datetime, *, valid: Period, **named: object) -> Manifest:
    """The first manifest of a nation, over the keys that its node has already."""
    return Manifest(
        party=root.party,
        root=root.digest,
        serial=1,
        issued=at,
        expires=at + period(valid),
        names=card.names,
        signing=(SigningKey(dict(card.signing), at, at + SIGNING),),
        sealing=(SealingKey(card.sealing, at, at + SEALING),),
        certificates=(card.certificate,),
        reads=card.reads,
        **named,  # type: ignore[arg-type]
    )


def following(
    before: Manifest, at: datetime, *, valid: Period, names: Mapping[str, str], certificate: str,
    reads: tuple[str, ...], officials: tuple[Official, ...], quorums: dict[str, int],
) -> Manifest:  # fmt: skip
    """The manifest after this one, with no new keys yet: what is over for long is left out."""
    return Manifest(
        party=before.party,
        root=before.root,
        serial=before.serial + 1,
        previous=before.digest,
        issued=at,
        expires=at + period(valid),
        grace=before.grace,
        names=dict(names),
        signing=tuple(each for each in before.signing if at < each.until + KEEP),
        sealing=tuple(each for each in before.sealing if at < each.until),
        certificates=tuple(dict.fromkeys((certificate, *before.certificates)))[:2],
        officials=officials,
        quorums=quorums,
        reads=reads,
    )


def signing_ahead(
    held: Iterable[SigningKey], at: datetime, until: datetime, make: Callable[[], dict[str, bytes]]
) -> tuple[SigningKey, ...]:
    """New pairs so that at every moment until then there is one in its time; revoked ones do not count."""
    windows = [(each.start, each.until) for each in held if each.revoked is None]
    return tuple(SigningKey(make(), start, end) for start, end in ahead(windows, at, until, SIGNING))


def sealing_ahead(
    held: Iterable[SealingKey], at: datetime, until: datetime, make: Callable[[], bytes]
) -> tuple[SealingKey, ...]:
    """The same for sealing keys."""
    windows = [(each.start, each.until) for each in held]
    return tuple(SealingKey(make(), start, end) for start, end in ahead(windows, at, until, SEALING))


def ahead(windows: Iterable[Window], at: datetime, until: datetime, length: timedelta) -> tuple[Window, ...]:
    """The windows that are missing between these; each begins ``OVERLAP`` before the one before it ends."""
    there, made = list(windows), []
    while (end := covered(there, at)) < until:
        start = max(at, end - OVERLAP)
        made.append((start, start + length))
        there.append(made[-1])
    return tuple(made)


def covered(windows: Iterable[Window], at: datetime) -> datetime:
    """Until when there is always one of these windows, from this moment on; the moment itself if there is none now."""
    end = at
    for start, until in sorted(windows):
        if start <= end:
            end = max(end, until)
    return end


def given_up(held: Iterable[SealingKey], at: datetime) -> tuple[SealingKey, ...]:
    """Sealing keys that nobody seals to any more: those in their time end now, those to come never begin."""
    return tuple(
        SealingKey(each.public, each.start, min(each.until, at)) for each in held if each.start < at
    )  # fmt: skip
