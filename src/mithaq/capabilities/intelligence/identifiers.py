"""Identifiers: which an alert of each sort may have, and their check digits.

A paper of a person stands in an alert on a person, which is protected until screened, or on the paper itself: in any
other it would tell of a person what the law asks a screening for. What is mistyped is told at once, before it is
shared and looked for in vain.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from mithaq.capabilities.intelligence.parts import Identifier
from mithaq.errors import Invalid

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CONTAINER = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
_LETTER_VALUES = dict(zip(string.ascii_uppercase, (n for n in range(10, 39) if n % 11), strict=True))


OF_SORT: dict[str, frozenset[str]] = {
    "vehicle": frozenset({"vin", "plate", "engine", "container", "seal", "waybill", "registration", "serial", "other"}),
    "vessel": frozenset(
        {"imo", "mmsi", "call_sign", "hull", "engine", "container", "seal", "waybill", "registration", "serial",
         "other"}
    ),
    "goods": frozenset(
        {"container", "seal", "waybill", "imei", "vin", "plate", "engine", "hull", "serial", "registration", "other"}
    ),
    "organisation": frozenset({"registration", "tax_number", "other"}),
}  # fmt: skip
"""The types of identifier that an alert on a thing or an organisation may have. Persons and documents have any."""


def check(sort: str, identifiers: tuple[Identifier, ...]) -> None:
    """Refuse the first identifier that an alert of this sort does not have, or whose check digit does not hold."""
    known = OF_SORT.get(sort)
    for n, each in enumerate(identifiers):
        if known is not None and each.type not in known:
            raise Invalid(
                "identifier", f"an alert of the sort {sort} has no {each.type}", where=f"$.identifiers[{n}].type",
                hint="papers of a person stand in an alert on the person; here: " + ", ".join(sorted(known)),
            )  # fmt: skip
        test = _TESTS.get(each.type)
        if test is not None and not test(bare(each.value)):
            raise Invalid(
                "check-digit", f"{each.value!r} is not a well-formed {each.type}", where=f"$.identifiers[{n}].value",
                hint="read it again; if it is really written so, give it the type other",
            )  # fmt: skip


def bare(value: str) -> str:
    """An identifier without the spaces, dashes and prefix that people write into it."""
    return re.sub(r"[\s./-]", "", value).upper().removeprefix("IMO")


def is_vin(value: str) -> bool:
    """ISO 3779: 17 characters without I, O, Q. The check digit is North American law (49 CFR 565.15) and is checked
    for vehicles made there (first character 1 to 5); elsewhere the ninth character may be anything.

    >>> is_vin("1M8GDM9AXKP042788"), is_vin("1M8GDM9A1KP042788"), is_vin("WDB9634031L738149")
    (True, False, True)
    """
    if not _VIN.fullmatch(value):
        return False
    if value[0] not in "12345":
        return True
    total = sum(weight * (_VIN_VALUES.get(c) or int(c)) for weight, c in zip(_VIN_WEIGHTS, value, strict=True))
    return "0123456789X"[total % 11] == value[8]


def is_imo(value: str) -> bool:
    """IMO ship number (resolution A.1117(30)): six digits weighted 7 to 2; the last digit of the sum is the seventh.

    >>> is_imo("9074729"), is_imo("9074728")
    (True, False)
    """
    if not re.fullmatch(r"[0-9]{7}", value):
        return False
    return sum(int(c) * weight for c, weight in zip(value[:6], range(7, 1, -1), strict=True)) % 10 == int(value[6])


def is_container(value: str) -> bool:
    """ISO 6346: four letters, six digits, and a check digit over values that skip the multiples of eleven.

    >>> is_container("CSQU3054383"), is_container("CSQU3054384")
    (True, False)
    """
    if not _CONTAINER.fullmatch(value):
        return False
    total = sum((_LETTER_VALUES.get(c) or int(c)) << n for n, c in enumerate(value[:10]))
    return total % 11 % 10 == int(value[10])


def is_imei(value: str) -> bool:
    """3GPP TS 23.003: fifteen digits, the last by Luhn's rule.

    >>> is_imei("490154203237518"), is_imei("490154203237519")
    (True, False)
    """
    if not re.fullmatch(r"[0-9]{15}", value):
        return False
    doubled = (int(c) * (1 + n % 2) for n, c in enumerate(value))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def is_mmsi(value: str) -> bool:
    """ITU-R M.585: nine digits; it has no check digit."""
    return re.fullmatch(r"[0-9]{9}", value) is not None


_TESTS: dict[str, Callable[[str], bool]] = {
    "vin": is_vin, "imo": is_imo, "container": is_container, "imei": is_imei, "mmsi": is_mmsi,
}  # fmt: skip
