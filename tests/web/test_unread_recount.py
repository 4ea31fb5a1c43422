"""Whatever happened in whatever order: the counts of the page are those of a recount from scratch."""

import asyncio
import json

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Servers
from tests.house import House, Visitor, articles
from tests.web.test_unread import counts

NAMES = ("Ana", "Bo", "Cy")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["post", "post", "mention", "read", "unread", "delete", "join", "leave"]),
        st.integers(0, 2),
        st.integers(0, 9),
    ),
    max_size=15,
)
RECOUNT = """
SELECT (SELECT count(*) FROM message g WHERE g.room = m.room AND g.seq > m.last_read_seq) AS unread,
       (SELECT count(DISTINCT n.message) FROM mention n JOIN message g ON g.id = n.message
        WHERE g.room = m.room AND g.seq > m.last_read_seq AND n.person = m.person AND g.deleted_at IS NULL)
FROM membership m WHERE m.room = $1 AND m.person = $2
"""


class Story:
    """Three people in one room, and what they did in it; `read` is how far each has read, by the rules alone."""

    def __init__(self, people: list[Visitor], room: int, pool: asyncpg.Pool) -> None:
        self.people = people
        self.room = room
        self.inside = {0, 1, 2}
        self.messages: list[tuple[str, int]] = []
        self.read: dict[int, int] = {}
        self._pool = pool

    async def last_seq(self) -> int:
        return await self._pool.fetchval("SELECT last_seq FROM room WHERE id = $1", self.room)

    async def begin(self) -> None:
        """Nobody has written yet: each has read up to their coming."""
        rows = await self._pool.fetch("SELECT author, seq FROM message WHERE room = $1", self.room)
        came = {row["author"]: row["seq"] for row in rows}
        self.read = {who: came.get(visitor.id, 0) for who, visitor in enumerate(self.people)}

    async def take(self, act: str, who: int, number: int) -> None:
        visitor = self.people[who]
        if act == "join":
            await visitor.join(self.room)
            if who not in self.inside:
                self.inside.add(who)
                self.read[who] = await self.last_seq()
        elif who not in self.inside:
            return
        elif act in ("post", "mention"):
            body = f"hello @{NAMES[number % 3]}" if act == "mention" else "hello"
            message = articles((await visitor.post(self.room, body)).text)[0]
            self.messages.append((message.id, message.seq))
            self.read[who] = message.seq
        elif act == "read":
            seq = min(number, await self.last_seq())  # a page shows what is there; it is written a moment later
            async with visitor.listening(self.room) as reader:
                await reader.socket.send(json.dumps({"type": "read", "seq": str(seq)}))
                await (await reader.socket.ping())
            self.read[who] = max(self.read[who], seq)
        elif act == "leave" and who:
            await visitor.http.post(f"/rooms/{self.room}/leave")
            self.inside.discard(who)
        elif self.messages and act in ("unread", "delete"):
            message, seq = self.messages[number % len(self.messages)]
            answer = await visitor.http.post(f"/messages/{message}/{act}", headers={"HX-Request": "true"})
            assert answer.status_code in (200, 403)
            if act == "unread":
                self.read[who] = seq - 1


async def test_unread_equals_a_recount_after_any_interleaving(house: House, servers: Servers) -> None:
    people = [await Visitor.at(house.url).sign_up(name) for name in NAMES]
    pool = await asyncpg.create_pool(servers.database_url, min_size=1)
    loop = asyncio.get_running_loop()

    async def tell(steps: list[tuple[str, int, int]], together: bool) -> None:
        room = await people[0].make_room()
        for visitor in people[1:]:
            await visitor.join(room)
        story = Story(people, room, pool)
        await story.begin()
        acts = [story.take(*step) for step in steps]
        if together:
            of = [[act for act, step in zip(acts, steps, strict=True) if step[1] == who] for who in range(3)]
            await asyncio.gather(*[_one_after_another(mine) for mine in of])
        else:
            await _one_after_another(acts)
        for who in story.inside:
            # What happened at the same time is in no order, so only the counts can be told.
            expected = None if together else await story.last_seq() - story.read[who]
            await _until_equal(pool, people[who], room, expected)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS, st.booleans())
    def any_story(steps: list[tuple[str, int, int]], together: bool) -> None:
        asyncio.run_coroutine_threadsafe(tell(steps, together), loop).result(120)

    try:
        await asyncio.to_thread(any_story)
    finally:
        await pool.close()


async def _one_after_another(acts) -> None:
    for act in acts:
        await act


async def _until_equal(pool: asyncpg.Pool, visitor: Visitor, room: int, unread: int | None) -> None:
    """Marks are written a moment after they were sent: the page and the recount meet, or this fails."""
    async with asyncio.timeout(5):
        while True:
            before = tuple(await pool.fetchrow(RECOUNT, room, visitor.id))
            shown = await counts(visitor, room)
            if unread in (shown[0], None) and shown == before == tuple(
                await pool.fetchrow(RECOUNT, room, visitor.id)
            ):
                return
