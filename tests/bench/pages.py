"""The room page: 50 messages, signed in, 16 at once on one worker; alone, and while somebody posts into the room."""

import asyncio
import gzip
import subprocess
import sys
import time
from urllib.parse import urlsplit

from tests.bench.fan_out import BODY, paced
from tests.bench.measure import CLIENT_CORE, PATIENCE_SECONDS, cpu_seconds, pin
from tests.bench.stage import Stage, teahouse
from tests.house import House, Visitor, articles

AT_ONCE = 16
MESSAGES = 50
POSTS_PER_SECOND = 10
PEOPLE = 5
ROOMS = 5
CHECKED_EVERY = 97
"""Every so manieth page is unpacked and its messages counted; each one's status and length is looked at."""


async def case(on: Stage, seconds: int, runs: int) -> dict[str, list[float]]:
    """Pages a second alone and during posts, in turns; `cpu` is microseconds of all servers for a page alone."""
    found: dict[str, list[float]] = {"alone": [], "during posts": [], "cpu": []}
    async with teahouse(on) as house:
        reader, writer, room = await furnish(house)
        roots = [house.process.pid, *on.servers]
        await pages(house, reader, room, 2)  # warm
        for _ in range(runs):
            before = cpu_seconds(roots)
            alone = await pages(house, reader, room, seconds)
            found["cpu"].append((cpu_seconds(roots) - before) / (alone * seconds) * 1e6)
            found["alone"].append(alone)
            posts = asyncio.create_task(
                paced(seconds * POSTS_PER_SECOND, lambda body: writer.say(room, body), POSTS_PER_SECOND)
            )
            found["during posts"].append(await pages(house, reader, room, seconds))
            await posts
    return found


async def furnish(house: House) -> tuple[Visitor, Visitor, int]:
    """A room as they are: some people, who wrote in turns; the reader is in some other rooms as well."""
    people = [await Visitor.at(house.url).sign_up() for _ in range(PEOPLE)]
    reader = people[0]
    for _ in range(ROOMS):
        await reader.make_room()
    room = await reader.make_room()
    for other in people[1:]:
        await other.join(room)
    for n in range(MESSAGES):
        await people[n % PEOPLE].say(room, BODY.format(n))
    await reader.http.get(f"/rooms/{room}")  # from now on its cookies are those of somebody who was there
    return reader, people[1], room


async def pages(house: House, reader: Visitor, room: int, seconds: int) -> float:
    """Pages a second, by a client in a process of its own on the other core."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in reader.http.cookies.jar)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.pages", str(urlsplit(house.url).port), f"/rooms/{room}", str(seconds)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: pin(CLIENT_CORE),
    )
    answer, _ = await asyncio.wait_for(process.communicate(cookies.encode()), PATIENCE_SECONDS + seconds)
    return float(answer)


class Load(asyncio.Protocol):
    """One keep-alive connection that asks for the next page as soon as it has the last one."""

    def __init__(self, request: bytes, until: float) -> None:
        self.request = request
        self.until = until
        self.done = 0
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.got = bytearray()
        self.whole = 0
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.got += data
        if not self.whole and (head := self.got.find(b"\r\n\r\n")) > 0:
            fields = bytes(self.got[:head]).lower()
            if not fields.startswith(b"http/1.1 200"):
                return self.fail(AssertionError(fields.decode()))
            self.body = head + 4
            self.whole = self.body + int(fields.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
        if self.whole and len(self.got) >= self.whole:
            self.take()
        return None

    def take(self) -> None:
        if self.done % CHECKED_EVERY == 0:
            found = articles(gzip.decompress(self.got[self.body :]).decode())
            if len(found) < MESSAGES // 2 or [a.seq for a in found] != sorted({a.seq for a in found}):
                return self.fail(AssertionError(f"a page with {len(found)} messages"))
        self.done += 1
        if time.monotonic() < self.until:
            return self.ask()
        self.transport.close()
        return self.ended.set_result(self.done)

    def fail(self, problem: Exception) -> None:
        self.ended.set_exception(problem)
        self.transport.close()


async def load(port: int, path: str, seconds: float, cookies: str) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nCookie: {cookies}\r\n\r\n".encode()
    begun = time.monotonic()
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Load(request, begun + seconds), "127.0.0.1", port))[1]
        for _ in range(AT_ONCE)
    ]
    done = sum(await asyncio.gather(*[client.ended for client in clients]))
    return done / (time.monotonic() - begun)


if __name__ == "__main__":
    port, path, seconds = sys.argv[1:]
    sys.stdout.write(str(asyncio.run(load(int(port), path, float(seconds), sys.stdin.read()))))
