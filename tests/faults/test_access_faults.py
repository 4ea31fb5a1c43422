"""Whoever was removed or banned gets nothing further, also when no event says so."""

import asyncio

from app.realtime.listener import CLOSE_NO_ACCESS
from tests.conftest import OpenHouse, Servers
from tests.faults.conftest import OwnRedis
from tests.house import Visitor
from tests.web.test_ban import make_administrator


async def test_while_redis_is_away_a_removed_person_gets_nothing_either(
    open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    url = own_redis.start()
    first, second = await open_house(REDIS_URL=url), await open_house(REDIS_URL=url)
    ana, bo = await Visitor.at(first.url).sign_up("Ana"), await Visitor.at(second.url).sign_up("Bo")
    room = await ana.make_room()
    await bo.join(room)
    async with bo.listening(room) as reader:
        await ana.say(room, "before")
        await reader.until(lambda r: r.articles)
        await asyncio.to_thread(own_redis.stop)
        await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "remove"})
        await ana.say(room, "after")
        await reader.until(lambda r: r.closed_with, seconds=6)
        assert (reader.closed_with, len(reader.articles), len(reader.events)) == (CLOSE_NO_ACCESS, 1, 1)


async def test_while_redis_is_away_the_sweep_closes_a_banned_persons_sockets(
    servers: Servers, open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    url = own_redis.start()
    first, second = await open_house(REDIS_URL=url), await open_house(REDIS_URL=url)
    root, bo = await Visitor.at(first.url).sign_up("Root"), await Visitor.at(second.url).sign_up("Bo")
    await make_administrator(servers, root)
    room = await root.make_room()
    await bo.join(room)
    async with bo.listening(room) as reader:
        await root.say(room, "before")
        await reader.until(lambda r: r.articles)
        await asyncio.to_thread(own_redis.stop)
        await root.http.post(f"/people/{bo.id}/ban")
        await root.say(room, "after")
        await reader.until(lambda r: r.closed_with, seconds=6)
        assert (reader.closed_with, len(reader.articles)) == (CLOSE_NO_ACCESS, 1)
