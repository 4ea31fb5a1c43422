"""How many questions a page asks PostgreSQL: few, and no more in a larger house."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from app.database import Database
from app.main import create_app
from app.piccolo_app import APP_CONFIG
from app.settings import from_environment
from tests.conftest import Servers
from tests.house import House, Visitor

CROWD = """
WITH crowd AS (
    INSERT INTO person (email, name, password_hash)
    SELECT $1 || n, 'Somebody ' || n, '' FROM generate_series(1, 60) AS n RETURNING id
)
INSERT INTO membership (person, room, seen_seq) SELECT id, $2, 1 FROM crowd
"""


class Counting(Database):
    """A database that keeps what it was asked."""

    asked: list[str]

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        self.asked.append(query)
        return await super()._run_in_pool(query, args)


@asynccontextmanager
async def worker(servers: Servers, data: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Counting, Any]]:
    """The app in this process, on a database that counts."""
    database = Counting(servers.database_url)
    database.asked = []
    for table in APP_CONFIG.table_classes:
        monkeypatch.setattr(table._meta, "_db", database)
    app = create_app(from_environment(servers.environment() | {"DATA_DIR": data}), database)
    async with app.lifespan():
        yield database, app


@pytest.mark.filterwarnings("ignore:.*Inferred dependency")
async def test_a_room_page_asks_the_same_few_questions_however_much_there_is(
    house: House, ana: Visitor, servers: Servers, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = await ana.make_room()
    await ana.say(small, "hello")
    large = await ana.make_room()
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(CROWD, f"{ana.email}.", large)
    await connection.close()
    async with worker(servers, str(tmp_path), monkeypatch) as (database, app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ana.url, cookies=ana.http.cookies) as http:

            async def questions(room: int) -> int:
                database.asked.clear()
                assert (await http.get(f"/rooms/{room}")).status_code == 200
                return len(database.asked)

            await questions(large)  # what a worker asks once, when it starts, is not the page's
            cold, warm = await questions(small), await questions(small)
            for n in range(20):
                message = await ana.say(large, f"message {n} for @{ana.name}")
                await ana.reply(large, message, "a reply")
                await ana.act(f"/messages/{message}/reactions", emoji="👍")
                note = {"files": ("note.txt", b"tea", "text/plain")}
                assert (await ana.http.post(f"/rooms/{large}/messages", files=note)).status_code == 303
            for _ in range(10):
                await ana.make_room()
            assert (await questions(large), await questions(large)) == (cold, warm)
            assert cold <= 5
            assert warm <= 2
