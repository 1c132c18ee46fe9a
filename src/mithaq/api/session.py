"""Signing in and out over HTTP: an officer's name, password and second factor become a token that holds for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from anyio import to_thread
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mithaq.api.body import read_json
from mithaq.api.doorstep import Doorstep
from mithaq.api.guard import Endpoint, Guard, Known, answered, token_of
from mithaq.api.operation import Operation
from mithaq.api.problems import too_many, unknown
from mithaq.api.routes import reply
from mithaq.errors import NotAllowed
from mithaq.kernel import canonical
from mithaq.kernel.node import Node
from mithaq.kernel.node_acts import NODE_ACTS
from mithaq.kernel.people import permit
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.door import Door, Enrolment
from mithaq.kernel.people.served import FIGURES, FOLLOW
from mithaq.kernel.people.session import SignedIn
from mithaq.kernel.values import Instant

T = TypeVar("T")
LIMIT = 16 * 1024  # bytes of a sign-in
Secret = Annotated[str, Meta(min_length=1, max_length=1024)]


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Name, password, and the code of the second factor."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Secret
    code: Annotated[str, Meta(min_length=1, max_length=64)]


class Accept(Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation, as it was handed over, and the password that its holder chooses."""

    invitation: Secret
    password: Secret


class Confirm(Struct, frozen=True, forbid_unknown_fields=True):
    """The invitation again, with the first code of the second factor: from now on the account is in use."""

    invitation: Secret
    code: Annotated[str, Meta(min_length=1, max_length=64)]


class Entered(Struct, frozen=True):
    """A session: its token, told this once, and until when it holds at most."""

    token: str
    until: Instant
    officer: str


class Enrolled(Struct, frozen=True):
    """The secret of the second factor as an otpauth address, told this once: into an authenticator, then confirm."""

    officer: str
    totp_uri: str


class Myself(Struct, frozen=True):
    """Who calls, as the node knows them now, and the names of all that they may do and ask."""

    id: str
    by: str
    roles: tuple[str, ...]
    agency: str | None
    authority: str | None
    permissions: tuple[str, ...]


OPERATIONS = (
    Operation(
        name="session.who", sort="other", method="GET", path="/v1/session", summary="who calls, and what they may",
        gives=Myself,
    ),
    Operation(
        name="session.open", sort="other", path="/v1/session", summary="sign in", takes=SignIn, gives=Entered,
        open=True, problems=(401, 429),
    ),
    Operation(
        name="session.end", sort="other", method="DELETE", path="/v1/session", summary="sign out", status=204,
    ),
    Operation(
        name="session.accept", sort="other", path="/v1/session/accept", summary="take up an invitation", takes=Accept,
        gives=Enrolled, open=True, problems=(401, 429),
    ),
    Operation(
        name="session.confirm", sort="other", path="/v1/session/confirm", takes=Confirm, gives=Entered, open=True,
        summary="confirm the second factor, and sign in for the first time", problems=(401, 429),
    ),
)  # fmt: skip


def session_routes(node: Node, guard: Guard, doorstep: Doorstep) -> list[Route]:
    """All verbs of one path are one route, so that a wrong one is told which are right."""
    enter = Entrance(guard, doorstep)
    by_method: dict[str, Endpoint] = {
        "GET": guard(_who(node)),
        "POST": enter.by(SignIn, lambda door, given: _entered(door.sign_in(given.name, given.password, given.code))),
        "DELETE": guard(_sign_out(guard)),
    }

    async def session(request: Request) -> Response:
        return await by_method["GET" if request.method == "HEAD" else request.method](request)

    accept = enter.by(Accept, lambda door, given: _enrolled(door.accept(given.invitation, given.password)))
    confirm = enter.by(Confirm, lambda door, given: _entered(door.confirm(given.invitation, given.code)))
    return [
        Route("/v1/session", session, methods=list(by_method)),
        Route("/v1/session/accept", accept, methods=["POST"]),
        Route("/v1/session/confirm", confirm, methods=["POST"]),
    ]


class Entrance:
    """Where those come who are not known yet: slowly, and not too often from one address."""

    def __init__(self, guard: Guard, doorstep: Doorstep) -> None:
        self._guard = guard
        self._tries, self._slowly = doorstep.tries, doorstep.slowly

    def by(self, takes: type[T], enter: Callable[[Door, T], object]) -> Endpoint:
        """An endpoint that gives the door what it takes. NotAllowed is 401 here: who calls is still not known."""

        async def run(request: Request) -> Response:
            caller = request.client.host if request.client else ""
            wait = self._tries.take(caller)
            if wait > 0:
                return too_many(request, wait, "too many tries to sign in from this address")
            given = canonical.fit(await read_json(request, LIMIT), takes)
            door = self._guard.door
            try:
                entered = await to_thread.run_sync(enter, door, given, limiter=self._slowly)
            except NotAllowed as error:
                return unknown(error, request)
            self._tries.give_back(caller)
            return reply(entered)

        return answered(run, open_=True)


def _who(node: Node) -> Known:
    everything: tuple[permit.Declared, ...] = (
        *node.commands.values(), *node.questions.values(), *NODE_ACTS.values(), FOLLOW, FIGURES
    )  # fmt: skip

    def myself(actor: Actor) -> Myself:
        with node.store.read() as tx:
            now = permit.standing(tx, actor)
            names = tuple(sorted(each.name for each in everything if permit.may(tx, now, each)))
        return Myself(now.id, now.by, now.roles, now.agency, now.authority, names)

    async def run(_: Request, actor: Actor) -> Response:
        return reply(await to_thread.run_sync(myself, actor))

    return run


def _sign_out(guard: Guard) -> Known:
    async def run(request: Request, actor: Actor) -> Response:
        if actor.by != "session":
            raise NotAllowed("session", "this token is not of a session", hint="it holds until it is revoked")
        await to_thread.run_sync(guard.door.sign_out, token_of(request))
        return Response(status_code=204)

    return run


def _entered(found: SignedIn) -> Entered:
    return Entered(found.token, found.until, found.officer)


def _enrolled(found: Enrolment) -> Enrolled:
    return Enrolled(found.officer, found.totp_uri)
