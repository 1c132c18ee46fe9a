"""What the kernel asks of a key store, of each: in memory, in a file of 0.1.0, in a locked file, and in a token.

It signs with the pair that it was told to use, opens what was sealed to any key it holds, and keeps what it made.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from mithaq.adapters.keystore.box import make_secret
from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.keystore.pkcs11 import Token
from mithaq.adapters.keystore.seeds import OldSeeds, fresh
from mithaq.adapters.keystore.token import TokenKeys
from mithaq.errors import MithaqError, NotAllowed, NotFound, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys, verify
from mithaq.kernel.link.ends import Keystore
from mithaq.kernel.seal import seal, sealing_key_id, unseal

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = b"246810"
SECRET = make_secret()


class Keys(Keystore, Protocol):
    """All that a key store offers: what the kernel asks, and how keys come and go."""

    @property
    def signing(self) -> dict[str, bytes]: ...
    @property
    def sealing(self) -> bytes: ...
    def holds(self, public: VerifyKeys | bytes) -> bool: ...
    def make_signing(self) -> dict[str, bytes]: ...
    def make_sealing(self) -> bytes: ...
    def forget_signing(self, keys: VerifyKeys) -> None: ...
    def forget_sealing(self, public: bytes) -> None: ...


class Kept:
    """One key store, and how to load it anew as another process would."""

    def __init__(self, keys: Keys, again: Callable[[], Keys] | None, *, grows: bool = True) -> None:
        self.keys, self.again, self.grows = keys, again or (lambda: keys), grows


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """A throwaway SoftHSM token. SoftHSM reads where its tokens are once in a process."""
    if not MODULE.exists():
        pytest.skip("softhsm2 is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "mithaq-test", "--so-pin", "13579024", "--pin"]
    subprocess.run([*command, PIN.decode()], check=True, capture_output=True)
    opened = Token.open(MODULE, "mithaq-test", PIN)
    yield opened
    opened.close()


def old_file(path: Path) -> Path:
    seeds = fresh()
    one, other = seeds.signing[0], seeds.sealing[0]
    old = OldSeeds(one.ed25519, one.ml_dsa_65, other.ml_kem_768, other.x25519, seeds.pseudonyms)
    path.write_bytes(canonical.encode(old))
    path.chmod(0o600)
    return path


@pytest.fixture(params=["memory", "plain", "boxed", "token"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    path = tmp_path / "keys.json"
    if request.param == "memory":
        return Kept(KeyFile.generate(), None)
    if request.param == "plain":
        old_file(path)
        return Kept(KeyFile.load(path), lambda: KeyFile.load(path), grows=False)
    if request.param == "boxed":
        return Kept(KeyFile.create(path, SECRET), lambda: KeyFile.load(path, SECRET))
    token: Token = request.getfixturevalue("token")
    return Kept(TokenKeys.create(path, token), lambda: TokenKeys.load(path, token))


@pytest.fixture
def growing(kept: Kept) -> Kept:
    """Those that can make more keys: all but the file of 0.1.0, which has room for one of each."""
    if not kept.grows:
        with pytest.raises(NotAllowed, match="locked"):
            kept.keys.make_signing()
        with pytest.raises(NotAllowed, match="locked"):
            kept.keys.make_sealing()
        path = kept.keys._path  # type: ignore[attr-defined]
        kept.keys.protect(SECRET)  # type: ignore[attr-defined]
        kept.again = lambda: KeyFile.load(path, SECRET)
    return kept


def opens(keys: Keys, public: bytes) -> bool:
    """Whether what is sealed to this key is opened."""
    sealed = seal(b"hello", sender="SA", receiver="JO", public=public)
    try:
        return unseal(sealed, keys, me="JO") == ("SA", b"hello")
    except Untrusted:
        return False


def test_it_signs_with_both_halves_and_the_same_after_a_restart(kept: Kept) -> None:
    for keys in (kept.keys, kept.again()):
        made = keys.sign(b"message")
        assert [each.algorithm for each in made] == ["ed25519", "ml-dsa-65"]
        verify(kept.keys.signing, b"message", made)
        with pytest.raises(Untrusted):
            verify(kept.keys.signing, b"another", made)


def test_it_opens_what_was_sealed_to_it_and_nothing_else(kept: Kept) -> None:
    keys = kept.again()
    sealed = seal(b"hello", sender="SA", receiver="JO", public=kept.keys.sealing)
    assert unseal(sealed, keys, me="JO") == ("SA", b"hello")
    line, _, body = sealed.partition(b"\n")
    name = sealing_key_id(keys.sealing)
    for key, bytes_, context in (
        (name, body, b"another context" + line),
        (name, body[:-1] + bytes([body[-1] ^ 1]), b"mithaq-seal/1\n" + line),
        (name, b"", b""),
        (sealing_key_id(bytes(1216)), body, b"mithaq-seal/1\n" + line),
    ):
        with pytest.raises(Untrusted):
            keys.open(key, bytes_, context)


def test_pseudonyms_are_the_same_after_a_restart_and_different_in_another_store(kept: Kept) -> None:
    assert kept.keys.mac(b"S-17") == kept.again().mac(b"S-17") != KeyFile.generate().mac(b"S-17")
    assert len(kept.keys.mac(b"S-17")) == 32


def test_new_pairs_wait_until_they_are_to_be_used(growing: Kept) -> None:
    first = growing.keys.signing
    second = growing.keys.make_signing()
    assert growing.keys.signing == growing.again().signing == first
    assert growing.again().holds(first)
    assert growing.again().holds(second)
    for keys in (growing.keys, growing.again()):
        for pair in (second, first):
            keys.use(pair)
            assert keys.signing == pair
            verify(pair, b"m", keys.sign(b"m"))


def test_a_pair_that_is_not_held_is_not_used_and_the_other_goes_on_signing(kept: Kept) -> None:
    stranger = KeyFile.generate()
    before = kept.keys.signing
    assert not kept.keys.holds(stranger.signing)
    assert not kept.keys.holds(stranger.sealing)
    with pytest.raises(NotFound):
        kept.keys.use(stranger.signing)
    mixed = {**before, "ml-dsa-65": stranger.signing["ml-dsa-65"]}
    with pytest.raises(NotFound):
        kept.keys.use(mixed)
    assert kept.keys.signing == before


def test_old_and_new_sealing_keys_open_side_by_side(growing: Kept) -> None:
    old = growing.keys.sealing
    new = growing.keys.make_sealing()
    for keys in (growing.keys, growing.again()):
        assert keys.sealing == new
        assert opens(keys, old)
        assert opens(keys, new)


def test_what_another_process_makes_is_found_when_it_is_needed(growing: Kept) -> None:
    other = growing.again()
    pair, public = other.make_signing(), other.make_sealing()
    assert opens(growing.keys, public)
    growing.keys.use(pair)
    verify(pair, b"m", growing.keys.sign(b"m"))


def test_two_that_make_keys_do_not_lose_each_others(growing: Kept) -> None:
    one, other = growing.again(), growing.again()
    made = [keys.make_signing() for keys in (one, other, one, other)]
    sealing = [keys.make_sealing() for keys in (one, other)]
    keys = growing.again()
    assert all(keys.holds(each) for each in made)
    assert all(keys.holds(each) for each in sealing)


def test_what_is_forgotten_is_gone_for_good(growing: Kept) -> None:
    keys = growing.keys
    old_pair, old_key = keys.signing, keys.sealing
    new_pair, new_key = keys.make_signing(), keys.make_sealing()
    keys.use(new_pair)
    keys.forget_signing(old_pair)
    keys.forget_sealing(old_key)
    for each in (keys, growing.again()):
        assert not each.holds(old_pair)
        assert not each.holds(old_key)
        assert not opens(each, old_key)
        assert opens(each, new_key)
        assert each.signing == new_pair


def test_the_pair_in_use_and_the_last_sealing_key_cannot_be_forgotten(growing: Kept) -> None:
    keys = growing.keys
    keys.make_signing()
    with pytest.raises(NotAllowed):
        keys.forget_signing(keys.signing)
    with pytest.raises(NotFound):
        keys.forget_sealing(keys.sealing)
    with pytest.raises(NotFound):
        keys.forget_signing(KeyFile.generate().signing)


def test_words_about_it_tell_no_secret(growing: Kept) -> None:
    growing.keys.make_signing()
    said = repr(growing.keys)
    assert "2 signing" in said
    assert len(said) < 60


def test_others_may_not_read_its_file(kept: Kept) -> None:
    path = getattr(kept.keys, "_path", None)
    if path is None:
        return
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o640)
    with pytest.raises(Untrusted):
        kept.again()


# -- what only a token promises ---------------------------------------------------------------------------------------


def test_the_ed25519_half_cannot_be_taken_out_of_the_token(token: Token) -> None:
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.exceptions import AttributeSensitive, PKCS11Error

    id, _ = token.make_ed25519()
    key = token._session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=id)
    assert key[Attribute.EXTRACTABLE] is False
    with pytest.raises(AttributeSensitive):
        key[Attribute.VALUE]
    with pytest.raises(PKCS11Error):
        token._aes(token.make_wrap())[Attribute.VALUE]


def test_the_file_beside_the_token_opens_with_no_other_token_key(tmp_path: Path, token: Token) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    TokenKeys.create(one, token)
    TokenKeys.create(other, token)
    a, b = (canonical.decode(path.read_bytes(), dict) for path in (one, other))
    for changed in (a | {"wrap": b["wrap"]}, a | {"secret": b["secret"]}, a | {"box": b["box"]}):
        one.write_bytes(canonical.encode(changed))
        with pytest.raises(Untrusted):
            TokenKeys.load(one, token)
    one.write_bytes(canonical.encode(a | {"wrap": "A" * 22 + "=="}))
    with pytest.raises(NotFound):
        TokenKeys.load(one, token)


def test_a_token_that_is_not_there_is_said_to_be_missing(tmp_path: Path, token: Token) -> None:
    with pytest.raises(NotFound, match="called"):
        Token.open(MODULE, "another", PIN)
    with pytest.raises(NotFound, match="module"):
        Token.open(tmp_path / "no.so", "mithaq-test", PIN)
    (tmp_path / "not-a.so").write_bytes(b"text")
    with pytest.raises(Unavailable):
        Token.open(tmp_path / "not-a.so", "mithaq-test", PIN)


def test_another_process_needs_the_pin(tmp_path: Path, token: Token) -> None:
    TokenKeys.create(tmp_path / "keys.json", token)
    program = (
        "import sys; from pathlib import Path; from mithaq.adapters.keystore.pkcs11 import Token;"
        "from mithaq.adapters.keystore.token import TokenKeys;"
        "opened = Token.open(Path(sys.argv[1]), 'mithaq-test', sys.argv[2].encode());"
        "print(len(TokenKeys.load(Path(sys.argv[3]), opened).sign(b'm')))"
    )

    def run(pin: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, str(MODULE), pin, str(tmp_path / "keys.json")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run(PIN.decode()).stdout == "2\n"
    refused = run("111111")
    assert "Untrusted" in refused.stderr
    assert "PIN" in refused.stderr


def test_a_token_that_went_away_is_unavailable(tmp_path: Path, token: Token) -> None:
    again = Token.open(MODULE, "mithaq-test", PIN)
    keys = TokenKeys.create(tmp_path / "keys.json", again)
    again.close()
    with pytest.raises(MithaqError) as caught:
        keys.sign(b"m")
    assert isinstance(caught.value, Unavailable | NotFound)
