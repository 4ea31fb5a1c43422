"""The busiest room: the most messages a second that all its sockets are brought in time, by one core."""

from tests.bench.figures import Figure
from tests.bench.measure import Client, Void, at_rest
from tests.bench.stage import Serve, Served, Stage, socketio, teahouse

P99_MS_MAX = 250.0  # from the post until the last socket has the message
FIRST_PER_SECOND = 40
PER_SECOND_MAX = 4000
STEP, FINER = 1.5, 1.1  # two paces nearer to each other than FINER are the same
DRAIN_SECONDS = 30


async def case(on: Stage) -> list[Figure]:
    sockets, seconds, runs = (100, 0.5, 1) if on.small else (1000, 2, 3)
    most = 120 if on.small else PER_SECOND_MAX
    ours, theirs = [], []
    for run in range(runs):  # after the first, the search begins where that one ended
        ours.append(await busiest(on, teahouse, sockets, seconds, most, 0.8 * ours[0] if run else FIRST_PER_SECOND))
        theirs.append(
            await busiest(on, socketio, sockets, seconds, most, 0.8 * theirs[0] if run else FIRST_PER_SECOND)
        )
    name = f"busiest room of {sockets} sockets with p99 under {P99_MS_MAX:g} ms, against Socket.IO"
    return [Figure(name, "messages/s", 3, ours, theirs, above=True)]


async def busiest(on: Stage, serve: Serve, sockets: int, seconds: float, most: int, first: float) -> float:
    """Widens the pace until it is too much, then narrows it down."""
    async with serve(on, sockets) as server, server.client(sockets) as client:
        await at_rest(server.roots)
        sent, good, bad, pace = 0, 0.0, float(most) * STEP, first
        while pace <= most and bad / max(good, 1) > FINER:
            posts = max(round(pace * seconds), 10)
            sent += posts
            if await holds(server, client, round(pace), posts, sent, sockets):
                good = pace
            else:
                bad = pace
                await at_rest(server.roots)
            pace = min(good * STEP, (good + bad) / 2) if good else pace / STEP
        await server.audit(on.database_url, sent)
        if not good:
            raise Void(f"not even {bad:.0f} messages a second were held")
        return good


async def holds(server: Served, client: Client, per_second: int, posts: int, sent: int, sockets: int) -> bool:
    answers = await server.post(per_second, posts)
    heard = (await client.level(sent, DRAIN_SECONDS)).audit(sockets, sent)
    return heard.p99 < P99_MS_MAX and answers.p99 < P99_MS_MAX
