"""The stream of events: what happens at home, at once, in order, without contents, for those who may follow it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from anyio import to_thread
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mithaq.api import events
from mithaq.api.inside import inside_app
from mithaq.kernel.people.actor import HOME
from tests.api.people import TOKEN, client, enrol
from tests.worlds import World, alert

SOON = 20.0  # seconds: far more than it takes, so that a broken stream fails instead of hanging


class Stream:
    """One open stream, read as it comes."""

    def __init__(self, told: asyncio.Queue[dict[str, Any]], status: int) -> None:
        self._told, self.status = told, status
        self._events: list[tuple[int, str, dict[str, Any]]] = []

    async def chunk(self) -> bytes | None:
        """The next bytes; None when the stream has ended."""
        message = await asyncio.wait_for(self._told.get(), SOON)
        return message["body"] if message["more_body"] else None

    async def next(self) -> tuple[int, str, dict[str, Any]]:
        """The next event, whatever comments come before."""
        while not self._events:
            for block in (await self.chunk() or b"").decode().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in block.splitlines())
                if "data" in fields:
                    self._events.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
        return self._events.pop(0)


@asynccontextmanager
async def following(app: Starlette, token: str = TOKEN, **headers: str) -> AsyncIterator[Stream]:
    """A caller that follows, and leaves at the end."""
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    gone = asyncio.Event()
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in asked:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    given = {"authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http", "asgi": {"spec_version": "2.3"}, "method": "GET", "path": "/v1/events", "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()], "root_path": "",
        "server": ("testserver", 80), "scheme": "http", "client": ("127.0.0.1", 1), "http_version": "1.1",
    }  # fmt: skip
    task = asyncio.create_task(app(scope, receive, told.put))  # type: ignore[arg-type]
    begun = await asyncio.wait_for(told.get(), SOON)
    try:
        yield Stream(told, begun["status"])
    finally:
        gone.set()
        await asyncio.wait_for(task, SOON)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


@pytest.fixture
def app(world: World) -> Starlette:
    return inside_app(world.jo, TOKEN)


def state(world: World, **changes: Any) -> str:
    return str(world.jo.do("intelligence.alert-vehicle", alert(**changes), who=HOME).result().id)


def test_what_happens_is_told_at_once_and_never_what_is_in_it(world: World, app: Starlette) -> None:
    async def test() -> None:
        state(world, plate="before")
        async with following(app) as stream:
            id = await to_thread.run_sync(lambda: state(world, plate="SECRET-1"))
            first, second = await stream.next(), await stream.next()
            assert first[1:] == ("record", told(f"{id}/1"))
            assert second[1:] == ("released", told("JO>SA/2", party="SA"))
            assert second[0] == first[0] + 1

    run(test)


def told(subject: str, party: str = "") -> dict[str, Any]:
    return {"subject": subject, "party": party, "exercise": False, "at": "2026-11-20T12:00:00Z"}


def test_whoever_comes_back_misses_nothing_and_gets_nothing_twice(world: World, app: Starlette) -> None:
    for number in range(300):  # more than a page
        state(world, plate=f"P-{number}", place="32.5,35.9")

    async def test() -> None:
        seen: list[int] = []
        async with following(app, last_event_id="0") as stream:
            seen += await all_ids(stream, upto=250)
        async with following(app, last_event_id=str(seen[-1])) as stream:
            seen += await all_ids(stream, upto=600)
        assert seen == list(range(1, 601))

    run(test)


async def all_ids(stream: Stream, upto: int) -> list[int]:
    """The ids of the chunks as they come, until one reaches this."""
    found: list[int] = []
    while not found or found[-1] < upto:
        lines = (await stream.chunk() or b"").decode().splitlines()
        found += [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    return found


def test_without_follow_the_stream_ends_when_all_was_told(world: World) -> None:
    state(world)
    answer = client(world.jo).get("/v1/events?follow=false", headers={"last-event-id": "1"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [line for line in answer.text.splitlines() if line.startswith("event")] == ["event: released"]


def test_a_quiet_stream_shows_that_it_lives(world: World, app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)

    async def test() -> None:
        async with following(app) as stream:
            assert (await stream.chunk() or b"").startswith(b"retry: ")
            assert await stream.chunk() == b": still here\n\n"

    run(test)


def test_a_stream_ends_with_the_session_that_opened_it(world: World, app: Starlette) -> None:
    token = enrol(client(world.jo), world.jo, "rania", "duty_officer")

    async def test() -> None:
        async with following(app, token) as stream:
            assert (await stream.chunk() or b"").startswith(b"retry: ")
            world.jo.door.sign_out(token)
            await to_thread.run_sync(lambda: state(world))  # it is looked at when the stream next wakes
            assert await stream.chunk() == b": you are not known here any more\n\n"
            assert await stream.chunk() is None

    run(test)


def test_listening_alone_does_not_keep_a_session_alive(
    world: World, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    token = enrol(client(world.jo), world.jo, "rania", "duty_officer")

    async def test() -> None:
        async with following(app, token) as stream:
            for _ in range(40):
                world.clock_on(60)
                if await stream.chunk() is None:
                    return
        pytest.fail("the session outlived 30 minutes in which its officer did nothing")

    run(test)


def test_only_those_may_follow_who_work_with_records_or_oversee(world: World) -> None:
    home = client(world.jo)
    told = {}
    for name, role in (("a", "duty_officer"), ("b", "oversight"), ("c", "administrator")):
        told[role] = client(world.jo, enrol(home, world.jo, name, role)).get("/v1/events?follow=false").status_code
    assert told == {"duty_officer": 200, "oversight": 200, "administrator": 403}


def test_one_caller_has_so_many_streams_and_no_more(
    world: World, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "EACH", 1)

    async def test() -> None:
        async with following(app) as first:
            await first.chunk()
            async with following(app) as second:
                assert second.status == 429
            monkeypatch.setattr(events.Streams, "_is_full", lambda *_: False)  # as if both had asked in one moment
            async with following(app) as second:
                assert await second.chunk() is None
            monkeypatch.undo()
        async with following(app) as third:
            assert third.status == 200

    run(test)


def test_streams_end_when_the_node_stops(app: Starlette) -> None:
    async def test() -> None:
        async with following(app) as stream:
            await stream.chunk()
            app.state.streams.end()
            assert await stream.chunk() is None

    run(test)


@pytest.mark.parametrize("given", ["x", "-1", "1.0", "9" * 16, "١"])
def test_an_id_that_is_no_position_is_refused(world: World, given: str) -> None:
    answer = client(world.jo).get("/v1/events", headers={b"last-event-id": given.encode()})
    assert (answer.status_code, answer.json()["where"]) == (400, "Last-Event-ID")


def test_an_id_of_before_a_restore_is_told(world: World) -> None:
    answer = client(world.jo).get("/v1/events", headers={"last-event-id": "1000"})
    assert (answer.status_code, answer.json()["code"]) == (409, "position")


def test_follow_is_true_or_false(home: TestClient) -> None:
    assert home.get("/v1/events?follow=maybe").json()["code"] == "follow"


@pytest.fixture
def home(world: World) -> TestClient:
    return client(world.jo)
