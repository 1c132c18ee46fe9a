"""A gate's home, and the file by which a core tells its gate whom it faces. Nothing in either opens an envelope.

gate.toml       where it listens              tls.pem    the link certificate with its key (0600)
faces.json      partners' urls and certificates, and the certificate by which the core is known
token           who may read its figures (0600)           serving.json   where it answers, while it serves
"""

from __future__ import annotations

import secrets
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from mithaq.adapters.transport.certificate import make_certificate
from mithaq.config import Bind, Config, GateSettings, Home, Url, read_config, write_config, write_private
from mithaq.errors import Clash, Invalid, Malformed, MithaqError, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import Clock
from mithaq.kernel.party import read_identity
from mithaq.kernel.values import PartyId

Pem = Annotated[str, Meta(max_length=8000)]


class Faced(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner as a gate knows it."""

    url: Url
    certificate: Pem


class Faces(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom a gate faces: its own nation, the core by its certificate, partners by theirs."""

    format: Literal["mithaq-gate/1"] = "mithaq-gate/1"
    party: PartyId
    core: Pem
    partners: dict[PartyId, Faced]


class Export(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a core gives its gate: the faces, and the link certificate with its key. To be carried like a key."""

    faces: Faces
    tls: Pem


class Binds(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """gate.toml: where the gate listens for partners, for its core, and for whoever watches it (loopback only)."""

    link: Bind = Bind()
    core: Bind = Bind()
    watch: Bind = Bind()


class GateHome(Home):
    """The files of a gate's home, by what they are."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.settings = path / "gate.toml"
        self.faces = path / "faces.json"


def use_gate(home: Home, url: str, clock: Clock) -> Config:
    """Make this home that of a core, which calls the gate at this url; its link certificate is what the gate shows."""
    config = msgspec.structs.replace(read_config(home), gate=canonical.fit({"url": url}, GateSettings))
    home.gate.mkdir(mode=0o700, exist_ok=True)
    _core_certificate(home, config.party, clock)
    own = read_identity(home.card.read_bytes(), at=clock.now())
    write_private(home.gate_certificate, own.card.certificate.encode())
    write_config(home, config)
    return config


def export(home: Home, clock: Clock) -> Export:
    """What the gate of this core must know. It has none of the node's keys but that of its link certificate."""
    config = read_config(home)
    partners = {}
    for party, settings in sorted(config.partners.items()):
        known = read_identity(home.partner(party).read_bytes(), settings.fingerprint, at=clock.now())
        partners[party] = Faced(settings.url, known.card.certificate)
    core = _core_certificate(home, config.party, clock)
    try:
        tls = home.tls.read_text()
    except FileNotFoundError:
        raise NotFound("tls", "the link certificate is not here any more", where=str(home.tls)) from None
    return Export(faces=Faces(party=config.party, core=core, partners=partners), tls=tls)


def read_export(path: Path) -> Export:
    """The export in a file; Malformed if it is none."""
    try:
        return canonical.read(path.read_bytes(), Export)
    except OSError as problem:
        raise NotFound("export", f"cannot be read: {problem.strerror}", where=str(path)) from None
    except MithaqError as problem:
        raise problem.at(str(path)) from None


def init_gate(home: GateHome, given: Export, binds: Binds) -> None:
    """Make a gate's home. Clash if there is a gate or a node in it already."""
    if home.settings.exists() or (home.path / "node.toml").exists():
        raise Clash("home", "there is something here already", where=str(home.path), hint="choose another --home")
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(home.token, secrets.token_hex(32).encode())
    renew_gate(home, given)
    write_private(home.settings, _toml(binds).encode())


def renew_gate(home: GateHome, given: Export) -> None:
    """Take up what a newer export says of partners and certificates."""
    if home.faces.exists() and (party := read_faces(home).party) != given.faces.party:
        raise Invalid("party", f"this is the gate of {party}, not of {given.faces.party}")
    write_private(home.tls, given.tls.encode())
    write_private(home.faces, canonical.encode(given.faces))


def read_faces(home: GateHome) -> Faces:
    """Whom this gate faces; NotFound if there is no gate here."""
    try:
        return canonical.read(home.faces.read_bytes(), Faces)
    except FileNotFoundError:
        raise NotFound("home", "no gate here", where=str(home.path), hint="run mithaq gate init") from None
    except MithaqError as problem:
        raise problem.at(str(home.faces)) from None


def read_binds(home: GateHome) -> Binds:
    """Where this gate listens."""
    try:
        found = msgspec.convert(tomllib.loads(home.settings.read_text(encoding="utf-8")), Binds, strict=True)
    except FileNotFoundError:
        raise NotFound("home", "no gate here", where=str(home.path), hint="run mithaq gate init") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Malformed("settings", str(problem), where=str(home.settings)) from None
    except msgspec.ValidationError as problem:
        raise Invalid("settings", str(problem), where=str(home.settings)) from None
    if found.watch.host not in ("127.0.0.1", "::1"):
        why = f"the figures of a gate may not be shown on {found.watch.host}"
        raise Invalid("watch", why, where=str(home.settings), hint="use 127.0.0.1")
    return found


def _core_certificate(home: Home, party: str, clock: Clock) -> str:
    """The certificate by which the core shows itself to its gate, made when it is first needed."""
    if not home.core_tls.exists():
        home.gate.mkdir(mode=0o700, exist_ok=True)
        private, public = make_certificate(f"{party} core", clock.now())
        write_private(home.core_tls, private)
        return public
    _, begin, rest = home.core_tls.read_text().partition("-----BEGIN CERTIFICATE-----")
    return begin + rest


def _toml(binds: Binds) -> str:
    lines = []
    for face in ("link", "core", "watch"):
        bind: Bind = getattr(binds, face)
        lines += [f"[{face}]", f"host = {msgspec.json.encode(bind.host).decode()}", f"port = {bind.port}", ""]
    return "\n".join(lines)
