"""Reaching a node: in this process if nobody holds its home, else through the node that serves it.

As the officer that was named (``--as``), by the session kept in the home; else as whoever holds the home.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import quote

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

_RENEW = "put 64 random hexadecimal digits into it: openssl rand -hex 32"
PATIENCE = 30.0  # seconds that a command waits for another to leave the home
_KINDS: dict[str, type[MithaqError]] = {
    kind.__name__: kind for kind in (BadInput, Malformed, Invalid, NotAllowed, NotFound, Clash, Unavailable, Untrusted)
}


class Reached(Protocol):
    """A node that can be told and asked, wherever it runs. Answers are plain JSON data.

    ``enter`` is for who is not known yet: ``session``, ``session/accept`` and ``session/confirm``. ``leave`` signs out.
    """

    def do(self, name: str, given: dict[str, Any], *, key: str = "", glass: str = "") -> Any: ...

    def ask(self, name: str, given: dict[str, Any]) -> Any: ...

    def carry(self, name: str, given: dict[str, Any]) -> Any: ...

    def enter(self, what: str, given: dict[str, str]) -> Any: ...

    def leave(self) -> None: ...


@contextmanager
def reach(home: Home) -> Iterator[Reached]:
    """The node of this home. NotFound if there is none; Unavailable if it is busy for too long."""
    from mithaq.config import locked, read_config

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
            yield from _there(serving, _token(home) or home_token(home))
            return
        if read_config(home).store is not None:  # workers only: we are one more process beside them
            with locked(home, shared=True):
                yield from _here(home)
            return
        time.sleep(0.02)  # another command is in the home: it leaves by itself, and nothing tells us when


def _here(home: Home) -> Iterator[Reached]:
    from mithaq.assembly import open_home

    log_to_stderr()
    node = open_home(home)
    try:
        yield _Here(node, _token(home))
    finally:
        node.close()


def _there(url: str, token: str) -> Iterator[Reached]:
    import httpx2

    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as client:
        yield _Serving(client, httpx2.HTTPError)


class _Here:
    def __init__(self, node: Any, token: str) -> None:
        self._node, self._token = node, token

    @property
    def _who(self) -> Any:
        from mithaq.kernel.people.actor import HOME

        return self._node.door.known(self._token) if self._token else HOME

    def do(self, name: str, given: dict[str, Any], *, key: str = "", glass: str = "") -> Any:
        return _plain(self._node.do(name, given, who=self._who, key=key, glass=glass).result())

    def ask(self, name: str, given: dict[str, Any]) -> Any:
        return _plain(self._node.ask(name, given, who=self._who))

    def carry(self, name: str, given: dict[str, Any]) -> Any:
        from mithaq.kernel.node_acts import NODE_ACTS

        return _plain(NODE_ACTS[name].do(self._node, _plain(given), who=self._who))

    def enter(self, what: str, given: dict[str, str]) -> Any:
        door = self._node.door
        return _plain(
            {"session": door.sign_in, "session/accept": door.accept, "session/confirm": door.confirm}[what](**given)
        )

    def leave(self) -> None:
        self._node.door.sign_out(self._token)


class _Serving:
    def __init__(self, client: Any, failed: type[Exception]) -> None:
        self._client = client
        self._failed = failed

    def do(self, name: str, given: dict[str, Any], *, key: str = "", glass: str = "") -> Any:
        headers = {"idempotency-key": key, "mithaq-break-glass": quote(glass)}
        sent = {header: value for header, value in headers.items() if value}
        return self._call("POST", name.replace(".", "/"), given, sent)

    ask = carry = do

    def enter(self, what: str, given: dict[str, str]) -> Any:
        return self._call("POST", what, given)

    def leave(self) -> None:
        self._call("DELETE", "session")

    def _call(self, method: str, path: str, given: Any = None, headers: dict[str, str] | None = None) -> Any:
        sent = {"content-type": "application/json", **(headers or {})}
        content = None if given is None else msgspec.json.encode(given)
        try:
            response = self._client.request(method, f"/v1/{path}", content=content, headers=sent)
        except self._failed as problem:
            raise Unavailable("node", f"the serving node does not answer: {problem}") from None
        if response.is_success:
            return response.json() if response.content else None
        told = response.json() if response.headers.get("content-type", "").startswith("application/problem") else {}
        kind = _KINDS.get(told.get("title", ""), NotAllowed if response.status_code == 401 else Unavailable)
        message = told.get("detail") or f"the node answered HTTP {response.status_code}"
        raise kind(told.get("code", "node"), message, where=told.get("where", ""), hint=told.get("hint", ""))


def _token(home: Home) -> str:
    """The session of the officer as whom the node is reached; nothing if that is whoever holds the home."""
    if not home.acting:
        return ""
    path, hint = home.session(home.acting), f"mithaq sign-in {home.acting.removeprefix('officer/')}"
    try:
        found = path.read_bytes().strip()
    except FileNotFoundError:
        raise NotAllowed("session", f"{home.acting} has not signed in here", hint=hint) from None
    except OSError as problem:
        why = f"the session cannot be read: {problem.strerror}"
        raise NotAllowed("session", why, where=str(path), hint=f"remove it, then {hint}") from None
    if not found or not found.isascii():  # an empty one must not become whoever holds the home
        raise NotAllowed("session", "this file holds no session", where=str(path), hint=f"remove it, then {hint}")
    return found.decode("ascii")


def home_token(home: Home) -> str:
    """The token of whoever holds the home. NotFound or Invalid, naming the file, if it cannot be used."""
    try:
        return home.token.read_bytes().decode("ascii").strip()
    except OSError as problem:
        why = f"the home's token cannot be read: {problem.strerror}"
        raise NotFound("token", why, where=str(home.token), hint=_RENEW) from None
    except UnicodeDecodeError:
        raise Invalid("token", "the home's token is not ASCII", where=str(home.token), hint=_RENEW) from None


def _serving(home: Home) -> str | None:
    """The inside address of the node that serves this home, as it told; of several processes one that is there."""
    for told in (home.serving, *sorted(home.path.glob("serving-*.json"))):
        try:
            found = json.loads(told.read_bytes())
            if told != home.serving:
                os.kill(int(found["pid"]), 0)
            return str(found["inside"])
        except PermissionError:
            return str(found["inside"])
        except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
            continue
    return None


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
