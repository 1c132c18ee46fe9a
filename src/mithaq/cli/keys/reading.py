"""What a root is asked to sign, in plain words, so that a custodian signs nothing unread. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.manifest import Manifest, Official, Revocation, SealingKey, SigningKey, check_manifest, pair_id
from mithaq.kernel.party import words
from mithaq.kernel.seal import sealing_key_id
from mithaq.kernel.statement import Envelope, media_type, payload

UNCOMPARED = "not compared with the manifest before it: name that with --previous to see what is new"


def read_request(data: bytes) -> Manifest | Revocation:
    """What an envelope asks for. Malformed if it is nothing that a root signs."""
    sort = canonical.read(data, Envelope).payloadType
    if sort == media_type("revocation"):
        return payload("revocation", data, Revocation)
    if sort != media_type("manifest"):
        raise Malformed("request", f"a root signs manifests and revocations, not {sort}")
    asked = payload("manifest", data, Manifest)
    check_manifest(asked)
    return asked


def told(asked: Manifest | Revocation, previous: Manifest | None = None) -> list[str]:
    """What it says, line by line; of a manifest, what is new, stays (=) and goes since the one before it."""
    if isinstance(asked, Revocation):
        return [
            f"revocation for {asked.party}: signing key {asked.key} is lost, on the link {asked.link}",
            f"  what it signed up to number {asked.upto} stays ours, whatever else is shown for it is not",
        ]
    if previous is not None and previous.digest != asked.previous:
        raise Untrusted("previous", f"this is not the manifest that number {asked.serial} names as the one before it")
    lines = [
        f"key manifest {asked.serial} of {asked.party}, made {_day(asked.issued)}, valid until {_day(asked.expires)}",
        f"  after that its grace is {asked.grace}",
        f"  root {words(asked.root)}",
    ]
    lines += _compared("signing", _signing(asked), _signing(previous) if previous else None)
    lines += _compared("sealing", _sealing(asked), _sealing(previous) if previous else None)
    lines += _compared("official", _officials(asked), _officials(previous) if previous else None)
    for role, need in sorted(_quorums(asked).items()):
        before = f", until now {_quorums(previous).get(role, 0)}" if previous else ""
        there = sum(each.role == role for each in asked.officials)
        lines.append(f"  role     {role}: {need} of {there} must sign{before}")
    if previous is not None:
        lines += [f"  gone     role {role}" for role in sorted(_quorums(previous).keys() - _quorums(asked).keys())]
    elif asked.serial > 1:
        lines.append(f"  {UNCOMPARED}")
    return lines


def _compared(sort: str, now: Mapping[str, str], before: Mapping[str, str] | None) -> Iterator[str]:
    for name, when in now.items():
        mark = "" if before is None else "NEW " if name not in before else "=" if before[name] == when else "CHANGED "
        yield f"  {mark:8} {sort:8} {name}  {when}"
    for name in (before or {}).keys() - now.keys():
        yield f"  {'GONE':8} {sort:8} {name}"


def _signing(manifest: Manifest) -> dict[str, str]:
    return {each.id: _window(each) for each in manifest.signing}


def _sealing(manifest: Manifest) -> dict[str, str]:
    return {sealing_key_id(each.public): _window(each) for each in manifest.sealing}


def _officials(manifest: Manifest) -> dict[str, str]:
    return {f"{each.role} {pair_id(each.keys)}": _window(each) for each in manifest.officials}


def _quorums(manifest: Manifest) -> dict[str, int]:
    roles: Iterable[str] = {each.role for each in manifest.officials}
    return {role: manifest.quorums.get(role, 1) for role in roles}


def _window(key: SigningKey | SealingKey | Official) -> str:
    revoked = f"  REVOKED {_day(key.revoked)}" if isinstance(key, SigningKey) and key.revoked else ""
    return f"{_day(key.start)} to {_day(key.until)}{revoked}"


def _day(instant: datetime) -> str:
    """Only the day: what matters to people who sign for months."""
    return write_instant(instant)[:10]
