"""Limits for people who are signed in: far above what hands can do, the same on every worker, with a sentence."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from time import monotonic
from uuid import uuid4

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from redis.asyncio import Redis

from app import limits
from app.errors import TooOften
from app.limits import Bucket, Limits
from app.main import HANDLERS
from tests.conftest import Servers
from tests.house import PATIENCE_SECONDS, House, Visitor, articles

ROUTES = [
    (limits.POSTING, "POST /rooms/{room}/messages", {"body": "hello"}),
    (limits.UPLOADING, "POST /rooms/{room}/files", {}),
    (limits.EDITING, "POST /messages/{message}", {"body": "hello again"}),
    (limits.DELETING, "POST /messages/{message}/delete", {}),
    (limits.REACTING, "POST /messages/{message}/reactions", {"emoji": "🍵"}),
    (limits.MARKING, "POST /messages/{message}/unread", {}),
    (limits.PREVIEWING, "POST /rooms/{room}/preview", {"body": "hello"}),
    (limits.SEARCHING, "GET /search?q=hello", {}),
    (limits.SEARCHING, "GET /people?q=ana", {}),
    (limits.SUGGESTING, "GET /search/suggestions?q=from:", {}),
    (limits.SUGGESTING, "GET /rooms/{room}/mentionable?q=a", {}),
    (limits.MAKING_ROOMS, "POST /rooms", {"name": "Another", "visibility": "open"}),
    (limits.MAKING_ROOMS, "POST /direct", {"person": "{me}"}),
    (limits.COMING_AND_GOING, "POST /rooms/{room}/join", {}),
    (limits.COMING_AND_GOING, "POST /rooms/{room}/leave", {}),
    (limits.ADMINISTERING, "POST /rooms/{room}/settings", {"name": "Tea", "topic": "", "visibility": "open"}),
    (limits.ADMINISTERING, "POST /rooms/{room}/invitation", {}),
    (limits.CHOOSING, "POST /rooms/{room}/notify", {"notify": "mentions"}),
    (limits.CHOOSING, "POST /me", {"name": "Ana"}),
]

LIMITED_BY_THEMSELVES = {
    "/sign-in",
    "/sign-up",
    "/me/password",
    "/rooms/{room_id:int}/messages",
}
NEEDS_NONE = {"/sign-out", "/theme"}


def test_no_form_is_without_a_limit() -> None:
    without = {
        path
        for handler in HANDLERS
        for path in handler.paths
        if isinstance(handler, HTTPRouteHandler) and "POST" in handler.http_methods and "limit" not in handler.opt
    }
    assert without == LIMITED_BY_THEMSELVES | NEEDS_NONE


@pytest.fixture(scope="module")
async def limited(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with two workers that limits, as it does unless it is told otherwise."""
    data = str(tmp_path_factory.mktemp("limited"))
    house = await House.open(**servers.environment(), DATA_DIR=data, WORKERS="2", LIMITS="on")
    yield house
    await house.close()


async def drain(servers: Servers, bucket: Bucket, person: int, leave: int) -> None:
    """Take tokens of a person until `leave` are left."""
    redis = Redis.from_url(servers.redis_url)
    for _ in range(bucket.capacity - leave):
        await Limits(redis, enabled=True).take(bucket, str(person))
    await redis.aclose()


@contextlib.asynccontextmanager
async def drained(servers: Servers, bucket: Bucket, person: int | str) -> AsyncIterator[None]:
    """Meanwhile the bucket of a person, or an address, is empty: a token that comes back is taken at once,
    nearly always."""
    redis = Redis.from_url(servers.redis_url)
    own = Limits(redis, enabled=True)
    empty, done = asyncio.Event(), asyncio.Event()

    async def take_all() -> None:
        while not done.is_set():
            try:
                await own.take(bucket, str(person))
            except TooOften:
                empty.set()

    taking = asyncio.create_task(take_all())
    await asyncio.wait_for(empty.wait(), PATIENCE_SECONDS)
    try:
        yield
    finally:
        done.set()
        await taking
        await redis.aclose()


@pytest.mark.parametrize(("bucket", "route", "form"), ROUTES, ids=[route for _, route, _ in ROUTES])
async def test_the_last_token_is_good_and_then_there_is_a_sentence(
    limited: House, servers: Servers, bucket: Bucket, route: str, form: dict[str, str]
) -> None:
    ana = await Visitor.at(limited.url).sign_up("Ana")
    room = await ana.make_room()
    message = await ana.say(room, "hello")
    method, address = route.format(room=room, message=message).split(maxsplit=1)
    data = {name: value.format(me=ana.id) for name, value in form.items()}

    async def ask(htmx: bool) -> httpx.Response:
        headers = {"HX-Request": "true"} if htmx else {}
        return await ana.http.request(method, address, data=data if method == "POST" else None, headers=headers)

    fresh = await Visitor.at(limited.url).sign_up("Bo")
    await drain(servers, bucket, fresh.id, leave=0)  # whose tries count for nobody else
    await drain(servers, bucket, ana.id, leave=2 if bucket in (limits.POSTING, limits.MAKING_ROOMS) else 1)
    assert (await ask(htmx=True)).status_code in (200, 422)
    for htmx in (True, False):
        async with drained(servers, bucket, ana.id), asyncio.timeout(PATIENCE_SECONDS):
            while (refused := await ask(htmx)).status_code != 429:
                pass
        assert re.search(r"Too many tries\. Please wait \d+ seconds? and try again\.", refused.text)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.text.startswith("<!doctype html>") != htmx


async def test_of_a_flood_of_posts_exactly_those_are_stored_that_were_accepted(limited: House) -> None:
    ana = await Visitor.at(limited.url).sign_up("Ana")
    room = await ana.make_room()
    answers = await asyncio.gather(*(ana.post(room, f"message {n}") for n in range(limits.POSTING.capacity * 2)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= limits.POSTING.capacity
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert articles(page)[-1].seq == statuses.count(200)
    bo = await (await Visitor.at(limited.url).sign_up("Bo")).join(room)
    await bo.say(room, "and I can still speak")


async def test_a_post_that_came_too_often_is_not_lost_without_javascript(limited: House, servers: Servers) -> None:
    ana = await Visitor.at(limited.url).sign_up("Ana")
    room = await ana.make_room()
    text = f"a long thought {uuid4().hex}"
    async with drained(servers, limits.POSTING, ana.id), asyncio.timeout(PATIENCE_SECONDS):
        while (refused := await ana.post(room, text, htmx=False)).status_code != 429:
            pass
    assert f">\n{text}</textarea>" in refused.text
    assert int(refused.headers["retry-after"]) >= 1


async def test_a_form_that_comes_back_says_when_to_try_again(limited: House, servers: Servers) -> None:
    """Those that count for themselves; signing in is tried in test_accounts."""
    ana = await Visitor.at(limited.url).sign_up("Ana")
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    account = {"name": "Bo", "email": "bo@example.org", "password": "short"}
    cases = [
        (limits.SIGN_UP_ADDRESS, "192.0.2.7", lambda: ana.http.post("/sign-up", data=account, headers=elsewhere)),
        (limits.PICTURE, ana.id, lambda: ana.http.post("/me", files={"avatar": ("me.jpg", b"none")})),
        (limits.PASSWORD_CHANGE, ana.id, lambda: ana.http.post("/me/password", data={"password": "short"})),
    ]
    for bucket, who, send in cases:
        async with drained(servers, bucket, who), asyncio.timeout(PATIENCE_SECONDS):
            while (refused := await send()).status_code != 429:
                assert refused.status_code == 422
        assert "Too many tries. Please wait" in refused.text
        assert int(refused.headers["retry-after"]) >= 1


async def test_switched_off_nothing_is_limited(house: House, servers: Servers) -> None:
    ana = await Visitor.at(house.url).sign_up("Ana")
    async with drained(servers, limits.SEARCHING, ana.id):
        assert (await ana.http.get("/search?q=tea")).status_code == 200


async def test_a_redis_that_hangs_holds_nobody_up_for_long() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    redis = Redis.from_url(f"redis://127.0.0.1:{port}", socket_timeout=30)
    began = monotonic()
    own = Limits(redis, enabled=True)
    for _ in range(3):
        await own.take(Bucket("a", capacity=1, refill_seconds=60), "ana")
    assert monotonic() - began < 10
    assert len(writers) == 1  # after the first try nobody asks it for a while
    await redis.aclose()
    server.close()
    for writer in writers:
        writer.close()
