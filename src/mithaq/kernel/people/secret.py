"""Secrets that a machine makes: invitations, sessions, tokens of programs. Told once; only their SHA-256 is kept.

They are 256 bits at random, so a plain hash is enough: there is nothing to guess from it.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable

INVITATION, SESSION, PROGRAM = "mhi_", "mhs_", "mhp_"
BYTES = 32


def make_secret(prefix: str, randomness: Callable[[int], bytes]) -> str:
    """A fresh secret that says by its beginning what it is for."""
    return prefix + urlsafe_b64encode(randomness(BYTES)).rstrip(b"=").decode()


def hashed(secret: str) -> str:
    """What is kept of it, and what it is found by: in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
