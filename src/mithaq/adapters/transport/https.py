"""Transport over HTTPS: one POST per delivery, TLS 1.3, both certificates pinned. Identity is the signature inside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import httpx2

from mithaq.adapters.transport.certificate import client_context
from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel.party import Partner
from mithaq.kernel.seal import MAX_SEALED

PATH = "/link/1/deliveries"
MEDIA_TYPE = "application/vnd.mithaq.sealed"
TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
ANSWERED = (200, 409, 422, 423)  # settled, gap, conflict, paused: each with a signed receipt


class HttpsTransport:
    """Keeps one connection open to each partner."""

    def __init__(self, own: Path, partners: Iterable[Partner]) -> None:
        self._clients = {
            partner.party: httpx2.Client(
                base_url=partner.url,
                verify=client_context(own, partner.card.certificate),
                timeout=TIMEOUT,
                trust_env=False,
                follow_redirects=False,
            )
            for partner in partners
        }

    def deliver(self, partner: str, sealed: bytes) -> bytes:
        client = self._clients[partner]
        try:
            with client.stream("POST", PATH, content=sealed, headers={"content-type": MEDIA_TYPE}) as response:
                answer = limited(response)
        except httpx2.HTTPError as problem:
            reason = str(problem) or type(problem).__name__
            raise Unavailable("unreachable", f"{partner} is not reached: {reason}") from None
        if response.status_code in ANSWERED:
            return answer
        if response.status_code in (400, 403, 413):
            raise NotAllowed("turned-away", f"{partner} does not take this delivery (HTTP {response.status_code})")
        raise Unavailable("unreachable", f"{partner} answered HTTP {response.status_code}")

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


def limited(response: httpx2.Response) -> bytes:
    """The body of an answer; Unavailable if it is longer than any sealed receipt."""
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > MAX_SEALED:
            raise Unavailable("unreachable", f"an answer of more than {MAX_SEALED} bytes")
        parts.append(part)
    return b"".join(parts)
