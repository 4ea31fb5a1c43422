"""The Piccolo engine, mended where it would lose a connection, and with outages turned into one error."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from app.errors import Unavailable

POOL_CONNECTIONS_MAX = 8
STATEMENT_SECONDS_MAX = 10
CONNECT_SECONDS_MAX = 5

PLANNING = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
"""Each connection plans a statement once. Left to choose, PostgreSQL plans the long one that posts anew each time,
which takes longer than to run it. Only a search depends on the values it is given, and says so (`queries.search`).
Nor is a statement compiled, which pays for none of ours, and which asyncpg would switch off and on for its own."""

OUTAGES = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises when the server is away, going away, or not answering."""


async def _left_as_it_was(_: object) -> None:
    """What to do with a connection that comes back, besides ending its transaction: no statement of ours changes a
    setting, listens or keeps a lock for longer, so the four statements that would undo it are saved."""


def _without_detail(error: BaseException | None) -> None:
    """It can quote a whole row, message text included, and errors are logged."""
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None


class Transaction(PostgresTransaction):
    """Piccolo's, except that the connection returns to the pool also when COMMIT or ROLLBACK fails."""

    async def __aenter__(self) -> PostgresTransaction:
        try:
            return await super().__aenter__()
        except OUTAGES as outage:
            raise Unavailable from outage

    async def begin(self) -> None:
        """A connection on which not even BEGIN works is of no further use, but its place in the pool is."""
        try:
            await super().begin()  # type: ignore[no-untyped-call]
        except BaseException:
            self.connection.terminate()
            if self.engine.pool:
                await self.engine.pool.release(self.connection)
            raise

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        _without_detail(exception)
        if self._parent:
            return exception is None
        try:
            if exception and not self._rolled_back:
                await self.rollback()  # type: ignore[no-untyped-call]
            elif not self._committed and not self._rolled_back:
                await self.commit()  # type: ignore[no-untyped-call]
        except OUTAGES as outage:
            raise Unavailable from outage
        finally:
            self.engine.current_transaction.reset(self.context)
            if self.engine.pool:
                await self.engine.pool.release(self.connection)
            else:
                await self.connection.close()
        if isinstance(exception, OUTAGES):
            raise Unavailable from exception
        return exception is None


class Database(PostgresEngine):
    """A pool of connections to one PostgreSQL. Every query raises Unavailable when it cannot be reached."""

    def __init__(self, url: str) -> None:
        config = {"dsn": url, "timeout": CONNECT_SECONDS_MAX, "server_settings": PLANNING}
        super().__init__(config=config, extensions=())

    async def check_version(self) -> None:
        """Piccolo would connect here, each time the module is imported; the supervisor checks once."""

    async def start(self) -> None:
        await self.start_connection_pool(
            min_size=1,
            max_size=POOL_CONNECTIONS_MAX,
            command_timeout=STATEMENT_SECONDS_MAX,
            max_inactive_connection_lifetime=60,
            reset=_left_as_it_was,
        )

    async def stop(self) -> None:
        if self.pool:
            try:
                await asyncio.wait_for(self.pool.close(), STATEMENT_SECONDS_MAX)
            except OUTAGES:
                self.pool.terminate()
            self.pool = None

    def transaction(self, allow_nested: bool = True) -> Transaction:
        return Transaction(engine=self, allow_nested=allow_nested)

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        assert self.pool, "the pool is started in the app's lifespan"
        try:
            async with self.pool.acquire(timeout=CONNECT_SECONDS_MAX) as connection:
                return await connection.fetch(query, *(args or ()))
        except OUTAGES as outage:
            raise Unavailable from outage
        except asyncpg.PostgresError as error:
            _without_detail(error)
            raise
