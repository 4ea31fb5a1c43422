"""Storm: a room is posted into, its worker is killed, and all its pages come again, as connection.js has them do."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx

from tests.bench.crowd import BODY, Crowd, crowd
from tests.bench.fan_out import POSTS_PER_SECOND
from tests.bench.figures import Figure
from tests.bench.measure import LISTENING, LOOK_SECONDS, Client, Void, at_rest, sockets_of
from tests.bench.stage import Served, Stage, house, in_room
from tests.house import House

QUIET_SECONDS = 1.0  # posts before the worker ends, and after all are back
AGAIN_SECONDS = 0.25
BACK_SECONDS_MAX = 60.0


async def case(on: Stage) -> list[Figure]:
    sockets, runs = (100, 1) if on.small else (2000, 3)
    seconds = await storms(on, sockets, runs)
    return [Figure(f"storm: {sockets} sockets lose their worker; until all are back and level", "s", 5, seconds)]


async def storms(on: Stage, sockets: int, runs: int) -> list[float]:
    async with house(on, WORKERS="2") as opened:
        people = await crowd(on.database_url, sockets)
        server = in_room(people, opened.url, [opened.process.pid, *on.servers])
        async with Client(server.port, server.target, sockets, poll=people.poll, **server.sockets) as client:
            room = Room(opened, server, client)
            found: list[float] = []
            posted = 0
            while len(found) < runs:
                full = await room.gather()
                async with Writing(opened.url, people) as writing:
                    await asyncio.sleep(QUIET_SECONDS)
                    found.append(await room.lose(full, sockets))
                    await asyncio.sleep(QUIET_SECONDS)
                posted += writing.posted
                heard = await client.level(posted)
                heard.audit(sockets, posted, lost=room.lost)
        await server.audit(on.database_url, posted)
        return found


class Room:
    """All its sockets, on two workers."""

    def __init__(self, opened: House, server: Served, client: Client) -> None:
        self._house = opened
        self._server = server
        self._client = client
        self.lost = 0  # sockets, of workers that were killed

    async def gather(self) -> int:
        """Bring all sockets to one worker: the other is killed, and started again when all are back. Returns the
        process id of the one."""
        await self.rest()
        held = {pid: sockets_of(pid, self._server.port) for pid in self._house.workers()}
        (emptier, few), (fuller, _) = sorted(held.items(), key=lambda item: item[1])
        if few:
            with self._nobody_starts_another():
                await self.lose(emptier, few)
            await self.rest()
        return fuller

    @contextlib.contextmanager
    def _nobody_starts_another(self) -> Iterator[None]:
        self._house.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._house.process.send_signal(signal.SIGCONT)

    async def rest(self) -> None:
        """Until both workers serve, and have nothing left to do."""
        async with asyncio.timeout(BACK_SECONDS_MAX):
            while sum(sockets_of(pid, self._server.port, LISTENING) for pid in self._house.workers()) < 2:
                await asyncio.sleep(LOOK_SECONDS)
        await at_rest(self._server.roots)

    async def lose(self, worker: int, sockets: int) -> float:
        """Kill a worker; seconds until all that it held are open again and have what was newest then."""
        self.lost += sockets
        killed = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        back = await self._client.back(self.lost, BACK_SECONDS_MAX)
        if min(back.open, back.level) < self._client.sockets or back.lost != self.lost:
            raise Void(f"not all sockets were lost and came back: {back}")
        return back.at - killed


class Writing:
    """Somebody who posts at a steady pace, and sends again, under the same name, what was not acknowledged."""

    def __init__(self, url: str, people: Crowd) -> None:
        headers = dict(line.split(": ", 1) for line in people.headers(url, "1").splitlines())
        self._http = httpx.AsyncClient(
            base_url=url, headers=headers | {"HX-Request": "true"}, timeout=BACK_SECONDS_MAX
        )
        self._address = f"/rooms/{people.room}/messages"
        self.posted = 0

    async def __aenter__(self) -> "Writing":
        self._end = asyncio.Event()
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends when all that was written is acknowledged."""
        self._end.set()
        await self._writing
        await self._http.aclose()

    async def _write(self) -> None:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as sending:
            while not self._end.is_set():
                sending.create_task(self._send())
                self.posted += 1
                await asyncio.sleep(max(0, begun + self.posted / POSTS_PER_SECOND - time.monotonic()))

    async def _send(self) -> None:
        form = {"id": str(uuid4()), "body": f"{BODY} t={time.monotonic_ns()}"}
        while True:
            try:
                answer = await self._http.post(self._address, data=form)
                if answer.status_code == 200:
                    return
            except httpx.TransportError:
                pass  # nobody there: like a page, it keeps what it wrote
            await asyncio.sleep(AGAIN_SECONDS)
