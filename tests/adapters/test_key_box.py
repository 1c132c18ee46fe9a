"""Boxes: they open with their secret and nothing else, and a planted one cannot take the machine's memory."""

from __future__ import annotations

import pytest

from mithaq.adapters.keystore.box import Box, Hkdf, is_box, lock, make_secret, unlock
from mithaq.errors import Invalid, MithaqError, Untrusted
from mithaq.kernel import canonical

SECRET = make_secret()


def test_it_opens_with_its_secret_and_no_other() -> None:
    data = lock(SECRET, "node-keys", b"plain")
    assert is_box(data)
    assert unlock(SECRET, "node-keys", data) == b"plain"
    assert b"plain" not in data
    for wrong in (make_secret(), SECRET[:-1], b"", SECRET + b"0"):
        with pytest.raises(Untrusted):
            unlock(wrong, "node-keys", data)


def test_only_what_a_machine_made_is_not_stretched() -> None:
    assert isinstance(canonical.decode(lock(SECRET, "node-keys", b""), Box).kdf, Hkdf)
    for typed in (b"mithaq-unlock:summer", SECRET + b"x", SECRET.upper()):
        assert not isinstance(canonical.decode(lock(typed, "node-keys", b""), Box).kdf, Hkdf)
    with pytest.raises(Invalid):
        lock(b"", "node-keys", b"")


def test_every_changed_bit_is_noticed() -> None:
    data = lock(SECRET, "node-keys", b"plain")
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(MithaqError):
            unlock(SECRET, "node-keys", changed)
    with pytest.raises(MithaqError):
        unlock(SECRET, "node-keys", data + b"\n")


def test_the_header_is_bound_into_the_seal() -> None:
    box = canonical.decode(lock(SECRET, "node-keys", b"plain"), dict)
    with pytest.raises(Untrusted):
        unlock(SECRET, "personal-key", canonical.encode(box | {"holds": "personal-key"}))


@pytest.mark.parametrize(
    "kdf",
    [
        {"name": "argon2id", "memory_kib": 2**31, "iterations": 3, "lanes": 4},
        {"name": "argon2id", "memory_kib": 65536, "iterations": 10**6, "lanes": 4},
        {"name": "argon2id", "memory_kib": 65536, "iterations": 3, "lanes": 4096},
        {"name": "argon2id", "memory_kib": 8, "iterations": 1, "lanes": 1},
        {"name": "pbkdf2"},
        {"name": "hkdf-sha256", "salt": "AAAA"},
    ],
)
def test_a_planted_box_cannot_ask_for_too_much_or_too_little(kdf: dict[str, object]) -> None:
    box = canonical.decode(lock(SECRET, "node-keys", b"plain"), dict)
    planted = box | {"kdf": {"salt": box["kdf"]["salt"], **kdf}}
    with pytest.raises(Invalid):
        unlock(SECRET, "node-keys", canonical.encode(planted))
