"""Witnesses outside, over HTTP(S) (C2SP tlog-witness). Nothing secret is sent: answers are signed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping

import httpx2

from mithaq.errors import Unavailable
from mithaq.kernel.witness.answer import MAX_REQUEST, Reply
from mithaq.kernel.witness.port import Told
from mithaq.kernel.witness.service import Service

TIMEOUT = httpx2.Timeout(10.0, connect=5.0)


class HttpsWitnesses:
    """One connection to each, kept open. ``urls`` are their submission prefixes, which serve monitors as well."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._clients = {
            name: httpx2.Client(base_url=url, timeout=TIMEOUT, trust_env=False, follow_redirects=False)
            for name, url in urls.items()
        }

    @property
    def names(self) -> Collection[str]:
        return self._clients.keys()

    def add_checkpoint(self, name: str, body: bytes) -> Told:
        headers = {"content-type": "text/plain; charset=utf-8"}
        return self._asked(
            name, lambda client: client.build_request("POST", "add-checkpoint", content=body, headers=headers)
        )

    def newest(self, name: str, origin: str) -> str:
        path = f"{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
        told = self._asked(name, lambda client: client.build_request("GET", path))
        if told.status not in (200, 404):
            raise Unavailable("witness", f"{name} answered HTTP {told.status}")
        return told.body if told.status == 200 else ""

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _asked(self, name: str, build: Callable[[httpx2.Client], httpx2.Request]) -> Told:
        client = self._clients[name]
        try:
            response = client.send(build(client), stream=True)
            try:
                data = bytearray()
                for part in response.iter_bytes():
                    data += part
                    if len(data) > MAX_REQUEST:
                        raise Unavailable("witness", f"{name} answers with more than {MAX_REQUEST} bytes")
                return Told(response.status_code, data.decode())
            finally:
                response.close()
        except (httpx2.HTTPError, UnicodeDecodeError) as problem:
            raise Unavailable("witness", f"{name} is not reached: {problem or type(problem).__name__}") from None


class LocalWitnesses:
    """Witnesses in this process: for tests, rehearsals and simulations."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = dict(services)

    @property
    def names(self) -> Collection[str]:
        return self._services.keys()

    def add_checkpoint(self, name: str, body: bytes) -> Told:
        reply: Reply = self._services[name].add(body)
        return Told(reply.status, reply.body)

    def newest(self, name: str, origin: str) -> str:
        return self._services[name].checkpoint(hashlib.sha256(origin.encode()).hexdigest())

    def close(self) -> None:
        """Nothing is held."""
