"""Key suites, and checking what was signed with them.

Suite ``mithaq-1``: signatures Ed25519 (RFC 8032) **and** ML-DSA-65 (FIPS 204), both over the same bytes and both
required; sealing by HPKE (RFC 9180) with KEM ML-KEM-768 + X25519, HKDF-SHA256 and AES-256-GCM. An attacker must break
both halves. Nothing negotiates: a missing half or another suite is refused as a downgrade.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from mithaq.errors import Malformed, Untrusted
from mithaq.kernel.ports import Signature

SUITE = "mithaq-1"
SIGNING = ("ed25519", "ml-dsa-65")

VerifyKeys = Mapping[str, bytes]
"""Algorithm to raw public key, one for each of ``SIGNING``."""


def key_id(algorithm: str, public: bytes) -> str:
    """A short name of a public key: it finds the key, it does not vouch for it.

    >>> key_id("ed25519", bytes(32))
    'ed25519:6d1c5fea10fcf407'
    """
    return f"{algorithm}:{hashlib.sha256(algorithm.encode() + b'|' + public).hexdigest()[:16]}"


def verify(keys: VerifyKeys, message: bytes, signatures: Iterable[Signature]) -> None:
    """Every algorithm of the suite has signed exactly ``message`` with the given keys; else Untrusted.

    Signatures by keys that are not given are ignored: they may be someone else's.
    """
    mine = {key_id(algorithm, public): (algorithm, public) for algorithm, public in keys.items()}
    missing = set(SIGNING)
    for signature in signatures:
        if signature.key in mine:
            algorithm, public = mine[signature.key]
            _CHECK[algorithm](public, signature.value, message)
            missing.discard(algorithm)
    if missing:
        absent = " and ".join(sorted(missing))
        raise Untrusted("signature", f"no valid {absent} signature by the expected key", hint="check the pinned card")


def verify_any(sets: Iterable[VerifyKeys], message: bytes, signatures: Iterable[Signature]) -> VerifyKeys:
    """The one of several sets of keys whose every algorithm has signed exactly ``message``; Untrusted if none has."""
    given = list(signatures)
    named = {signature.key for signature in given}
    for keys in sets:
        if {key_id(algorithm, public) for algorithm, public in keys.items()} <= named:
            verify(keys, message, given)
            return keys
    absent = " and ".join(SIGNING)
    raise Untrusted("signature", f"no valid {absent} signature by an expected key", hint="see mithaq keys status")


def verify_raw(algorithm: str, public: bytes, message: bytes, signature: bytes) -> None:
    """One half alone has signed exactly ``message``; else Untrusted. It proves something only beside its other half."""
    _CHECK[algorithm](public, signature, message)


def check_public(keys: VerifyKeys) -> None:
    """Refuse keys that are not exactly one usable public key per algorithm of the suite."""
    if set(keys) != set(SIGNING):
        raise Malformed("keys", f"signing keys must be {' and '.join(SIGNING)}, not {' and '.join(sorted(keys))}")
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(keys["ed25519"])
        mldsa.MLDSA65PublicKey.from_public_bytes(keys["ml-dsa-65"])
    except ValueError as problem:
        raise Malformed("keys", f"not a public key: {problem}") from None


def _ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        raise Untrusted("signature", "the ed25519 signature does not hold") from None


def _ml_dsa_65(public: bytes, signature: bytes, message: bytes) -> None:
    try:
        mldsa.MLDSA65PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Untrusted("signature", "the ml-dsa-65 signature does not hold") from None


_CHECK: Mapping[str, Callable[[bytes, bytes, bytes], None]] = {"ed25519": _ed25519, "ml-dsa-65": _ml_dsa_65}
