"""Assembly: home -> Node. The one file that knows adapters, capabilities, api and console."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime
from importlib import resources
from pathlib import Path

from mithaq.adapters.evidence.folder import EvidenceFolder
from mithaq.adapters.keystore.box import make_secret
from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.keystore.witness import WitnessKeys
from mithaq.adapters.metrics.prometheus import PrometheusMetrics
from mithaq.adapters.pictures.pillow import PillowPictures
from mithaq.adapters.store.sql import SqlStore, open_store
from mithaq.adapters.store.watermark import Watermark
from mithaq.adapters.transport.certificate import make_certificate
from mithaq.adapters.transport.gate import GateTransport
from mithaq.adapters.transport.https import HttpsTransport
from mithaq.adapters.witness.client import HttpsWitnesses
from mithaq.capabilities import load_all
from mithaq.config import (
    Config,
    Home,
    StoreSettings,
    read_config,
    store_password,
    unlock_secret,
    write_config,
    write_private,
)
from mithaq.errors import Clash, MithaqError, NotFound, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.adoption import Adoption, Kinds, check_kinds, kinds_of
from mithaq.kernel.clock import Clock, SystemClock
from mithaq.kernel.core import core
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.prove import proof_of, prove
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.text import RestsOn
from mithaq.kernel.law.vocabulary import Vocabulary, load_vocabulary
from mithaq.kernel.link import epochs, pause, recover
from mithaq.kernel.node import Node
from mithaq.kernel.party import Card, Identity, Partner, read_identity, root_card
from mithaq.kernel.ports import Keyed, Metrics, Signer, Store, Transaction, Transport
from mithaq.kernel.statement import Statement, sign, signatories, verified_any
from mithaq.kernel.values import PartyId, digest
from mithaq.kernel.witness import partner as witnessing
from mithaq.kernel.witness.card import witness_name
from mithaq.kernel.witness.port import Witnesses

OWNER = "party"  # the memo that says whose store a database is


def init_home(home: Home, config: Config, *, at: datetime) -> Card:
    """Make a new home: keys, certificate, card, token, and the example laws. Clash if there is one already."""
    if home.settings.exists():
        raise Clash("home", "there is a node here already", where=str(home.path), hint="choose another --home")
    if config.store is not None:
        _reach_database(home, config.store)
    for folder in (home.path, home.law, home.agreements, home.partners, home.evidence):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(home.unlock, make_secret())
    keys = KeyFile.create(home.keys, home.unlock.read_bytes())
    WitnessKeys.create(home.witness, home.unlock.read_bytes(), witness_name(config.party))
    private, certificate = make_certificate(config.party, at)
    write_private(home.tls, private)
    write_private(home.token, secrets.token_hex(32).encode())
    card = Card(
        party=config.party,
        names=config.names,
        signing=keys.signing,
        sealing=keys.sealing,
        certificate=certificate,
        reads=tuple(kind.name for each in load_all(config.capabilities) for kind in each.kinds),
    )
    write_private(home.card, canonical.encode(card))
    for name in ("vocabulary.json", "floor.json", f"law-{config.party}.json", f"law-{config.party}-private.json"):
        example = resources.files("mithaq.laws") / name
        if example.is_file():
            write_private(home.law / name, example.read_bytes())
    write_config(home, config)
    adopt_files(home, keys, at)
    if config.store is not None:
        _open_kept(home, config, keys).close()
    return card


def open_home(
    home: Home,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    transport: Transport | None = None,
    metrics: Metrics | None = None,
    witnesses: Witnesses | None = None,
) -> Node:
    """The node that lives in this home. The caller holds the home's lock and closes the node's store."""
    config = read_config(home)
    capabilities = (core, *load_all(config.capabilities))
    read_adoption(home)
    if home.kinds.exists():
        kinds = canonical.read(home.kinds.read_bytes(), Kinds)
        check_kinds(kinds, (kind for each in capabilities for kind in each.kinds))
    clock = clock or SystemClock()
    identity = read_identity(home.card.read_bytes(), at=clock.now())
    partners = read_partners(home, config, at=clock.now())
    keys, book = load_keys(home, clock.now()), read_laws(home, identity, partners)
    watermark = Watermark(home.watermark) if store is None else None
    kept = store or _open_kept(home, config, keys)
    if store is None:
        _put_removed_right(kept, home, config.party, clock.now())
    if watermark is not None:
        _notice_restore(kept, watermark, config.party, partners)
    return Node(
        identity=identity,
        clock=clock,
        store=kept,
        keys=keys,
        partners=partners,
        book=book,
        capabilities=capabilities,
        transport=transport or transport_of(home, config, partners),
        randomness=secrets.token_bytes,
        evidence=EvidenceFolder(home.evidence).keep,
        metrics=metrics or PrometheusMetrics(),
        watermark=watermark.note if watermark else None,
        learn=lambda known: write_card(home, config, known),
        pictures=PillowPictures(),
        contacts={config.party: config.contacts, **{name: each.contacts for name, each in config.partners.items()}},
        keep_removed=(lambda found: write_private(home.removed, canonical.encode(found))) if store is None else None,
        witnesses=witnesses or HttpsWitnesses({name: each.url for name, each in config.witnesses.items()}),
        cosigner=WitnessKeys.load(home.witness, unlock_secret(home)) if home.witness.exists() else None,
    )


def open_home_store(home: Home, path: Path | None = None) -> SqlStore:
    """The store of a home, or a copy of it in another file. The caller closes it."""
    keys = load_keys(home)
    return open_store(path, store_secret(keys)) if path else _open_kept(home, read_config(home), keys)


def _open_kept(home: Home, config: Config, keys: Keyed) -> SqlStore:
    store = open_engine(home, config.store, store_secret(keys))
    if config.store is not None:
        try:
            claim(store, config.party)
        except BaseException:
            store.close()
            raise
    return store


def open_engine(home: Home, settings: StoreSettings | None, secret: bytes, *, moving: bool = False) -> SqlStore:
    """The store of these settings, whosever it is; without settings the file of the home."""
    if settings is None:
        return open_store(home.store, secret, moving=moving)
    from mithaq.adapters.store.postgres.address import Address, load_driver

    load_driver()
    from mithaq.adapters.store.postgres.open import open_postgres

    return open_postgres(Address(settings.url, store_password(home, settings)), secret, moving=moving)


def _reach_database(home: Home, settings: StoreSettings) -> None:
    """Before anything is made: Unavailable unless the database can be used; Clash if it is a node's already."""
    from mithaq.adapters.store.postgres.address import Address, check_url

    address = Address(check_url(settings.url), store_password(home, settings))
    with address.connect() as connection:
        if connection.execute("select to_regclass('meta')").fetchone() != (None,):
            raise Clash("store", "this database holds the store of a node already", hint="name an empty one")


def claim(store: Store, party: str) -> None:
    """A database has no home around it: it says itself whose store it is. Clash if it is another nation's."""

    def job(tx: Transaction) -> None:
        if tx.memos.get(OWNER) is None:
            tx.memos.put(OWNER, party)

    with store.read() as tx:
        owner = tx.memos.get(OWNER)
    if owner is None:
        store.write(job).result()
    elif owner != party:
        raise Clash("store-party", f"this database is the store of {owner}", hint="name another database in [store]")


def store_secret(keys: Keyed) -> bytes:
    """What the record keys of a home's store are wrapped under. It never changes, though signing keys do."""
    return keys.mac(b"mithaq record keys 1")


def transport_of(home: Home, config: Config, partners: list[Partner]) -> Transport:
    """How this node reaches its partners: through its gate if it has one, else by itself."""
    if config.gate is None:
        return HttpsTransport(home.tls, partners)
    try:
        return GateTransport(config.gate.url, home.core_tls, home.gate_certificate.read_text())
    except OSError as problem:
        why = f"what the gate must show cannot be read: {problem.strerror}"
        raise NotFound("gate", why, where=str(home.gate), hint="mithaq gate use URL") from None


def load_keys(home: Home, at: datetime | None = None) -> KeyFile:
    """The keys of a home, unlocked as ``config.unlock_secret`` says. They sign with the pair whose time it is."""
    keys = KeyFile.load(home.keys, unlock_secret(home))
    known = read_identity(home.card.read_bytes())
    if known.root is not None:
        with suppress(Unavailable):  # all are over: the node starts, says so, and takes up a new manifest
            keys.use(known.ring.signing_now(at or SystemClock().now()).keys)
    return keys


def write_card(home: Home, config: Config, known: Identity) -> None:
    """Keep the card of a nation with its newest manifest: our own, or a partner's."""
    path = home.card if known.party == config.party else home.partner(known.party)
    write_private(path, canonical.encode(root_card(known)))


def _put_removed_right(store: Store, home: Home, party: str, at: datetime) -> None:
    """Remove again whom a store that was set back does not know to be removed."""
    if home.removed.exists():
        known = canonical.read(home.removed.read_bytes(), dict[PartyId, str])
        with store.read() as tx:
            missing = set(known) - set(pause.removed(tx))
        if missing:
            store.write(lambda tx: pause.put_right(tx, party, known, at)).result()


def _notice_restore(store: Store, watermark: Watermark, party: str, partners: list[Partner]) -> None:
    """If the store is older than it was, nothing is numbered for a partner before it told how far we had come."""

    def job(tx: Transaction) -> None:
        for partner in partners:
            recover.unsure(tx, partner.party, "the store is older than it was")
            witnessing.unsure(tx, epochs.current(tx, partner.party, party))

    with store.read() as tx:
        last = tx.journal.last()
    if watermark.position > last:
        store.write(job).result()
        watermark.note(last)


def read_partners(home: Home, config: Config, *, at: datetime | None = None) -> list[Partner]:
    """The partners of a home; Untrusted if a card is not the one whose fingerprint is pinned."""
    found = []
    for party, settings in sorted(config.partners.items()):
        try:
            data = home.partner(party).read_bytes()
        except FileNotFoundError:
            raise NotFound("card", f"no card of {party}", where=str(home.partner(party))) from None
        known = read_identity(data, settings.fingerprint, at=at)
        found.append(Partner(known.card, settings.url, known))
    return found


def read_laws(home: Home, own: Identity, partners: list[Partner]) -> Rulebook:
    """The law of a home: floor, own law, and every agreement that all its parties have signed, each proved."""
    vocabulary = read_vocabulary(home)
    floor = read_law(home.law / "floor.json", vocabulary)
    laws = [read_law(path, vocabulary) for path in sorted(home.law.glob("law-*.json"))]
    known = {own.party: own.ring.receipt(), **{each.party: each.ring.receipt() for each in partners}}
    agreements = [read_law(path, vocabulary) for path in sorted(home.agreements.glob("*.json"))]
    for law in (floor, *laws, *agreements):
        ensure_proved(home, law, floor, vocabulary)
    return rulebook(vocabulary, [law for law in agreements if _signed(home, law, known)], laws, floor)


def adopt_files(home: Home, signer: Signer, at: datetime) -> Adoption:
    """Adopt what is in the home's law folder: words, kinds, floor, and the gazetteer if there is one."""
    config = read_config(home)
    if not home.kinds.exists():
        kinds = kinds_of(kind for each in load_all(config.capabilities) for kind in each.kinds)
        write_private(home.kinds, canonical.encode(kinds))
    made = Adoption(party=config.party, adopts=_rests_on(home), at=at)
    write_private(home.adopted, sign("adoption", made, signer))
    return made


def read_adoption(home: Home) -> RestsOn:
    """What this nation has adopted by its signed statement; Untrusted if the files are others than it says.

    A home of before there were such statements goes by the files that it has.
    """
    here = _rests_on(home)
    if not home.adopted.exists():
        return here
    own = read_identity(home.card.read_bytes())
    try:
        signed = verified_any("adoption", home.adopted.read_bytes(), Adoption, own.ring.receipt())
    except MithaqError as problem:
        raise problem.at(str(home.adopted)) from None
    if (signed.party, signed.adopts) != (own.party, here):
        raise Untrusted(
            "adopted", "the vocabulary, kinds, floor or gazetteer is not the one that was adopted",
            where=str(home.law), hint="put the adopted file back, or adopt this one: mithaq law adopt-words",
        )  # fmt: skip
    return here


def _rests_on(home: Home) -> RestsOn:
    vocabulary = read_vocabulary(home)
    kinds = canonical.digest_of({})
    if home.kinds.exists():
        kinds = canonical.read(home.kinds.read_bytes(), Kinds).digest
    gazetteer = home.law / "gazetteer.json"
    return RestsOn(
        vocabulary=vocabulary.digest,
        floor=read_law(home.law / "floor.json", vocabulary).digest,
        kinds=kinds,
        gazetteer=digest(gazetteer.read_bytes()) if gazetteer.exists() else None,
    )


def read_vocabulary(home: Home) -> Vocabulary:
    """The vocabulary that this home has adopted."""
    try:
        return load_vocabulary((home.law / "vocabulary.json").read_bytes())
    except FileNotFoundError:
        raise NotFound("vocabulary", "no vocabulary", where=str(home.law), hint="run mithaq node init") from None


def read_law(path: Path, vocabulary: Vocabulary) -> Law:
    """The law in a file; errors name the file."""
    try:
        return load_law(path.read_bytes(), vocabulary)
    except FileNotFoundError:
        raise NotFound("law", "no such law", where=str(path)) from None
    except MithaqError as problem:
        raise problem.at(str(path)) from None


def read_proved(home: Home, path: Path) -> Law:
    """The law in a file, which keeps to the floor of this home; Invalid, with an example, if it does not."""
    vocabulary = read_vocabulary(home)
    law = read_law(path, vocabulary)
    try:
        ensure_proved(home, law, read_law(home.law / "floor.json", vocabulary), vocabulary)
    except MithaqError as problem:
        raise problem.at(str(path)) from None
    return law


def ensure_proved(home: Home, law: Law, floor: Law, vocabulary: Vocabulary) -> None:
    """Prove that the law keeps to the floor, unless this home keeps the proof already. Invalid if it does not."""
    kept = home.proofs / f"{proof_of(law, floor, vocabulary).digest.removeprefix('sha256:')}.json"
    if not kept.exists():
        proof = prove(law, floor, vocabulary)
        home.proofs.mkdir(mode=0o700, exist_ok=True)
        write_private(kept, canonical.encode(proof))


def signature_file(home: Home, law: Law, party: str) -> Path:
    """Where a party's detached signature of an agreement is kept."""
    return home.agreements / f"{law.id}.{law.version}.{party}.sig"


def signature(law: Law, party: str, signer: Signer, at: datetime) -> bytes:
    """The detached signature by which a party signs exactly this text."""
    return sign("statement", Statement(says="sign", subject=law.digest, title=law.title, party=party, at=at), signer)


def _signed(home: Home, law: Law, known: dict[str, tuple[VerifyKeys, ...]]) -> bool:
    """Whether every party has signed exactly this text. A signature that does not hold is an error, not a *no*."""
    files = [signature_file(home, law, party) for party in law.parties]
    if not all(path.exists() for path in files) or not set(law.parties) <= known.keys():
        return False
    return signatories(law.digest, [path.read_bytes() for path in files], known) >= set(law.parties)
