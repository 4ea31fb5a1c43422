"""The real thing, for tests: servers as `teahouse serve` starts them, visitors over HTTP, readers on sockets."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
import websockets

REPOSITORY = Path(__file__).parent.parent
START_SECONDS_MAX = 60
PATIENCE_SECONDS = 20
AT_ONCE_SECONDS = 1.9
"""For what is promised within a second, on a machine that has much else to do: less than the sweep would take."""
PASSWORD = "a good long password"
_numbers = count(1)

ARTICLE = re.compile(
    r'<article class="message( system)?[^"]*" id="m-([0-9a-f-]{36})" data-seq="(\d+)" data-version="(\d+)"'
)
VERSION = re.compile(r'<data id="room-version" value="(\d+)">')


class House:
    """One `teahouse serve` on a free port."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    @classmethod
    async def open(cls, **environment: str) -> "House":
        """Start it and wait for the line that says where it is."""
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=REPOSITORY,
            env=clean_environment() | {"PORT": "0", "WORKERS": "1", "LIMITS": "off"} | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), START_SECONDS_MAX)
        assert "Teahouse is open" in line, line
        return cls(process, line.split()[-1])

    def workers(self) -> list[int]:
        """The process ids of its workers: those of its children that run what it runs, in a session of their own."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if _is_forked_of(int(child), pid)]

    async def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(asyncio.to_thread(self.process.wait), START_SECONDS_MAX)
        self.process.stdout.close()


def _is_forked_of(child: int, parent: int) -> bool:
    commands = [Path(f"/proc/{pid}/cmdline") for pid in (child, parent)]
    try:
        return os.getsid(child) == child and commands[0].read_bytes() == commands[1].read_bytes()
    except OSError:
        return False  # it has ended


def serve(**environment: str) -> subprocess.CompletedProcess[str]:
    """A `teahouse serve` that is expected to give up: what it said, and how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=REPOSITORY,
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    ours = ("HOST", "PORT", "WORKERS", "DATA_DIR", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BASE_URL")
    return {name: value for name, value in os.environ.items() if name not in ours}


visitors: list["Visitor"] = []
"""Everybody who came during this test; they are seen out at its end."""


@dataclass
class Visitor:
    """Somebody with a browser that runs no JavaScript."""

    http: httpx.AsyncClient
    url: str
    name: str = ""
    email: str = ""
    id: int = 0

    @classmethod
    def at(cls, url: str) -> "Visitor":
        visitor = cls(httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS), url)
        visitors.append(visitor)
        return visitor

    async def sign_up(self, name: str = "", **fields: str) -> "Visitor":
        self.name = name or f"Visitor {next(_numbers)}"
        self.email = f"{uuid4().hex}@example.org"
        form = {"name": self.name, "email": self.email, "password": PASSWORD} | fields
        answer = await self.http.post("/sign-up", data=form)
        assert answer.status_code == 303, answer.text
        page = await self.http.get("/rooms")
        self.id = int(re.search(r'data-me="(\d+)"', page.text).group(1))
        return self

    async def make_room(self, name: str = "", visibility: str = "open") -> int:
        form = {"name": name or f"Room {next(_numbers)}", "visibility": visibility}
        answer = await self.http.post("/rooms", data=form)
        assert answer.status_code == 303, answer.text
        return int(answer.headers["location"].rsplit("/", 1)[1])

    async def join(self, room: int) -> "Visitor":
        answer = await self.http.post(f"/rooms/{room}/join")
        assert answer.status_code == 303, answer.text
        return self

    async def invitation_to(self, room: int) -> str:
        page = await self.http.get(f"/rooms/{room}/members")
        return re.search(r'href="(/join/[^"]+)"', page.text).group(1)

    async def post(self, room: int, body: str, id: str = "", htmx: bool = True) -> httpx.Response:
        return await self.http.post(
            f"/rooms/{room}/messages",
            data={"id": id or str(uuid4()), "body": body},
            headers={"HX-Request": "true"} if htmx else {},
        )

    async def act(self, address: str, **form: str) -> httpx.Response:
        """Send a form as htmx does."""
        return await self.http.post(address, data=form, headers={"HX-Request": "true"})

    async def fragment(self, address: str) -> httpx.Response:
        return await self.http.get(address, headers={"HX-Request": "true"})

    async def reply(self, room: int, original: str, body: str) -> str:
        answer = await self.act(f"/rooms/{room}/messages", body=body, reply_to=original)
        assert answer.status_code == 200, answer.text
        return articles(answer.text)[0].id

    async def say(self, room: int, body: str) -> str:
        """Post a message that must be accepted; returns its id."""
        answer = await self.post(room, body)
        assert answer.status_code == 200, answer.text
        return articles(answer.text)[0].id

    async def version_of(self, room: int) -> int:
        return version((await self.http.get(f"/rooms/{room}")).text)

    @contextlib.asynccontextmanager
    async def listening(self, room: int, since: int = 0, faces: str = "", **headers: str) -> AsyncIterator["Reader"]:
        """A socket in the room, read all the time; `faces` is the number that the page has of people's looks."""
        address = self.socket_url(room, since) + (f"&faces={faces}" if faces else "")
        async with websockets.connect(
            address, additional_headers=self.socket_headers() | headers, max_size=None
        ) as socket:
            reader = Reader(socket)
            reading = asyncio.create_task(reader.read())
            try:
                yield reader
            finally:
                reading.cancel()

    def socket_url(self, room: int, since: int = 0) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/socket?room={room}&since={since}"

    def socket_headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)
        return {"Cookie": cookies, "Origin": self.url}


@dataclass
class Article:
    id: str
    seq: int
    version: int
    system: bool = False


def articles(html: str) -> list[Article]:
    """The messages that people wrote."""
    return [article for article in all_articles(html) if not article.system]


def all_articles(html: str) -> list[Article]:
    """The same and the system messages: together their seqs have no gap."""
    return [Article(id, int(seq), int(version), bool(system)) for system, id, seq, version in ARTICLE.findall(html)]


def version(html: str) -> int:
    return int(VERSION.findall(html)[-1])


@dataclass
class Reader:
    """What one socket brought, in the order of arrival: `articles` people wrote, `events` are system messages."""

    socket: websockets.ClientConnection
    events: list[Article] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    closed_with: int | None = None

    async def read(self) -> None:
        try:
            async for frame in self.socket:
                self.frames.append(frame)
                for article in all_articles(frame):
                    (self.events if article.system else self.articles).append(article)
                self.news.set()
        except websockets.ConnectionClosed:
            pass
        self.closed_with = self.socket.close_code
        self.news.set()

    @property
    def seqs(self) -> list[int]:
        return [article.seq for article in self.articles]

    @property
    def version(self) -> int:
        return next((version(frame) for frame in reversed(self.frames) if VERSION.search(frame)), 0)

    def news_of(self, message: str) -> str:
        """The latest frame that brought this message."""
        return next(frame for frame in reversed(self.frames) if f'id="m-{message}"' in frame)

    async def brings(self, *marks: str, without: str = "\0") -> str:
        """Wait for a frame with all these marks in it; returns the latest one."""

        def fitting() -> list[str]:
            return [frame for frame in self.frames if all(m in frame for m in marks) and without not in frame]

        await self.until(lambda _: fitting())
        return fitting()[-1]

    async def until(self, condition, seconds: float = PATIENCE_SECONDS) -> "Reader":
        """Wait for what the socket brings to fulfil the condition."""
        async with asyncio.timeout(seconds):
            while not condition(self):
                self.news.clear()
                await self.news.wait()
        return self
