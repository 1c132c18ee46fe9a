"""Who calls: known by a bearer token before anything is read, done or told.

The token of the home is whoever holds its files; any other is of a session or a program and is looked up by the door.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from mithaq.api.body import is_json
from mithaq.api.problems import problem, unknown
from mithaq.errors import Invalid, Malformed, MithaqError, NotAllowed
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.door import Door
from mithaq.kernel.people.session import holder

MIN_HOME, MAX_TOKEN = 32, 512  # characters of the home's token at least, of any token at most
Endpoint = Callable[[Request], Awaitable[Response]]
Known = Callable[[Request, Actor], Awaitable[Response]]


class Guard:
    """Lets in whom it knows. One for each node that is served; Invalid if the home's token could be guessed."""

    def __init__(self, node: Node, token: str) -> None:
        if len(token) < MIN_HOME:
            hint = "put 64 random hexadecimal digits into the file token of the home: openssl rand -hex 32"
            raise Invalid("token", f"the home's token is shorter than {MIN_HOME} characters", hint=hint)
        self._node = node
        self._home = token.encode()

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


def answered(run: Endpoint, *, open_: bool = False) -> Endpoint:
    """An endpoint whose errors are told as problem documents.

    One that is ``open_`` to callers without a token takes no body that a foreign page could send without asking first.
    """

    async def endpoint(request: Request) -> Response:
        try:
            if open_ and not is_json(request):
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
