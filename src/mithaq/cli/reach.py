"""Reaching a node: in this process if nobody holds its home, else through the node that serves it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec

from mithaq.cli.common import log_to_stderr
from mithaq.config import Home
from mithaq.errors import (
    BadInput,
    Clash,
    Invalid,
    Malformed,
    MithaqError,
    NotAllowed,
    NotFound,
    Unavailable,
    Untrusted,
)

PATIENCE = 30.0  # seconds that a command waits for another to leave the home
_KINDS: dict[str, type[MithaqError]] = {
    kind.__name__: kind for kind in (BadInput, Malformed, Invalid, NotAllowed, NotFound, Clash, Unavailable, Untrusted)
}


class Reached(Protocol):
    """A node that can be told and asked, wherever it runs. Answers are plain JSON data."""

    def do(self, name: str, given: dict[str, Any]) -> Any: ...

    def ask(self, name: str, given: dict[str, Any]) -> Any: ...

    def carry(self, name: str, given: dict[str, Any]) -> Any: ...


@contextmanager
def reach(home: Home) -> Iterator[Reached]:
    """The node of this home. NotFound if there is none; Unavailable if it is busy for too long."""
    from mithaq.config import locked

    if not home.settings.exists():
        raise NotFound("home", "no node here", where=str(home.path), hint="run mithaq node init, or name a --home")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with locked(home):
                yield from _here(home)
                return
        except Unavailable as problem:
            if problem.code != "locked" or time.monotonic() > deadline:
                raise
        serving = _serving(home)
        if serving is not None:
            yield from _there(serving, home.token.read_text())
            return
        time.sleep(0.02)  # another command is in the home: it leaves by itself, and nothing tells us when


def _here(home: Home) -> Iterator[Reached]:
    from mithaq.assembly import open_home

    log_to_stderr()
    node = open_home(home)
    try:
        yield _Here(node)
    finally:
        node.close()


def _there(url: str, token: str) -> Iterator[Reached]:
    import httpx2

    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as client:
        yield _Serving(client, httpx2.HTTPError)


class _Here:
    def __init__(self, node: Any) -> None:
        from mithaq.kernel.people.actor import HOME

        self._node, self._who = node, HOME

    def do(self, name: str, given: dict[str, Any]) -> Any:
        return _plain(self._node.do(name, given, who=self._who).result())

    def ask(self, name: str, given: dict[str, Any]) -> Any:
        return _plain(self._node.ask(name, given, who=self._who))

    def carry(self, name: str, given: dict[str, Any]) -> Any:
        from mithaq.kernel.link.by_hand import by_hand

        return _plain(by_hand(self._node, name, _plain(given), who=self._who))


class _Serving:
    def __init__(self, client: Any, failed: type[Exception]) -> None:
        self._client = client
        self._failed = failed

    def do(self, name: str, given: dict[str, Any]) -> Any:
        try:
            response = self._client.post("/v1/" + name.replace(".", "/"), content=msgspec.json.encode(given))
        except self._failed as problem:
            raise Unavailable("node", f"the serving node does not answer: {problem}") from None
        if response.is_success:
            return response.json()
        told = response.json() if response.headers.get("content-type", "").startswith("application/problem") else {}
        kind = _KINDS.get(told.get("title", ""), NotAllowed if response.status_code == 401 else Unavailable)
        message = told.get("detail") or f"the node answered HTTP {response.status_code}"
        raise kind(told.get("code", "node"), message, where=told.get("where", ""), hint=told.get("hint", ""))

    ask = carry = do


def _serving(home: Home) -> str | None:
    """The inside address of the node that serves this home, as it told."""
    try:
        return str(json.loads(home.serving.read_bytes())["inside"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
