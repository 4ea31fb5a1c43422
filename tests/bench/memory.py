"""Memory: what an idle socket of a signed-in person takes on one worker, with compression; and how many it holds."""

from tests.bench.crowd import crowd
from tests.bench.figures import Figure
from tests.bench.measure import Client, allow_open_files, at_rest, memory_bytes
from tests.bench.stage import Stage, house, in_room

KB = 1024
OTHER_FILES = 500
WARM_UP_SOCKETS = 50
ONE_SWEEP_CPU_SECONDS = 0.3  # looking after ten thousand sockets is no unrest


async def case(on: Stage) -> list[Figure]:
    few, many = (200, 400) if on.small else (5_000, 10_000)
    allow_open_files(many + OTHER_FILES)
    async with house(on) as opened:
        people = await crowd(on.database_url, many)
        server = in_room(people, opened.url, [opened.process.pid, *on.servers])
        async with server.client(WARM_UP_SOCKETS):
            await at_rest(server.roots)
        before = memory_bytes(opened.workers())
        async with client_of(server, few, 1) as first:
            await at_rest(server.roots, ONE_SWEEP_CPU_SECONDS)
            each = (memory_bytes(opened.workers()) - before) / few / KB
            async with client_of(server, many - few, few + 1) as second:
                await at_rest(server.roots, ONE_SWEEP_CPU_SECONDS)
                await server.post(0, 1)  # a socket is held if it is brought what is said
                for client in (first, second):
                    heard = (await client.level(1)).audit(client.sockets, 1)
        await server.audit(on.database_url, 1)
    held = first.sockets + heard.open
    return [
        Figure(f"memory of an idle socket with compression, {few} on one worker", "KB", 25, [each]),
        Figure("idle sockets held by one worker, each brought a message", "sockets", many, [held], above=True),
    ]


def client_of(server, sockets: int, first: int) -> Client:
    return Client(server.port, server.target, sockets, first=first, **server.sockets)
