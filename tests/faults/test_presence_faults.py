"""Presence when a worker is killed, and when Redis goes and comes back."""

import asyncio
import os
import signal

from tests.conftest import OpenHouse
from tests.faults.conftest import OwnRedis
from tests.house import Visitor
from tests.web.test_presence import GRACE_SECONDS_MAX, told

KILLED_SECONDS_MAX = 30


async def test_a_killed_worker_takes_its_people_offline_unless_they_are_elsewhere(open_house: OpenHouse) -> None:
    first, second = await open_house(), await open_house()
    ana = await Visitor.at(first.url).sign_up("Ana")
    bo, chen = await Visitor.at(second.url).sign_up("Bo"), await Visitor.at(second.url).sign_up("Chen")
    room = await ana.make_room()
    await bo.join(room)
    await chen.join(room)
    chen_here = Visitor(chen.http, first.url)
    async with ana.listening(room) as reader, bo.listening(room), chen.listening(room), chen_here.listening(room):
        await reader.until(lambda r: (told(r, bo)[-1:], told(r, chen)[-1:]) == (["online"], ["online"]))
        for worker in second.workers():
            os.kill(worker, signal.SIGKILL)
        await reader.until(lambda r: told(r, bo)[-1:] == ["offline"], seconds=KILLED_SECONDS_MAX)
        assert told(reader, chen)[-1] == "online"
        assert "offline" not in told(reader, chen)[1:]


async def test_when_redis_is_back_all_are_level_again(open_house: OpenHouse, own_redis: OwnRedis) -> None:
    url = own_redis.start()
    first, second = await open_house(REDIS_URL=url), await open_house(REDIS_URL=url)
    ana, bo = await Visitor.at(first.url).sign_up("Ana"), await Visitor.at(second.url).sign_up("Bo")
    chen = await Visitor.at(second.url).sign_up("Chen")
    room = await ana.make_room()
    await bo.join(room)
    await chen.join(room)
    async with ana.listening(room) as reader, bo.listening(room) as other:
        await reader.until(lambda r: told(r, bo)[-1:] == ["online"])
        await other.until(lambda r: told(r, ana)[-1:] == ["online"])
        await asyncio.to_thread(own_redis.stop)
        async with chen.listening(room):
            await other.until(lambda r: told(r, chen)[-1:] == ["online"])  # on the same worker it needs no Redis
            assert told(reader, chen)[-1:] != ["online"]
            await asyncio.to_thread(own_redis.start)
            await reader.until(lambda r: told(r, chen)[-1:] == ["online"])
        await reader.until(lambda r: told(r, chen)[-1:] == ["offline"], seconds=GRACE_SECONDS_MAX)
        assert "offline" not in told(reader, bo)[told(reader, bo).index("online") :]
        assert "offline" not in told(other, ana)[told(other, ana).index("online") :]
