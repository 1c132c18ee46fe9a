"""A node's home: a folder with its settings, keys, laws, partners and store. The only place that reads the environment.

node.toml       settings           keys.json   private keys, locked    node.db   the store
unlock          opens keys.json when nobody is there to type: better kept elsewhere (docs/keys.md)
card.json       our public card    tls.pem     link certificate (0600) token     who may call inside (0600)
witness-keys.json                  the keys with which the node cosigns what it receives, locked
root.json       our offline root   manifest.json  the newest manifest that it signed, for custodians to compare with
law/            vocabulary, kinds, floor, national laws, adopted.json which says that they are ours, agreements/
partners/XX.json                   the cards we trust, pinned by fingerprint in node.toml
evidence/       what a partner signed that contradicts itself, and what was turned away
watermark       how far the journal had come: a store that was set back is noticed
removed.json    the partners that we removed: a store that was set back is put right
gate/           of a core: by what it is known to its gate, and the certificate its gate must show
spool/XX.json   how far was spooled for a partner, where a diode carries bundles
sessions/NAME   the session of an officer who signed in at this terminal (0600)
"""

from __future__ import annotations

import fcntl
import os
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from mithaq.errors import Invalid, Malformed, NotAllowed, NotFound, Unavailable, Untrusted
from mithaq.kernel.contact import Contact, Contacts
from mithaq.kernel.people.officer import OFFICER
from mithaq.kernel.values import Code, Digest, Line, PartyId

Port = Annotated[int, Meta(ge=0, le=65535)]
WitnessUrl = Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/\-]*[^/])?(?!\n)$")]
Url = Annotated[str, Meta(pattern=r"^https://[A-Za-z0-9.\-]+:[0-9]{1,5}(?!\n)$")]


class Bind(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a face of the node listens. The inside face listens on loopback only."""

    host: str = "127.0.0.1"
    port: Port = 0


class PartnerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a partner's node is reached, the fingerprint its card must have, and whom to call there."""

    url: Url
    fingerprint: Digest
    contacts: Contacts = ()


class WitnessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a witness that an agreement names is reached. Its keys are in the agreement: nothing rests on the line."""

    url: WitnessUrl


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A PostgreSQL database in place of ``node.db``. Its password is never here: see ``store_password``."""

    url: Annotated[str, Meta(pattern=r"^postgres(ql)?://[^\x00-\x20\x7f]+(?!\n)$")]
    password_file: str = ""  # else libpq finds it: PGPASSFILE, a certificate, the user of the machine


class GateSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gate of a core waits for its calls."""

    url: Url


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings in node.toml."""

    party: PartyId
    names: dict[Annotated[str, Meta(pattern=r"^(ar|en|fr)(?!\n)$")], Line]
    inside: Bind = Bind()
    link: Bind = Bind()
    capabilities: tuple[str, ...] = ("intelligence",)
    contacts: Contacts = ()  # whom to call here
    partners: dict[PartyId, PartnerSettings] = {}
    witnesses: dict[Code, WitnessSettings] = {}
    store: StoreSettings | None = None
    gate: GateSettings | None = None  # with one, this node is a core: it does not face abroad


class Home:
    """The files of a node's home, by what they are. ``acting``: the officer as whom it is reached, if any."""

    def __init__(self, path: Path, acting: str = "") -> None:
        self.path = path
        self.acting = acting
        self.settings = path / "node.toml"
        self.keys = path / "keys.json"
        self.unlock = path / "unlock"
        self.root = path / "root.json"
        self.manifest = path / "manifest.json"
        self.card = path / "card.json"
        self.tls = path / "tls.pem"
        self.witness = path / "witness-keys.json"
        self.token = path / "token"
        self.store = path / "node.db"
        self.lock = path / "lock"
        self.watermark = path / "watermark"
        self.removed = path / "removed.json"
        self.serving = path / "serving.json"  # of the one process that serves
        self.evidence = path / "evidence"
        self.law = path / "law"
        self.agreements = path / "law" / "agreements"
        self.proofs = path / "law" / "proofs"
        self.kinds = path / "law" / "kinds.json"
        self.adopted = path / "law" / "adopted.json"
        self.partners = path / "partners"
        self.sessions = path / "sessions"
        self.gate = path / "gate"
        self.core_tls = path / "gate" / "core.pem"
        self.gate_certificate = path / "gate" / "gate.crt"

    def serving_of(self, pid: int) -> Path:
        """Where one of several processes says that it serves."""
        return self.path / f"serving-{pid}.json"

    def partner(self, party: str) -> Path:
        return self.partners / f"{party}.json"

    def session(self, name: str) -> Path:
        """Where the session of an officer is kept: ``rania`` or ``officer/rania``."""
        bare = name.removeprefix("officer/")
        if not OFFICER.fullmatch(f"officer/{bare}"):
            raise Invalid("officer", f"{name!r} is not the name of an officer", hint="for example rania")
        return self.sessions / bare


def home(given: str | None, acting: str | None = None) -> Home:
    """The home that was named, else the one in MITHAQ_HOME, else ``~/.mithaq``.

    It is reached as the officer that was named, else the one in MITHAQ_AS, else as whoever holds it.
    """
    path = Path(given or os.environ.get("MITHAQ_HOME") or Path.home() / ".mithaq").expanduser().absolute()
    return Home(path, acting or os.environ.get("MITHAQ_AS") or "")


def unlock_secret(home: Home) -> bytes | None:
    """What the key file is unlocked with when nobody is there to type: the first of these that is there.

    ``$CREDENTIALS_DIRECTORY/mithaq-unlock`` (systemd's LoadCredential), the file that ``$MITHAQ_UNLOCK_FILE`` names,
    ``unlock`` in the home. Untrusted if others may read it; NotFound if a file is named that is not there.
    """
    credentials, named = os.environ.get("CREDENTIALS_DIRECTORY"), os.environ.get("MITHAQ_UNLOCK_FILE")
    if credentials and (path := Path(credentials) / "mithaq-unlock").exists():
        # systemd lets the service's user in by an ACL, which shows as mode 0440 (systemd issue 29435).
        return _secret(path, others=0o007)
    if named:
        return _secret(Path(named), others=0o077)
    return _secret(home.unlock, others=0o077) if home.unlock.exists() else None


def secret_file(path: Path) -> bytes:
    """The secret in a file that only its owner may read, in the manner of ``unlock_secret``."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    within = credentials is not None and path.is_relative_to(credentials)
    return _secret(path, others=0o007 if within else 0o077)


def ensure_file_store(home: Home) -> None:
    """NotAllowed where the store of a home is a database: what works on its file must not take an old one for it."""
    if read_config(home).store is not None:
        raise NotAllowed(
            "store", "the store of this home is a database, not a file", where=str(home.settings),
            hint="back it up with the database's own tools: docs/postgresql.md",
        )  # fmt: skip


def store_password(home: Home, settings: StoreSettings) -> str:
    """The database's password from the file that is named, a path from the home; nothing where none is."""
    if not settings.password_file:
        return ""
    path = home.path / settings.password_file
    return _secret(path, others=0o077, code="store-password", what="password of the database").decode()


def _secret(path: Path, *, others: int, code: str = "unlock", what: str = "unlock secret") -> bytes:
    hint = "see docs/keys.md" if code == "unlock" else "see docs/postgresql.md"
    try:
        if path.stat().st_mode & others:
            raise Untrusted(code, f"others may read the {what}", where=str(path), hint="chmod 600")
        secret = path.read_bytes().strip()
    except OSError as problem:
        why = f"the {what} cannot be read: {problem.strerror}"
        raise NotFound(code, why, where=str(path), hint=hint) from None
    if not secret:
        raise Invalid(code, f"the {what} is empty", where=str(path))
    return secret


def read_config(home: Home) -> Config:
    """The settings of a home; a clear error if there is none or it is not understood."""
    try:
        settings = tomllib.loads(home.settings.read_text(encoding="utf-8"))
        config = msgspec.convert(settings, Config, strict=True)
    except FileNotFoundError:
        raise NotFound("home", "no node here", where=str(home.path), hint="run mithaq node init") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Malformed("settings", str(problem), where=str(home.settings)) from None
    except msgspec.ValidationError as problem:
        raise Invalid("settings", str(problem), where=str(home.settings)) from None
    if config.store is not None and _holds_password(config.store.url):
        raise Invalid(
            "store-password", "a password does not belong into an address: it is shown, logged and kept in backups",
            where=str(home.settings), hint="put it into a file of mode 600 and name that with password_file in [store]",
        )  # fmt: skip
    if config.inside.host not in ("127.0.0.1", "::1"):
        raise Invalid(
            "inside", f"the inside face may not listen on {config.inside.host}", where=str(home.settings),
            hint="use 127.0.0.1: until officers sign in, only this machine may call",
        )  # fmt: skip
    return config


def write_config(home: Home, config: Config) -> None:
    """Write node.toml, whole or not at all."""
    write_private(home.settings, _toml(config).encode())


def write_private(path: Path, data: bytes) -> None:
    """A file that only its owner may read, in place at once or not at all.

    What lies where it is written first (a leftover, or a link that somebody else put there) is removed, never followed.
    Each thread of each process writes it first in a place of its own.
    """
    fresh = path.with_name(f"{path.name}.{threading.get_native_id()}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def locked(home: Home, *, wait: bool = False, shared: bool = False) -> Iterator[None]:
    """Hold the home's lock: one writer per home. Unavailable if another process holds it and we do not wait.

    ``shared``: beside others who hold it so, where the store lets several processes write; its files do not change
    meanwhile.
    """
    handle = os.open(home.lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        yield
    except BlockingIOError:
        raise Unavailable(
            "locked", "another process works in this home", where=str(home.path), hint="stop mithaq node serve first"
        ) from None
    finally:
        os.close(handle)


def _toml(config: Config) -> str:
    lines = [f'party = "{config.party}"', f"capabilities = {_list(config.capabilities)}"]
    lines += [*_contacts(config.contacts), "", "[names]"]
    lines += [f"{language} = {_text(name)}" for language, name in sorted(config.names.items())]
    for face in ("inside", "link"):
        bind: Bind = getattr(config, face)
        lines += ["", f"[{face}]", f"host = {_text(bind.host)}", f"port = {bind.port}"]
    if config.store is not None:
        lines += ["", "[store]", f"url = {_text(config.store.url)}"]
        if config.store.password_file:
            lines += [f"password_file = {_text(config.store.password_file)}"]
    lines += ["", "[gate]", f"url = {_text(config.gate.url)}"] if config.gate else []
    for party, partner in sorted(config.partners.items()):
        lines += [
            "",
            f"[partners.{party}]",
            f"url = {_text(partner.url)}",
            f"fingerprint = {_text(partner.fingerprint)}",
            *_contacts(partner.contacts),
        ]
    for name, witness in sorted(config.witnesses.items()):
        lines += ["", f"[witnesses.{name}]", f"url = {_text(witness.url)}"]
    return "\n".join(lines) + "\n"


def _contacts(contacts: tuple[Contact, ...]) -> list[str]:
    tables = (msgspec.to_builtins(each) for each in contacts)
    listed = ["{" + ", ".join(f"{name} = {_text(value)}" for name, value in each.items()) + "}" for each in tables]
    return [f"contacts = [{', '.join(listed)}]"] if listed else []


def _holds_password(url: str) -> bool:
    """As libpq finds one, or in doubt."""
    rest = url.partition("://")[2]
    user, at, _ = rest.partition("/")[0].partition("@")
    named = (name for name, _ in parse_qsl(rest.partition("?")[2], keep_blank_values=True))
    return (bool(at) and ":" in user) or "password" in named


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()  # a JSON string is a TOML basic string


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"
