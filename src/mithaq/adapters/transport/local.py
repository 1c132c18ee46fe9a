"""Transport inside one process: a delivery is a call of the partner's node. For tests, rehearsals and simulations."""

from __future__ import annotations

from collections.abc import Callable

from mithaq.errors import BadInput, NotAllowed, Unavailable, Untrusted
from mithaq.kernel.link.inbound import Answer


class LocalTransport:
    """Knows the ``receive`` of every node that joined. What a partner does not trust is NotAllowed, as over a wire."""

    def __init__(self) -> None:
        self._receivers: dict[str, Callable[[bytes], Answer]] = {}

    def join(self, party: str, receive: Callable[[bytes], Answer]) -> None:
        self._receivers[party] = receive

    def leave(self, party: str) -> None:
        self._receivers.pop(party, None)

    def deliver(self, partner: str, sealed: bytes) -> bytes:
        receive = self._receivers.get(partner)
        if receive is None:
            raise Unavailable("unreachable", f"{partner} is not reached", hint="it is tried again by itself")
        try:
            return receive(sealed).sealed
        except (BadInput, Untrusted):
            raise NotAllowed("turned-away", f"{partner} does not take this delivery") from None

    def close(self) -> None:
        """Nothing is held: the partners' nodes are not ours to close."""
