"""The core's way out: every connection is opened by the core, to its own gate, over TLS 1.3 with both ends pinned.

``deliver`` is the Transport port: the gate carries a sealed delivery to a partner and brings back the sealed reply.
``turn`` is the other way: the core asks for what partners have brought, and answers what it was given before. So the
gate never calls inward, and a firewall may forbid every connection towards the core.

What the gate says is believed no more than what a partner's line says: it can delay and drop, nothing else.
"""

from __future__ import annotations

import threading
from pathlib import Path

import httpx2
from msgspec import Struct

from mithaq.adapters.transport.certificate import client_context
from mithaq.adapters.transport.https import ANSWERED, MEDIA_TYPE, limited
from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel.seal import MAX_SEALED

TURN = "/core/1/turn"
OUT = "/core/1/out/{}"
NUMBER, STATUS = "mithaq-number", "mithaq-status"  # headers: which delivery, and what its answer comes to
WAIT = 20.0  # seconds that the gate holds a turn while nothing has come
_OUTWARD = httpx2.Timeout(50.0, connect=5.0)  # the gate waits 30 seconds for a partner, and 5 to reach it
_TURNS = httpx2.Timeout(WAIT + 15.0, connect=5.0)


class Given(Struct, frozen=True):
    """A partner's sealed delivery, and the number under which the gate wants its answer."""

    number: str
    sealed: bytes


class Reply(Struct, frozen=True):
    """The answer to a delivery: a sealed receipt with its HTTP status, or a status alone."""

    number: str
    status: int
    sealed: bytes = b""


class GateTransport:
    """Calls one gate. ``deliver`` from any thread; ``turn`` from one event loop, which ends with ``leave``."""

    def __init__(self, url: str, own: Path, certificate: str) -> None:
        self._url = url
        self._context = client_context(own, certificate)
        self._client = httpx2.Client(
            base_url=url, verify=self._context, timeout=_OUTWARD, trust_env=False, follow_redirects=False
        )
        self._turning: httpx2.AsyncClient | None = None
        self._lock = threading.Lock()
        self._said = "not asked yet"

    def gate(self) -> str:
        """``up``, or why the gate was not reached when it was last called."""
        return self._said

    def deliver(self, partner: str, sealed: bytes) -> bytes:
        try:
            with self._client.stream(
                "POST", OUT.format(partner), content=sealed, headers={"content-type": MEDIA_TYPE}
            ) as response:
                answer = limited(response)
        except httpx2.HTTPError as problem:
            raise self._away(problem) from None
        self._reached()
        if response.status_code in ANSWERED:
            return answer
        if response.status_code == 403:
            raise NotAllowed("turned-away", f"{partner} does not take this delivery")
        if response.status_code == 404:
            raise Unavailable("gate", f"the gate does not know {partner}", hint="mithaq gate export, then gate renew")
        raise Unavailable("unreachable", f"{partner} is not reached from the gate (HTTP {response.status_code})")

    async def turn(self, reply: Reply | None) -> Given | None:
        """Answer what was given before, and wait for the next delivery; None if none came for a while.

        Unavailable if the gate is not reached: the reply may be lost, and the partner will bring the same again.
        """
        headers = {"content-type": MEDIA_TYPE}
        if reply is not None:
            headers |= {NUMBER: reply.number, STATUS: str(reply.status)}
        try:
            async with self._turns().stream(
                "POST", TURN, content=reply.sealed if reply else b"", headers=headers
            ) as response:
                body = await _read(response)
        except httpx2.HTTPError as problem:
            raise self._away(problem) from None
        number = response.headers.get(NUMBER, "")
        if response.status_code == 204:
            self._reached()
            return None
        if response.status_code != 200 or not number:
            raise self._away(f"HTTP {response.status_code}")
        self._reached()
        return Given(number, body)

    async def leave(self) -> None:
        """End the turns; safe to call twice."""
        turning, self._turning = self._turning, None
        if turning is not None:
            await turning.aclose()

    def close(self) -> None:
        self._client.close()

    def _turns(self) -> httpx2.AsyncClient:
        if self._turning is None:
            self._turning = httpx2.AsyncClient(
                base_url=self._url, verify=self._context, timeout=_TURNS, trust_env=False, follow_redirects=False,
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=60.0),
            )  # fmt: skip
        return self._turning

    def _reached(self) -> None:
        with self._lock:
            self._said = "up"

    def _away(self, problem: Exception | str) -> Unavailable:
        reason = str(problem) or type(problem).__name__
        with self._lock:
            self._said = f"not reached: {reason}"
        return Unavailable("gate", f"our gate is not reached: {reason}", hint="mithaq gate status, in the gate's home")


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_SEALED:
            raise httpx2.DecodingError(f"an answer of more than {MAX_SEALED} bytes")
    return bytes(body)
