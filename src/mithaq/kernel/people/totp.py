"""Codes that change every 30 seconds, from a device that holds a secret: RFC 6238, SHA-1, 6 digits.

The device's clock may be one step off either way. A step that was used is never taken again, nor is an earlier one.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

ISSUER = "Mithaq"
SECRET = 20  # bytes: RFC 4226, section 4, R6
DIGITS, STEP, SKEW = 6, 30, 1


def matched(secret: bytes, code: str, at: datetime, last: int) -> int | None:
    """The step of this code, if it is the code of a step about now that is later than the last one that was used."""
    typed, now = _digits(code), step(at)
    found = None
    for each in range(now - SKEW, now + SKEW + 1):
        if hmac.compare_digest(generate(secret, each).encode(), typed.encode()) and each > last:
            found = each
    return found


def step(at: datetime) -> int:
    """The number of the step in which an instant lies."""
    return int(at.timestamp()) // STEP


def generate(secret: bytes, counter: int) -> str:
    """The code of a step."""
    return HOTP(secret, DIGITS, SHA1()).generate(counter).decode()  # noqa: S303 - what every authenticator speaks


def uri(secret: bytes, account: str) -> str:
    """The secret as an ``otpauth`` address that an authenticator reads from a QR code."""
    made = TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303
    return made.get_provisioning_uri(account, ISSUER)


def _digits(code: str) -> str:
    """The digits of what was typed, of any script, as ASCII; whatever else was typed matches nothing."""
    typed = code.replace(" ", "")
    return "".join(str(int(each)) for each in typed) if typed.isdecimal() and len(typed) == DIGITS else ""
