"""Our own keys as they change: a new manifest of our root is taken up, and each key is used when its time comes.

Everything happens in one transaction: the manifest is kept, every head is signed anew with the key that signs from now
on, and the manifest is numbered for every partner. Only when that is durable is the new manifest shown. So what is
shown under a manifest is never signed with a key that it has given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from mithaq.errors import Clash, Invalid, MithaqError, NotAllowed, Unavailable
from mithaq.kernel.keys import VerifyKeys
from mithaq.kernel.link import epochs, manifests, recover
from mithaq.kernel.link.ends import Ends
from mithaq.kernel.link.log.checkpoint import is_signed_with
from mithaq.kernel.link.message import MAX_CONTENT
from mithaq.kernel.link.sequence import number, sign_head
from mithaq.kernel.party import Identity, renewed
from mithaq.kernel.ports import Transaction


class Rotation:
    """Of one node. Thread-safe. Without a root there is nothing to change, and it does nothing."""

    def __init__(self, ends: Ends, *, randomness: Callable[[int], bytes], touched: set[str], unsure: set[str]) -> None:
        self._ends = ends
        self._randomness = randomness
        self._touched = touched  # links whose heads are to be signed at the end of the commit
        self._unsure = unsure  # partners for whom nothing may be numbered yet
        self._coming: Identity | None = None  # what we are known by once the present commit is durable
        self._pair: VerifyKeys | None = None  # the pair that signs
        self._seen = ends.rings.own.manifest  # whose pair it is
        self._lacking: VerifyKeys | None = None  # a pair whose time has come, and that is not in the key store

    def sign_head(self, tx: Transaction, link: str) -> None:
        """Sign the log of one of our links as it stands."""
        own = self._coming or self._ends.rings.own
        sign_head(tx, link, self._ends.keys, *own.ring.receipt())

    def install(self, manifest: str, revocations: Sequence[str] = ()) -> Identity:
        """Take up a new manifest of our root, and what it says of lost keys. Durable when it returns.

        Untrusted if the root did not sign it; Clash if it is no news; NotFound if we do not hold the key it asks for.
        """
        ends, at = self._ends, self._ends.clock.now()
        with ends.rings.changing:
            own = ends.rings.own
            if own.root is None:
                raise NotAllowed("root", "this node has no root: its keys are for ever", hint="see mithaq keys root")
            new = renewed(own, manifest, revocations, at=at)
            if new is own:
                raise Clash("manifest", f"manifest {own.serial} is held already, and this is no newer one")
            if any(len(text) > MAX_CONTENT // 2 for text in (manifest, *revocations)):
                raise Invalid("manifest", "it is too large to be sent to partners", hint="leave out old officials")
            self._write(lambda tx: self._change(tx, own, new, at))
            ends.rings.renew(own.party, at)
            self._coming = None
        for line in ends.lines.values():
            line.knows, line.speaks = 0, 3
        ends.tell()
        return ends.rings.own

    def turn(self) -> None:
        """Sign with the key whose time has come, if another has signed until now."""
        ends, at = self._ends, self._ends.clock.now()
        if ends.rings.own.root is None:
            return
        with ends.rings.changing:
            try:
                pair = ends.rings.own.ring.signing_now(at).keys
            except Unavailable:
                return  # partners turn away what we sign now; link.status says why
            if pair in (self._pair, self._lacking):
                return
            try:
                self._write(lambda tx: self._sign_with(tx, pair))
            except MithaqError:
                self._lacking = pair
                ends.metrics.count("keys_lacking")
            else:
                ends.rings.renew(ends.party, at)

    def follow(self) -> None:
        """If another process has taken up keys of ours, sign with the pair that it signs with. In a transaction.

        NotFound, and so the commit fails, if this process does not hold it: it must not sign with one given up.
        """
        own = self._ends.rings.own
        if own.manifest == self._seen:
            return
        try:
            pair = own.ring.signing_now(self._ends.clock.now()).keys
        except Unavailable:
            return  # as in ``turn``
        if pair != self._pair:
            self._ends.keys.use(pair)
            self._pair = pair
        self._seen = own.manifest

    def number_owed(self, tx: Transaction, party: str, at: datetime) -> None:
        """Number for a partner what could not be numbered before it had told how far we had come."""
        if manifests.is_owed(tx, party):
            manifests.owe(tx, party, False)
            own = self._ends.rings.own
            self._number(tx, party, [own.manifest], own.revocations, at)

    def _write(self, job: Callable[[Transaction], None]) -> None:
        """Do this durably, or go on signing as before."""
        before = self._pair
        try:
            self._ends.store.write(job).result()
        except BaseException:
            self._coming, self._pair = None, None  # what others signed meanwhile is looked through at the next turn
            if before is not None:
                self._ends.keys.use(before)
            raise

    def _change(self, tx: Transaction, own: Identity, new: Identity, at: datetime) -> None:
        manifest = [new.manifest] if new.manifest != own.manifest else []
        revocations = [each for each in new.revocations if each not in own.revocations]
        manifests.file(tx, own, new.manifest, revocations, at)
        self._coming = new
        self._sign_with(tx, new.ring.signing_now(at).keys)
        for party in sorted(self._ends.rings.partners):
            if party in self._unsure or recover.is_unsure(tx, party):
                manifests.owe(tx, party)
            else:
                self._number(tx, party, manifest, revocations, at)

    def _sign_with(self, tx: Transaction, pair: VerifyKeys) -> None:
        """From now on, and every head anew that was signed with another pair."""
        self._ends.keys.use(pair)
        self._pair = pair
        for party in sorted(self._ends.rings.partners):
            link = epochs.current(tx, self._ends.party, party)
            note = tx.links.checkpoint(link)
            if note is not None and not is_signed_with(note, pair):
                self.sign_head(tx, link)

    def _number(
        self, tx: Transaction, party: str, manifest: Iterable[str], revocations: Iterable[str], at: datetime
    ) -> None:
        link = epochs.current(tx, self._ends.party, party)
        bodies = [{"manifest": text} for text in manifest]
        bodies += [{"revocation": text} for text in revocations if manifests.link_of(text) == link]
        for body in bodies:
            number(
                tx,
                sender=self._ends.party,
                receiver=party,
                what="statement",
                body=body,
                subject=f"keys/{self._ends.party}",
                exercise=False,
                at=at,
                randomness=self._randomness,
                lane="flash",
            )
            self._touched.add(link)
