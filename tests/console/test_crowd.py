"""A crowd at the entrance: however many try to sign in, everybody else is answered."""

from __future__ import annotations

import asyncio

import httpx2

from mithaq.api.doorstep import SLOW, Doorstep
from mithaq.api.inside import inside_app
from mithaq.console.app import routes
from tests.api.people import TOKEN
from tests.worlds import World

CROWD = 60  # more than the threads that a process shares
SOON = 20.0  # seconds: far more than it takes, so that a broken node fails instead of hanging
PATHS = ("/sign-in", "/start")


def test_sign_ins_take_turns_and_hold_nobody_else_up(world: World) -> None:
    async def crowded() -> list[int]:
        doorstep = Doorstep(world.jo.clock.monotonic)
        pages = routes(world.jo, tries=doorstep.tries, slowly=doorstep.slowly)
        transport = httpx2.ASGITransport(inside_app(world.jo, TOKEN, pages, doorstep))
        own = {"sec-fetch-site": "same-origin", "accept-language": "en"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://node", headers=own) as client:
            busy = [object() for _ in range(SLOW)]
            for each in busy:  # as if so many passwords were being hashed
                await doorstep.slowly.acquire_on_behalf_of(each)
            form = {"invitation": "mhi_none", "code": "000000", "name": "rania", "password": "x"}
            crowd = [asyncio.create_task(client.post(PATHS[n % 2], data=form)) for n in range(CROWD)]
            async with asyncio.timeout(SOON):
                while doorstep.slowly.statistics().tasks_waiting < CROWD:
                    await asyncio.sleep(0)
                assert (await client.get("/sign-in")).status_code == 200
                assert (await client.post("/language", data={"language": "ar"})).status_code == 303
                bearer = {"authorization": f"Bearer {TOKEN}"}
                assert (await client.post("/v1/node/status", json={}, headers=bearer)).status_code == 200
                for each in busy:
                    doorstep.slowly.release_on_behalf_of(each)
                return [answer.status_code for answer in await asyncio.gather(*crowd)]

    assert set(asyncio.run(crowded())) == {403}
