"""Passwords: length counts, what everybody tries first is refused, and what is kept says how it was made."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from mithaq.errors import Invalid
from mithaq.kernel.people.password import check_password, hash_password, is_dated, is_password

NAMES = ("rania", "رانيا الخطيب")


@pytest.mark.parametrize(
    "password",
    [
        "short", "elevenchars", "x" * 300, "aaaaaaaaaaaaaaaa", "password1234", "Password!2026", "passwordpassword",
        "ميثاق١٢٣٤٥٦٧٨", "rania12345678", "RANIA-RANIA-1", "رانيا الخطيب 1", "1212121212121212",
    ],
)  # fmt: skip
def test_what_is_too_short_or_tried_first_or_the_name_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as problem:
        check_password(password, NAMES)
    assert password not in str(problem.value)
    assert problem.value.code == "password"


@pytest.mark.parametrize(
    "password",
    ["four lorries before dawn", "ثلاث شاحنات قبل الفجر", "rania keeps twelve goats", "🐪🐫🐐🐏🐑🐄" * 2],
)
def test_no_mixture_of_characters_is_asked_for(password: str) -> None:
    check_password(password, NAMES)


def test_a_password_is_kept_under_the_memory_and_passes_of_rfc_9106_and_its_own_salt() -> None:
    one, other = (hash_password("four lorries before dawn", os.urandom) for _ in range(2))
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert one != other
    assert is_password("four lorries before dawn", one)
    assert not is_password("four lorries before dusk", one)


def test_it_is_the_same_password_however_a_keyboard_spells_it() -> None:
    kept = hash_password("e\u0301te\u0301 a\u0300 la frontie\u0300re \ufb01n", os.urandom)
    assert is_password("\u00e9t\u00e9 \u00e0 la fronti\u00e8re fin", kept)


def test_what_was_kept_under_weaker_parameters_still_opens_and_is_told_to_be_dated() -> None:
    weak = Argon2id(salt=os.urandom(16), length=32, iterations=1, lanes=1, memory_cost=8 * 1024)
    kept = weak.derive_phc_encoded(b"four lorries before dawn")
    assert is_password("four lorries before dawn", kept)
    assert is_dated(kept)
    assert not is_dated(hash_password("four lorries before dawn", os.urandom))


def test_many_can_hash_at_once_and_none_waits_for_ever() -> None:
    """With more lanes than one they would: see ``LANES``. Run in a process of its own, so that it can be ended."""
    code = """
import os
from concurrent.futures import ThreadPoolExecutor
from mithaq.kernel.people.password import hash_password
with ThreadPoolExecutor(4) as pool:
    print(len({each.result() for each in [pool.submit(hash_password, "four lorries", os.urandom) for _ in range(8)]}))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.split() == ["8"]
