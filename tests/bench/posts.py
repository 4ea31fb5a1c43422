"""Posts: how many a second are stored durably, 16 at once and with nobody listening, by one worker."""

from tests.bench.crowd import stored
from tests.bench.figures import Figure
from tests.bench.measure import ask, cheaper
from tests.bench.stage import Served, Stage, socketio, teahouse

WARM_UP_SECONDS = 0.5


async def case(on: Stage) -> list[Figure]:
    seconds, runs = (0.5, 1) if on.small else (3, 3)
    async with teahouse(on, 1) as house, socketio(on, 1) as peer:
        for server in (house, peer):
            await acknowledged(on, server, WARM_UP_SECONDS)
        found = [[await acknowledged(on, server, seconds) for server in (house, peer)] for _ in range(runs)]
    ours, theirs = zip(*found, strict=True)
    name = "durable posts, 16 at once over HTTP, against Socket.IO over its socket"
    return [Figure(name, "posts/s", 1.2, ours, theirs, above=True)]


async def acknowledged(on: Stage, server: Served, seconds: float) -> float:
    protocol, request = server.fast or ("http", server.request)
    before = await stored(on.database_url, server.count)
    with cheaper(server.roots):
        answers = (await ask(server.port, request, seconds=seconds, protocol=protocol)).audit()
    await server.audit(on.database_url, before + answers.answered)
    return answers.per_second
