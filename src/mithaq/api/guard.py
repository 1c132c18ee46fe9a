"""Who calls: known by a bearer token before anything is read, done or told.

The token of the home is whoever holds its files; any other is of a session or a program and is looked up by the door.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from mithaq.api.body import is_json
from mithaq.api.problems import problem, unknown
from mithaq.errors import Malformed, MithaqError, NotAllowed
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.door import Door
from mithaq.kernel.people.session import holder

MAX_TOKEN = 512
Endpoint = Callable[[Request], Awaitable[Response]]
Known = Callable[[Request, Actor], Awaitable[Response]]
SLOW = 2  # sign-ins at once: each hashes a password, which is meant to take long


class Guard:
    """Lets in whom it knows. One for each node that is served."""

    def __init__(self, node: Node, token: str) -> None:
        self._node = node
        self._home = token.encode()
        self.slowly = CapacityLimiter(SLOW)

    @property
    def door(self) -> Door:
        """Where officers and programs become known."""
        door: Door = self._node.door
        return door

    def is_home(self, token: str) -> bool:
        """Whether it is the token of the home."""
        return hmac.compare_digest(token.encode(), self._home)

    def known(self, token: str) -> Actor:
        """Whose token it is; NotAllowed if nobody's. It may wait for the store."""
        if self.is_home(token):
            return HOME
        return self.door.known(_plausible(token))

    def still_known(self, token: str) -> Actor:
        """As ``known``, but asked by nobody: it does not count as use, so a session that only listens ends in time."""
        if self.is_home(token):
            return HOME
        with self._node.store.read() as tx:
            return holder(tx, _plausible(token), self._node.clock.now())[0]

    def __call__(self, run: Known) -> Endpoint:
        """An endpoint for those who are known. The others learn nothing, not even whether their call made sense."""

        async def endpoint(request: Request) -> Response:
            token = token_of(request)
            try:
                actor = HOME if self.is_home(token) else await to_thread.run_sync(self.known, token)
            except NotAllowed as error:
                return unknown(error, request)
            return await run(request, actor)

        return answered(endpoint)


def answered(run: Endpoint) -> Endpoint:
    """An endpoint whose errors are told as problem documents."""

    async def endpoint(request: Request) -> Response:
        try:
            if not is_json(request):
                error = Malformed("content-type", "the body is to be JSON", hint="send content-type: application/json")
                return problem(error, request, 415)
            return await run(request)
        except MithaqError as error:
            return problem(error, request)

    return endpoint


def _plausible(token: str) -> str:
    if not token or len(token) > MAX_TOKEN or not token.isascii():
        raise NotAllowed("token", "this token is not known here", hint="sign in, or use a program's token")
    return token


def token_of(request: Request) -> str:
    """The bearer token (RFC 6750) of a request, empty if there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""
