import contextlib

import asyncpg

from app.database import POOL_CONNECTIONS_MAX, Database
from app.errors import Unavailable
from tests.conftest import Servers


async def test_transactions_that_cannot_begin_leave_the_pool_whole(servers: Servers) -> None:
    own = await servers.empty_database()
    database = Database(own.database_url)
    await database.start()
    other = await asyncpg.connect(servers.database_url)
    name = own.database_url.split("/")[3].split("?")[0]
    refused = 0
    for _ in range(3 * POOL_CONNECTIONS_MAX):
        with contextlib.suppress(Unavailable):
            await database._run_in_pool("SELECT 1")  # a fresh connection, idle in the pool
            await other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        try:
            async with database.transaction():
                await database._run_in_pool("SELECT 1")
        except Unavailable:
            refused += 1
    await other.close()
    assert refused >= POOL_CONNECTIONS_MAX
    with contextlib.suppress(Unavailable):
        await database._run_in_pool("SELECT 1")
    assert (await database._run_in_pool("SELECT 1 AS one"))[0]["one"] == 1
    await database.stop()
