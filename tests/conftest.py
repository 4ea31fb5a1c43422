"""One private PostgreSQL and Redis for the whole run, and houses on top of them."""

import asyncio
import contextlib
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from app import embedded
from tests.house import PATIENCE_SECONDS, House, Visitor, visitors


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what a test that took too long was waiting for: its traceback ends at the event loop."""
    report = yield
    for entry in call.excinfo.traceback if call.excinfo else ():
        task = entry.locals.get("future")
        if isinstance(task, asyncio.Task) and not task.done():
            report.sections.append(("It was waiting here", "\n".join(_waiting_at(task))))
            task.cancel()
    return report


def _waiting_at(task: asyncio.Task[None]) -> Iterator[str]:
    """The lines at which a task, and what it awaits, are suspended, the outermost first."""
    awaited: object = task.get_coro()
    while frame := getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None):
        yield f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        generators = filter(inspect.isasyncgen, frame.f_locals.values())  # its step does not lead to its frame
        awaited = next(generators, None) or getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)


@dataclass(frozen=True)
class Servers:
    database_url: str
    redis_url: str
    files: Path

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "STORAGE_URL": f"file://{self.files}",
            "SECRET_KEY": "for tests",
        }

    async def empty_database(self) -> "Servers":
        """The same servers with a database of their own, in which nothing is yet."""
        name = f"t{uuid4().hex}"
        connection = await asyncpg.connect(self.database_url)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        return Servers(self.database_url.replace("/teahouse?", f"/{name}?"), self.redis_url, self.files / name)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Real servers: those of the environment, or private ones."""
    with contextlib.ExitStack() as own:
        data = tmp_path_factory.mktemp("servers")
        sockets = own.enter_context(embedded.socket_folder(data))
        yield Servers(
            os.environ.get("TEST_DATABASE_URL") or own.enter_context(embedded.postgres(data, sockets)).url,
            os.environ.get("TEST_REDIS_URL") or own.enter_context(embedded.redis(data, sockets)).url,
            data / "files",
        )


@pytest.fixture(scope="session")
async def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with two workers, shared by all tests that need nothing special."""
    data = str(tmp_path_factory.mktemp("house"))
    house = await House.open(**servers.environment(), DATA_DIR=data, WORKERS="2")
    yield house
    await house.close()


@pytest.fixture(scope="session")
async def second_house(
    servers: Servers, house: House, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """Another house on the same servers: a worker that is certainly not the first one's."""
    second = await House.open(**servers.environment(), DATA_DIR=str(tmp_path_factory.mktemp("second")))
    yield second
    await second.close()


@pytest.fixture(autouse=True)
async def see_visitors_out() -> AsyncIterator[None]:
    yield
    while visitors:
        await visitors.pop().http.aclose()


async def somebody_waits(connection: asyncpg.Connection) -> None:
    """Until a statement waits for a lock that another one holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass


OpenHouse = Callable[..., Awaitable[House]]


@pytest.fixture
async def open_house(servers: Servers, tmp_path: Path) -> AsyncIterator[OpenHouse]:
    """A function that opens a house of its own, with other settings, for the time of the test."""
    houses: list[House] = []

    async def open_one(on: Servers = servers, **environment: str) -> House:
        data = {"DATA_DIR": str(tmp_path / str(len(houses)))}
        houses.append(await House.open(**on.environment() | data | environment))
        return houses[-1]

    yield open_one
    for house in houses:
        await house.close()


@pytest.fixture
async def ana(house: House) -> Visitor:
    return await Visitor.at(house.url).sign_up("Ana")


@pytest.fixture
async def bo(house: House) -> Visitor:
    return await Visitor.at(house.url).sign_up("Bo")


@pytest.fixture
def stranger(house: House) -> Visitor:
    """Somebody without an account."""
    return Visitor.at(house.url)
