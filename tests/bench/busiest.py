"""The busiest room: the most messages a second that all its sockets are brought in time, by one core.

Ours and the peer in turns, each alone: beside another that is open each is slower.
"""

from collections.abc import Sequence

from tests.bench.figures import Figure
from tests.bench.measure import Client, Void, at_rest, cheaper
from tests.bench.stage import Serve, Served, Stage, socketio, teahouse

P99_MS_MAX = 250.0  # from the post until the last socket has the message
FIRST_PER_SECOND = 40
PER_SECOND_MAX = 4000
STEP, FINER = 1.5, 1.1  # two paces nearer to each other than FINER are the same
DRAIN_SECONDS = 30
BEGIN_AGAIN_AT = 0.8
POSTS_MIN = 10


async def case(on: Stage) -> list[Figure]:
    sockets, seconds, runs = (100, 0.5, 1) if on.small else (1000, 1.2, 3)
    most = 120 if on.small else PER_SECOND_MAX
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(runs):
        for serve, found in ((teahouse, ours), (socketio, theirs)):
            found.append(await busiest(on, serve, sockets, seconds, most, found))
    name = f"busiest room of {sockets} sockets with p99 under {P99_MS_MAX:g} ms, against Socket.IO"
    return [Figure(name, "messages/s", 3, ours, theirs, above=True)]


async def busiest(on: Stage, serve: Serve, sockets: int, seconds: float, most: int, before: Sequence[float]) -> float:
    """The most, found anew in each run; after the first, the search begins near where that one ended."""
    async with serve(on, sockets) as server, server.client(sockets) as client:
        room = Room(server, client, seconds)
        found = await search(room, BEGIN_AGAIN_AT * before[0] if before else FIRST_PER_SECOND, most)
        await server.audit(on.database_url, room.sent)
        return found


async def search(room: "Room", pace: float, most: int) -> float:
    """Widens the pace until it is too much, then narrows it down."""
    good, bad = 0.0, most * STEP
    while pace <= most and bad / max(good, 1) > FINER:
        if await room.holds(round(pace)):
            good = pace
        else:
            bad = pace
        pace = min(good * STEP, (good + bad) / 2) if good else pace / STEP
    if not good:
        raise Void(f"not even {bad:.0f} messages a second were held")
    return good


class Room:
    def __init__(self, server: Served, client: Client, seconds: float) -> None:
        self.sent = 0
        self._server = server
        self._client = client
        self._seconds = seconds

    async def holds(self, per_second: int) -> bool:
        """Whether the room keeps this pace."""
        await at_rest(self._server.roots)
        posts = max(round(per_second * self._seconds), POSTS_MIN)
        with cheaper(self._server.roots):
            answers = await self._server.post(per_second, posts)
            self.sent += posts
            heard = (await self._client.level(self.sent, DRAIN_SECONDS)).audit(self._client.sockets, self.sent)
        return heard.p99 < P99_MS_MAX and answers.p99 < P99_MS_MAX
