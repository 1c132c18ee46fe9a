"""A witness of its own: it takes submissions, and keeps as evidence what contradicts what it cosigned before."""

from __future__ import annotations

import hashlib

from mithaq.errors import MithaqError
from mithaq.kernel.clock import Clock
from mithaq.kernel.link import evidence
from mithaq.kernel.link.evidence import Keep
from mithaq.kernel.witness.answer import Reply, State, add_checkpoint, read_request
from mithaq.kernel.witness.cosignature import Cosigner


class Service:
    """Thread-safe: its state is."""

    def __init__(self, state: State, cosigner: Cosigner, clock: Clock, keep: Keep) -> None:
        self._state, self._cosigner, self._clock, self._keep = state, cosigner, clock, keep
        self._hashes: dict[str, str] = {}

    def add(self, body: bytes) -> Reply:
        """The answer to ``add-checkpoint``. What is cosigned is durable before it returns."""
        at = self._clock.now()
        reply = add_checkpoint(body, self._state, self._cosigner, int(at.timestamp()))
        if reply.against:
            self._keep_contradiction(body, reply)
        return reply

    def checkpoint(self, origin: str) -> str:
        """The newest cosigned checkpoint of the log with this origin hash; empty if there is none."""
        for known in self._state.origins():
            if hashlib.sha256(known.encode()).hexdigest() == origin:
                return self._state.newest(known).note
        return ""

    def _keep_contradiction(self, body: bytes, reply: Reply) -> None:
        """Both notes. Two roots for one size prove a split view; where sizes differ, both logs are needed to tell."""
        try:
            request = read_request(body)
        except MithaqError:
            return
        origin = request.checkpoint.origin
        same = reply.against.split("\n")[1] == str(request.checkpoint.size)
        code = "equivocation" if same else "inconsistent"
        what = f"{origin}: {'two roots for one size' if same else 'no proof joins it to what was cosigned'}"
        party = origin.split("/")[1] if origin.startswith("mithaq/") else ""
        kept = evidence.signed(self._clock.now(), party, code, what, request.text.encode(), (reply.against,))
        self._keep(kept)
