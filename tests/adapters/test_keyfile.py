"""Key files: locked, for their owner only, never overwritten; and several keys at once while partners change over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mithaq.adapters.keystore.box import Argon2, Box, lock, make_secret, unlock
from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.keystore.personal import PersonalKey, public_file, read_public
from mithaq.adapters.keystore.seeds import OldSeeds, fresh
from mithaq.errors import BadInput, Clash, Invalid, MithaqError, NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import verify
from mithaq.kernel.seal import HPKE_SUITE, _public_key, sealing_key_id

SECRET = make_secret()
PHRASE = b"correct horse battery"


def sealed_to(public: bytes) -> bytes:
    return HPKE_SUITE.encrypt(b"hello", _public_key(public), info=b"context")


def test_what_was_written_signs_the_same_after_loading(tmp_path: Path) -> None:
    made = KeyFile.create(tmp_path / "keys.json", SECRET)
    again = KeyFile.load(tmp_path / "keys.json", SECRET)
    verify(made.signing, b"m", again.sign(b"m"))
    assert (made.sealing, made.mac(b"x")) == (again.sealing, again.mac(b"x"))
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_nothing_opens_it_but_its_secret(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyFile.create(path, SECRET)
    for secret in (None, make_secret(), PHRASE):
        with pytest.raises(Untrusted):
            KeyFile.load(path, secret)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyFile.create(path, SECRET)
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(MithaqError):
            KeyFile.load(path, SECRET)


def test_no_private_key_stands_in_the_file_or_in_words_about_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = KeyFile.create(path, SECRET)
    seeds = canonical.decode(unlock(SECRET, "node-keys", path.read_bytes()), dict)
    for seed in (seeds["signing"][0]["ed25519"], seeds["sealing"][0]["x25519"], seeds["pseudonyms"]):
        assert seed not in path.read_text()
        assert seed not in repr(made)


def test_new_keys_are_held_beside_the_old_ones_and_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = KeyFile.create(path, SECRET)
    first, old = made.signing, made.sealing
    second, new = made.make_signing(), made.make_sealing()
    assert made.signing == first
    again = KeyFile.load(path, SECRET)
    for keys in (first, second):
        again.use(keys)
        verify(keys, b"m", again.sign(b"m"))
    for public in (old, new):
        assert again.open(sealing_key_id(public), sealed_to(public), b"context") == b"hello"
    assert again.sealing == new
    again.forget_sealing(old)
    with pytest.raises(Untrusted):
        KeyFile.load(path, SECRET).open(sealing_key_id(old), sealed_to(old), b"context")
    with pytest.raises(NotFound):
        again.use(KeyFile.generate().signing)


def test_a_seal_opens_with_its_own_key_and_context_only(tmp_path: Path) -> None:
    keys = KeyFile.generate()
    other = keys.make_sealing()
    for name, sealed, context in (
        (sealing_key_id(other), sealed_to(keys.make_sealing()), b"context"),
        (sealing_key_id(other), sealed_to(other), b"another"),
        ("mlkem768-x25519:0000000000000000", sealed_to(other), b"context"),
    ):
        with pytest.raises(Untrusted):
            keys.open(name, sealed, context)


def test_a_file_of_version_0_1_0_is_read_and_can_be_locked(tmp_path: Path) -> None:
    path, seeds = tmp_path / "keys.json", fresh()
    old = OldSeeds(
        seeds.signing[0].ed25519, seeds.signing[0].ml_dsa_65, seeds.sealing[0].ml_kem_768, seeds.sealing[0].x25519,
        seeds.pseudonyms,
    )  # fmt: skip
    path.write_bytes(canonical.encode(old))
    path.chmod(0o600)
    keys = KeyFile.load(path)
    with pytest.raises(NotAllowed):
        keys.make_signing()
    keys.protect(SECRET)
    assert KeyFile.load(path, SECRET).signing == keys.signing
    with pytest.raises(Untrusted):
        KeyFile.load(path)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "keys.json", SECRET)
    (tmp_path / "keys.json").chmod(0o640)
    with pytest.raises(Untrusted):
        KeyFile.load(tmp_path / "keys.json", SECRET)


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "keys.json", SECRET)
    with pytest.raises(Clash):
        KeyFile.create(tmp_path / "keys.json", SECRET)


def test_no_keys_or_broken_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        KeyFile.load(tmp_path / "none")
    path = tmp_path / "broken"
    path.write_bytes(b'{"ed25519":"AA"}')
    path.chmod(0o600)
    with pytest.raises(BadInput):
        KeyFile.load(path)


def test_a_personal_key_opens_with_its_passphrase_and_shows_only_its_public_half(tmp_path: Path) -> None:
    path = tmp_path / "minister.key"
    made = PersonalKey.create(path, PHRASE, "the minister")
    again = PersonalKey.load(path, PHRASE)
    verify(made.keys, b"m", again.sign(b"m"))
    assert read_public(public_file(path).read_bytes()).keys == made.keys
    for wrong in (b"correct horse", SECRET):
        with pytest.raises(Untrusted):
            PersonalKey.load(path, wrong)
    with pytest.raises(Clash):
        PersonalKey.create(path, PHRASE, "again")
    with pytest.raises(Invalid):
        PersonalKey.create(tmp_path / "other.key", b"short", "x")


def test_what_people_type_is_stretched_and_a_box_for_one_thing_is_not_one_for_another() -> None:
    box = canonical.read(lock(PHRASE, "personal-key", b"x"), Box)
    assert isinstance(box.kdf, Argon2)
    assert box.kdf.memory_kib >= 64 * 1024
    with pytest.raises(Untrusted):
        unlock(PHRASE, "node-keys", canonical.encode(box))
