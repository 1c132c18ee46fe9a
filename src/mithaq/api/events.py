"""What happens at home, as a stream of events (WHATWG HTML, server-sent events): one for each entry of the journal.

An event says that something happened to a record or message, by its id: never what is in it. Whoever wants to know
asks, and is then answered as far as the law lets them read. ``id`` is the position in the journal, so a caller that
comes back with ``Last-Event-ID`` misses nothing and gets nothing twice.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from anyio import to_thread
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mithaq.api.guard import Guard, Known, token_of
from mithaq.api.operation import Operation
from mithaq.api.problems import too_many
from mithaq.errors import Clash, Invalid, NotAllowed
from mithaq.kernel.canonical import MAX_INT
from mithaq.kernel.clock import write_instant
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.people.served import FOLLOW
from mithaq.kernel.shelves import Entry

HEARTBEAT = 15.0  # seconds: a comment, so that nobody on the way takes the line for dead
RETRY = 3000  # milliseconds after which a browser whose stream ended comes back
PAGE = 200
EACH, ALL = 4, 200  # streams of one caller, and in all
MEDIA_TYPE = "text/event-stream"


class Happened(Struct, frozen=True):
    """The data of an event. ``subject`` is a record as id/version, a message as link/number, or what else its sort
    of event is about; ``party`` the partner concerned, or empty."""

    subject: str
    party: str
    exercise: bool
    at: str


class Event(Struct, frozen=True):
    """An event as its reader finds it. ``data`` is JSON in a string, which holds a ``Happened``."""

    id: str
    event: str
    data: str


OPERATION = Operation(
    name="events.follow", sort="other", method="GET", path="/v1/events", media=MEDIA_TYPE, gives=Event,
    summary="what happens at home, one event for each entry of the journal; never contents", problems=(409, 429),
    parameters=(
        {"name": "Last-Event-ID", "in": "header", "description": "go on after this position; 0 is the beginning",
         "schema": {"type": "string", "pattern": r"^[0-9]{1,15}$"}},
        {"name": "follow", "in": "query", "description": "whether to wait for more once all that is there was told",
         "schema": {"enum": ["true", "false"], "default": "true"}},
    ),
)  # fmt: skip


class Streams:
    """Every stream that is open. ``wake`` is called by the node, from any thread."""

    def __init__(self, node: Node, guard: Guard) -> None:
        self._node = node
        self._guard = guard
        self._open: dict[Stream, str] = {}
        self._lock = threading.Lock()
        self._ended = False
        node.on_change(self.wake)

    def wake(self) -> None:
        with self._lock:
            streams = tuple(self._open)
        for stream in streams:
            stream.wake()

    def end(self) -> None:
        """The node stops: whoever follows comes back to the one that is started next."""
        self._ended = True
        self.wake()

    def follow(self) -> Known:
        """What answers ``GET /v1/events``."""

        async def run(request: Request, actor: Actor) -> Response:
            token, after, goes_on = token_of(request), _after(request), _goes_on(request)
            if self._is_full(actor):
                return too_many(request, HEARTBEAT, f"{EACH} streams of one caller, or {ALL} in all, are open")
            first = await to_thread.run_sync(self._begin, actor, after)
            body = self._events(actor.id, token, first, goes_on)
            return StreamingResponse(body, media_type=MEDIA_TYPE, headers={"x-accel-buffering": "no"})

        return run

    async def _events(self, caller: str, token: str, after: int, goes_on: bool) -> AsyncIterator[bytes]:
        with self._opened(caller) as stream:
            if stream is None:
                return
            yield f"retry: {RETRY}\n\n".encode()
            while not self._ended:
                stream.heard()
                try:
                    entries = await to_thread.run_sync(self._entries, token, after)
                except NotAllowed:
                    yield b": you are not known here any more\n\n"
                    return
                if entries:
                    after = entries[-1].position
                    yield b"".join(event(entry) for entry in entries)
                if len(entries) == PAGE:
                    continue
                if not goes_on:
                    return
                if not await stream.woken(HEARTBEAT):
                    yield b": still here\n\n"

    @contextmanager
    def _opened(self, caller: str) -> Iterator[Stream | None]:
        """A stream of this caller while it is open; None where there are too many, of those who asked in one moment."""
        stream = Stream(asyncio.get_running_loop())
        with self._lock:
            room = not self._full_for(caller)
            if room:
                self._open[stream] = caller
        try:
            yield stream if room else None
        finally:
            with self._lock:
                self._open.pop(stream, None)

    def _is_full(self, actor: Actor) -> bool:
        with self._lock:
            return self._full_for(actor.id)

    def _full_for(self, caller: str) -> bool:
        return len(self._open) >= ALL or Counter(self._open.values())[caller] >= EACH

    def _begin(self, actor: Actor, after: int | None) -> int:
        """After which position to go on: the newest, unless the caller knows better."""
        self._node.permit(actor, FOLLOW)
        with self._node.store.read() as tx:
            last = tx.journal.last()
        if after is not None and after > last:
            hint = "this node was set back to an earlier state: begin anew with Last-Event-ID: 0"
            raise Clash("position", f"the journal has come to {last} only", where="Last-Event-ID", hint=hint)
        return last if after is None else after

    def _entries(self, token: str, after: int) -> list[Entry]:
        """The next entries. NotAllowed once the caller is not known any more, or may not: looked at each time."""
        self._node.permit(self._guard.still_known(token), FOLLOW)
        with self._node.store.read() as tx:
            return list(tx.journal.page(after=after, limit=PAGE))


class Stream:
    """One open stream, asleep until the node says that something may be new."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._new = asyncio.Event()

    def wake(self) -> None:
        """From any thread. A loop that has ended needs nothing any more."""
        if not self._new.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._new.set)

    def heard(self) -> None:
        """What is new from here on wakes it again."""
        self._new.clear()

    async def woken(self, seconds: float) -> bool:
        """Whether something may be new before so many seconds have passed."""
        try:
            await asyncio.wait_for(self._new.wait(), seconds)
        except TimeoutError:
            return False
        return True


def event(entry: Entry) -> bytes:
    """An entry of the journal as one event."""
    data = Happened(entry.subject, entry.party, entry.exercise, write_instant(entry.at))
    head = f"id: {entry.position}\nevent: {entry.what}\ndata: ".encode()
    return head + msgspec.json.encode(data) + b"\n\n"


def _after(request: Request) -> int | None:
    given = request.headers.get("last-event-id")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 15) or int(given) > MAX_INT:
        raise Invalid("position", "not a position of the journal", where="Last-Event-ID", hint="the id of an event")
    return int(given)


def _goes_on(request: Request) -> bool:
    given: Any = request.query_params.get("follow", "true")
    if given not in ("true", "false"):
        raise Invalid("follow", "neither true nor false", where="follow", hint="leave it out to go on waiting")
    return bool(given == "true")
