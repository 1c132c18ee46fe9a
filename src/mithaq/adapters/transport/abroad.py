"""The gate's way to partners: as ``https``, but without nodes, cards or keys, and many at once in one thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx2

from mithaq.adapters.transport.certificate import client_context
from mithaq.adapters.transport.https import ANSWERED, MEDIA_TYPE, PATH, TIMEOUT
from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel.seal import MAX_SEALED


class Abroad:
    """One connection or more to each partner: its url and the certificate that it must show."""

    def __init__(self, own: Path, partners: Mapping[str, tuple[str, str]]) -> None:
        self._clients = {
            party: httpx2.AsyncClient(
                base_url=url, verify=client_context(own, certificate), timeout=TIMEOUT, trust_env=False,
                follow_redirects=False,
            )
            for party, (url, certificate) in partners.items()
        }  # fmt: skip

    async def carry(self, party: str, sealed: bytes) -> tuple[int, bytes]:
        """(HTTP status, sealed receipt) of a partner that answered.

        Unavailable: not reached, or not now. NotAllowed: it does not take this.
        """
        try:
            async with self._clients[party].stream(
                "POST", PATH, content=sealed, headers={"content-type": MEDIA_TYPE}
            ) as response:
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_SEALED:
                        raise Unavailable("too-large", f"{party} answers with more than {MAX_SEALED} bytes")
        except httpx2.HTTPError as problem:
            raise Unavailable("unreachable", f"{party} is not reached: {type(problem).__name__}") from None
        if response.status_code in ANSWERED:
            return response.status_code, bytes(body)
        if response.status_code in (400, 403, 413):
            raise NotAllowed("turned-away", f"{party} does not take this delivery")
        raise Unavailable("not-now", f"{party} answered HTTP {response.status_code}")

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
