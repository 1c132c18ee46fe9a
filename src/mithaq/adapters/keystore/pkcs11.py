"""A token: a device, or SoftHSM, that keeps private keys and uses them itself, reached by PKCS#11 (OASIS, v3.0).

It makes and keeps Ed25519 pairs (CKM_EDDSA) and one AES key that wraps the secret of a box (CKM_AES_GCM); none of them
can be taken out. python-pkcs11 is an optional extra and is loaded only here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from mithaq.errors import Invalid, NotFound, Unavailable, Untrusted

if TYPE_CHECKING:
    from pkcs11 import Session
    from pkcs11.types import DecryptMixin, EncryptMixin, SignMixin

    class SecretKey(EncryptMixin, DecryptMixin):
        """What an AES key of a session can do."""


ED25519 = bytes.fromhex("06032b6570")  # DER of OID 1.3.101.112 (RFC 8410)
LABEL = "mithaq"


class Wrapped(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret that only an AES key of the token opens."""

    nonce: Annotated[bytes, Meta(min_length=12, max_length=12)]
    sealed: Annotated[bytes, Meta(max_length=1024)]


class Token:
    """One token, logged in. Thread-safe: a session does one thing at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = Lock()
        self._closed = False
        self._private: dict[bytes, SignMixin] = {}

    def __repr__(self) -> str:
        return "Token()"

    @classmethod
    def open(cls, module: Path, label: str, pin: bytes) -> Token:
        """The token with this label. NotFound if it is not there; Untrusted if the PIN is another one.

        A process logs in to a token once (PKCS#11 v3.0, 5.6.8): while it is, the PIN is not asked for again.
        """
        _ensure_module(module)
        import pkcs11
        from pkcs11 import exceptions

        with _told():
            found = list(pkcs11.lib(str(module)).get_tokens(token_label=label))
            if len(found) != 1:
                raise NotFound("token", f"{len(found)} tokens are called {label!r}", where=str(module))
            try:
                return cls(found[0].open(rw=True, user_pin=pin.decode(errors="replace")))
            except exceptions.UserAlreadyLoggedIn:
                return cls(found[0].open(rw=True))

    def close(self) -> None:
        """Let go of the session. Safe to call twice."""
        with self._lock, _told():
            if not self._closed:
                self._session.close()
            self._closed = True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock, _told():
            if self._closed:
                raise Unavailable("token", "the token is closed")
            yield

    # -- signing -----------------------------------------------------------------------------------------------------

    def make_ed25519(self) -> tuple[bytes, bytes]:
        """(id, public key) of a new pair in the token, durable there."""
        from pkcs11 import Attribute, KeyType, Mechanism

        id = secrets.token_bytes(16)
        with self._alone():
            curve = self._session.create_domain_parameters(
                KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: ED25519}, local=True
            )
            public, _ = curve.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label=LABEL,
                id=id,
                private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
            )
            point = bytes(public[Attribute.EC_POINT])
        return id, point[-32:]  # some tokens wrap it as an OCTET STRING, some do not

    def sign_ed25519(self, id: bytes, message: bytes) -> bytes:
        """The signature of exactly this message (RFC 8032, not prehashed)."""
        from pkcs11 import Mechanism

        with self._alone():
            made = self._find(id).sign(message, mechanism=Mechanism.EDDSA)
        return bytes(made)

    def forget_ed25519(self, id: bytes) -> None:
        """Destroy a pair for good."""
        from pkcs11 import Attribute

        with self._alone():
            self._private.pop(id, None)
            for each in list(self._session.get_objects({Attribute.ID: id, Attribute.LABEL: LABEL})):
                each.destroy()

    def _find(self, id: bytes) -> SignMixin:
        from pkcs11 import ObjectClass

        if id not in self._private:
            self._private[id] = self._session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=LABEL, id=id)  # type: ignore[assignment]
        return self._private[id]

    # -- wrapping ----------------------------------------------------------------------------------------------------

    def make_wrap(self) -> bytes:
        """The id of a new AES-256 key in the token."""
        from pkcs11 import Attribute, KeyType

        id = secrets.token_bytes(16)
        keep = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        with self._alone():
            self._session.generate_key(KeyType.AES, 256, store=True, label=LABEL, id=id, template=keep)
        return id

    def wrap(self, id: bytes, secret: bytes, context: bytes) -> Wrapped:
        """The secret, sealed by that key and bound to a context."""
        from pkcs11 import GCMParams, Mechanism

        nonce = secrets.token_bytes(12)
        with self._alone():
            sealed = self._aes(id).encrypt(
                secret, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, context, 128)
            )
        return Wrapped(nonce, _whole(sealed))

    def unwrap(self, id: bytes, wrapped: Wrapped, context: bytes) -> bytes:
        """The secret; Untrusted unless this token sealed it so."""
        from pkcs11 import GCMParams, Mechanism, exceptions

        with self._alone():
            key = self._aes(id)
            try:
                found = key.decrypt(
                    wrapped.sealed,
                    mechanism=Mechanism.AES_GCM,
                    mechanism_param=GCMParams(wrapped.nonce, context, 128),
                )
            except (exceptions.GeneralError, exceptions.EncryptedDataInvalid, exceptions.EncryptedDataLenRange):
                raise Untrusted("unlock", "this token does not open it, or it was changed") from None
        return _whole(found)

    def _aes(self, id: bytes) -> SecretKey:
        from pkcs11 import ObjectClass

        return self._session.get_key(object_class=ObjectClass.SECRET_KEY, label=LABEL, id=id)  # type: ignore[return-value]


def _whole(made: bytes | Iterator[bytes]) -> bytes:
    return made if isinstance(made, bytes) else b"".join(made)


def _ensure_module(module: Path) -> None:
    if find_spec("pkcs11") is None:
        raise NotFound("token", "python-pkcs11 is not installed", hint="pip install mithaq[pkcs11]")
    if not module.is_absolute():
        raise Invalid("token", "name the module by its whole path", where=str(module))
    if not module.exists():
        raise NotFound("token", "no such PKCS#11 module", where=str(module), hint="for SoftHSM: package softhsm2")


@contextmanager
def _told() -> Iterator[None]:
    """What the token refuses, as our errors."""
    from pkcs11 import exceptions

    try:
        yield
    except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange, exceptions.PinLocked) as problem:
        raise Untrusted("unlock", f"the token refuses the PIN ({type(problem).__name__})") from None
    except exceptions.NoSuchKey:
        raise NotFound("token", "the token does not hold this key", hint="is it the right token?") from None
    except exceptions.PKCS11Error as problem:
        why = f"{type(problem).__name__} {problem}".strip()
        raise Unavailable("token", f"the token does not answer: {why}", hint="see docs/keys.md") from None
