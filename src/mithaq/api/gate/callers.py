"""Who is on the other end of a connection: known by the certificate that TLS has pinned, before a byte is read.

A caller that says nothing, or says it slowly, is cut off; and one nation has so many connections and no more.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections import Counter
from collections.abc import Mapping

from uvicorn.protocols.http.h11_impl import H11Protocol

HURRY = 20.0  # seconds to say a whole request line and its headers
CONNECTIONS = 16  # at once, for each nation


def fingerprint_of(certificate: str) -> str:
    """The SHA-256 of a PEM certificate's DER bytes."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def callers(known: Mapping[str, str]) -> type[H11Protocol]:
    """A protocol that puts the name of the caller into ``request.state.caller``; ``known``: by fingerprint."""
    connected: Counter[str] = Counter()

    class Caller(H11Protocol):
        _name = ""
        _hurry: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            secured = transport.get_extra_info("ssl_object")
            shown = secured.getpeercert(binary_form=True) if secured is not None else b""
            self._name = known.get(hashlib.sha256(shown or b"").hexdigest(), "")
            self.app_state = {**self.app_state, "caller": self._name}
            connected[self._name] += 1
            if not self._name or connected[self._name] > CONNECTIONS:
                transport.abort()
                return
            self._hurry = self.loop.call_later(HURRY, transport.abort)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            under_way = self.cycle is not None and not self.cycle.response_complete
            if under_way and self._hurry is not None:
                self._hurry.cancel()
                self._hurry = None
            elif not under_way and self._hurry is None and not self.transport.is_closing():
                self._hurry = self.loop.call_later(HURRY, self.transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            connected[self._name] -= 1
            if self._hurry is not None:
                self._hurry.cancel()
            super().connection_lost(exc)

    return Caller
