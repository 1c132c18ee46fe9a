"""Passwords: what is refused as one, and how one is kept.

Rules after NIST SP 800-63B: length counts, mixtures of characters do not; what everybody tries first is refused.
Kept by Argon2id with 64 MiB and 3 passes, as the second recommendation of RFC 9106 (section 4) asks. These stand in the
stored text, so that they can be raised: ``is_dated`` tells which to hash anew at the next sign-in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from mithaq.errors import Invalid

SHORTEST, LONGEST = 12, 256
MEMORY_KIB, PASSES = 64 * 1024, 3
LANES = 1  # not the 4 of RFC 9106: OpenSSL 3 fills lanes from one pool of threads, where two hashings wait for ever
SALT, LENGTH = 16, 32

COMMON = frozenset(
    (
        "password", "passw0rd", "letmein", "welcome", "qwertyuiop", "qwertyuiopas", "asdfghjkl", "iloveyou",
        "administrator", "changeme", "trustno", "mithaq", "ميثاق", "borderguard", "correcthorsebatterystaple",
        "abcdefghijkl", "كلمةالسر", "كلمةالمرور", "motdepasse", "azertyuiop",
    )
)  # fmt: skip
"""What everybody tries first, without digits and punctuation: a password that is no more than these is refused."""


def normal(password: str) -> str:
    """One spelling (NFKC) of what was typed, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, names: tuple[str, ...]) -> None:
    """Invalid, with the reason, if it may not be the password of an account with these names. Never repeats it."""
    found = normal(password)
    if not SHORTEST <= len(found) <= LONGEST:
        raise _refused(f"a password has {SHORTEST} to {LONGEST} characters")
    bare = _bare(found)
    if len(set(found)) < 5 or any(bare == common * (len(bare) // len(common) or 1) for common in COMMON):
        raise _refused("this password is one of those that everybody tries first")
    if any(_bare(name) and _bare(name) in bare and len(bare) - len(_bare(name)) < SHORTEST // 2 for name in names):
        raise _refused("this password is little more than the name of the account")


def hash_password(password: str, randomness: Callable[[int], bytes]) -> str:
    """What is kept of a password, as PHC text. Takes a moment and 64 MiB."""
    made = Argon2id(salt=randomness(SALT), length=LENGTH, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    return made.derive_phc_encoded(normal(password).encode("utf-8", "surrogatepass"))


def is_password(password: str, kept: str) -> bool:
    """Whether it is the one that was kept. Takes as long as keeping it."""
    try:
        Argon2id.verify_phc_encoded(normal(password).encode("utf-8", "surrogatepass"), kept)
    except InvalidKey:
        return False
    return True


def is_dated(kept: str) -> bool:
    """Whether it was kept under other parameters than those of now."""
    return not kept.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")


def _bare(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalpha())


def _refused(why: str) -> Invalid:
    return Invalid("password", why, where="$.password", hint="a few words that belong to no saying are a good one")
