"""Posts: how many a second are stored durably, 16 at once and with nobody listening, by one worker."""

from tests.bench.figures import Figure
from tests.bench.measure import ask
from tests.bench.stage import Serve, Stage, socketio, teahouse

WARM_UP_SECONDS = 0.5


async def case(on: Stage) -> list[Figure]:
    seconds, runs = (0.5, 1) if on.small else (4, 3)
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(await acknowledged(on, teahouse, seconds))
        theirs.append(await acknowledged(on, socketio, seconds))
    name = "durable posts, 16 at once over HTTP, against Socket.IO over its socket"
    return [Figure(name, "posts/s", 1.2, ours, theirs, above=True)]


async def acknowledged(on: Stage, serve: Serve, seconds: float) -> float:
    async with serve(on, 1) as server:
        protocol, request = server.fast or ("http", server.request)
        warm = (await ask(server.port, request, seconds=WARM_UP_SECONDS, protocol=protocol)).audit()
        answers = (await ask(server.port, request, seconds=seconds, protocol=protocol)).audit()
        await server.audit(on.database_url, warm.answered + answers.answered)
        return answers.per_second
