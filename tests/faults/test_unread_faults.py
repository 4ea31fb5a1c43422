"""Counts stay right while the workers cannot tell each other anything, and afterwards."""

import asyncio

from tests.conftest import OpenHouse, Servers
from tests.faults.conftest import OwnRedis
from tests.house import Visitor
from tests.web.test_unread import activity, counts, marks, read


async def test_without_redis_activity_and_mentions_are_found_in_postgresql(
    servers: Servers, open_house: OpenHouse, own_redis: OwnRedis
) -> None:
    url = own_redis.start()
    own = await servers.empty_database()
    first, second = await open_house(on=own, REDIS_URL=url), await open_house(on=own, REDIS_URL=url)
    ana, bo = await Visitor.at(first.url).sign_up("Ana"), await Visitor.at(second.url).sign_up("Bo")
    room, elsewhere = await ana.make_room(), await bo.make_room()
    await bo.join(room)
    async with bo.listening(elsewhere) as reader:
        await reader.until(lambda r: marks(r, room))
        before = marks(reader, room)[-1][0]
        await asyncio.to_thread(own_redis.stop)
        for n in range(3):
            await ana.say(room, f"@Bo {n}")
        await reader.until(lambda r: activity(r, room) and int(activity(r, room)[-1][0]) == before + 3)
        named = {pair for news in activity(reader, room) for pair in news[4].split()}
        assert named == {f"{bo.id}:{before + n}" for n in (1, 2, 3)}
        async with bo.listening(room) as here:
            await here.until(lambda r: marks(r, room))
            await read(here, before + 3)
            await here.until(lambda r: marks(r, room)[-1] == (before + 3, before + 3, 0))
        assert await counts(bo, room) == (0, 0)
        greeted = len(marks(reader, room))
        own_redis.start()
        await reader.until(lambda r: len(marks(r, room)) > greeted)  # the gap is over: all is told afresh
        assert marks(reader, room)[-1] == (before + 3, before + 3, 0)
