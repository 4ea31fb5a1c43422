"""Every route, whoever asks, whosever room: the expected answer. A route that is not listed here fails the test.

`own` is a closed room with a member, an admin and the server's administrator (a plain member) in it; the stranger
is outside. `foreign` is a closed room that none of them is in. The columns are those of WHO.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
import websockets
from litestar.handlers import HTTPRouteHandler

from app.main import HANDLERS
from tests.conftest import Servers
from tests.house import PASSWORD, House, Visitor
from tests.web.test_uploads import sent

WHO = ("signed out", "stranger", "member", "administrator", "room admin")

EVERYBODY_200 = "200 200 200 200 200"
SIGNED_IN_200 = "sign-in 200 200 200 200"
SIGNED_IN_303 = "sign-in 303 303 303 303"
INSIDERS_200 = "sign-in 404 200 200 200"
INSIDERS_303 = "sign-in 404 303 303 303"
INSIDERS_403 = "sign-in 404 403 403 403"
ADMIN_200 = "sign-in 404 403 403 200"
ADMIN_303 = "sign-in 404 403 403 303"
ADMINISTRATOR_200 = "sign-in 403 403 200 403"
ADMINISTRATOR_303 = "sign-in 403 403 303 403"
NOBODY = "sign-in 404 404 404 404"


@dataclass(frozen=True)
class Row:
    """What to ask, with {room}, {target} (a member of the room) and {message} (one of theirs) filled in."""

    address: str
    own: str
    foreign: str
    form: dict[str, str] = field(default_factory=dict)


MATRIX = {
    "GET /": Row("/", SIGNED_IN_303, SIGNED_IN_303),
    "GET /sign-in": Row("/sign-in", "200 303 303 303 303", "200 303 303 303 303"),
    "POST /sign-in": Row(
        "/sign-in", "422 422 422 422 422", "422 422 422 422 422", {"email": "a@b", "password": "wrong"}
    ),
    "GET /sign-up": Row("/sign-up", "200 303 303 303 303", "200 303 303 303 303"),
    "POST /sign-up": Row("/sign-up", "422 422 422 422 422", "422 422 422 422 422", {"name": ""}),
    "POST /sign-out": Row(
        "/sign-out", "sign-in sign-in sign-in sign-in sign-in", "sign-in sign-in sign-in sign-in sign-in"
    ),
    "POST /theme": Row("/theme", "303 303 303 303 303", "303 303 303 303 303", {"theme": "dark"}),
    "GET /rooms": Row("/rooms", SIGNED_IN_200, SIGNED_IN_200),
    "POST /rooms": Row("/rooms", SIGNED_IN_303, SIGNED_IN_303, {"name": "Another"}),
    "GET /rooms/{room_id:int}": Row("/rooms/{room}", INSIDERS_200, NOBODY),
    "POST /rooms/{room_id:int}/join": Row("/rooms/{room}/join", INSIDERS_303, NOBODY),
    "GET /rooms/{room_id:int}/join": Row("/rooms/{room}/join", INSIDERS_303, NOBODY),
    "POST /rooms/{room_id:int}/leave": Row("/rooms/{room}/leave", INSIDERS_303, NOBODY),
    "GET /rooms/{room_id:int}/members": Row("/rooms/{room}/members", INSIDERS_200, NOBODY),
    "GET /join/{code:str}": Row("/join/{code}", "200 200 303 303 303", EVERYBODY_200),
    "POST /join/{code:str}": Row("/join/{code}", SIGNED_IN_303, SIGNED_IN_303),
    "GET /me": Row("/me", SIGNED_IN_200, SIGNED_IN_200),
    "POST /me": Row("/me", SIGNED_IN_303, SIGNED_IN_303, {"name": "Somebody"}),
    "POST /me/password": Row(
        "/me/password", "sign-in 422 422 422 422", "sign-in 422 422 422 422", {"current": "no", "password": PASSWORD}
    ),
    "GET /me/devices": Row("/me/devices", SIGNED_IN_200, SIGNED_IN_200),
    "POST /me/devices/{session_id:int}/revoke": Row("/me/devices/2000000000/revoke", NOBODY, NOBODY),
    "POST /me/devices/others/revoke": Row("/me/devices/others/revoke", SIGNED_IN_303, SIGNED_IN_303),
    "POST /rooms/{room_id:int}/messages": Row("/rooms/{room}/messages", INSIDERS_303, NOBODY, {"body": "hello"}),
    "GET /rooms/{room_id:int}/messages": Row("/rooms/{room}/messages", INSIDERS_200, NOBODY),
    "GET /rooms/{room_id:int}/changes": Row("/rooms/{room}/changes?since=0", INSIDERS_200, NOBODY),
    "GET /rooms/{room_id:int}/mentionable": Row("/rooms/{room}/mentionable?q=a", INSIDERS_200, NOBODY),
    "POST /rooms/{room_id:int}/notify": Row("/rooms/{room}/notify", INSIDERS_303, NOBODY, {"notify": "nothing"}),
    "POST /rooms/{room_id:int}/preview": Row("/rooms/{room}/preview", INSIDERS_200, NOBODY, {"body": "*hello*"}),
    "GET /messages/{message_id:str}": Row("/messages/{message}", INSIDERS_303, NOBODY),
    "GET /messages/{message_id:str}/menu": Row("/messages/{message}/menu", INSIDERS_200, NOBODY),
    "GET /messages/{message_id:str}/readers": Row("/messages/{message}/readers", INSIDERS_200, NOBODY),
    "POST /messages/{message_id:str}/unread": Row("/messages/{message}/unread", INSIDERS_303, NOBODY),
    "POST /messages/{message_id:str}/delete": Row("/messages/{message}/delete", ADMIN_303, NOBODY),
    "GET /rooms/{room_id:int}/settings": Row("/rooms/{room}/settings", ADMIN_200, NOBODY),
    "POST /rooms/{room_id:int}/settings": Row(
        "/rooms/{room}/settings", ADMIN_303, NOBODY, {"name": "Tea", "topic": "", "visibility": "closed"}
    ),
    "POST /rooms/{room_id:int}/members": Row("/rooms/{room}/members", ADMIN_303, NOBODY, {"person": "{target}"}),
    "POST /rooms/{room_id:int}/members/{member_id:int}": Row(
        "/rooms/{room}/members/{target}", ADMIN_303, NOBODY, {"action": "remove"}
    ),
    "POST /rooms/{room_id:int}/invitation": Row("/rooms/{room}/invitation", ADMIN_303, NOBODY),
    "GET /rooms/{room_id:int}/gone": Row("/rooms/{room}/gone", "200 200 303 303 303", EVERYBODY_200),
    "GET /administration": Row("/administration", ADMINISTRATOR_200, ADMINISTRATOR_200),
    "GET /audit": Row("/audit", ADMINISTRATOR_200, ADMINISTRATOR_200),
    "POST /people/{person_id:int}/ban": Row("/people/{target}/ban", ADMINISTRATOR_303, ADMINISTRATOR_303),
    "POST /people/{person_id:int}/unban": Row("/people/{target}/unban", ADMINISTRATOR_303, ADMINISTRATOR_303),
    "POST /direct": Row("/direct", SIGNED_IN_303, SIGNED_IN_303, {"person": "{target}"}),
    "GET /people": Row("/people", SIGNED_IN_200, SIGNED_IN_200),
    "GET /people/{person_id:int}": Row("/people/{target}", SIGNED_IN_200, SIGNED_IN_200),
    "GET /people/{person_id:int}/avatar": Row("/people/{target}/avatar", SIGNED_IN_200, SIGNED_IN_200),
    "POST /rooms/{room_id:int}/files": Row("/rooms/{room}/files", "sign-in 404 422 422 422", NOBODY),
    "GET /files/{file_id:str}/{name:str}": Row("/files/{file}/notes.txt", INSIDERS_200, NOBODY),
    "GET /files/{file_id:str}/preview": Row("/files/{file}/preview", INSIDERS_200, NOBODY),
    "GET /search": Row("/search?q=hello", SIGNED_IN_200, SIGNED_IN_200),
    "GET /search/suggestions": Row("/search/suggestions?q=from:", SIGNED_IN_200, SIGNED_IN_200),
    "GET /messages/{message_id:str}/edit": Row("/messages/{message}/edit", INSIDERS_403, NOBODY),
    "POST /messages/{message_id:str}": Row("/messages/{message}", INSIDERS_403, NOBODY, {"body": "other"}),
    "GET /messages/{message_id:str}/wordings": Row("/messages/{message}/wordings", ADMIN_200, NOBODY),
    "GET /messages/{message_id:str}/reactions": Row("/messages/{message}/reactions", INSIDERS_200, NOBODY),
    "POST /messages/{message_id:str}/reactions": Row(
        "/messages/{message}/reactions", INSIDERS_303, NOBODY, {"emoji": "🍵"}
    ),
    "GET /messages/{message_id:str}/reactions/picker": Row(
        "/messages/{message}/reactions/picker", INSIDERS_200, NOBODY
    ),
    "WEBSOCKET /socket": Row("/socket?room={room}", "4401 4403 open open open", "4401 4403 4403 4403 4403"),
    "GET /static/{fingerprint:str}/{path:path}": Row("/static/x/all.css", EVERYBODY_200, EVERYBODY_200),
    "GET /people/{person_id:int}/mine.css": Row("/people/{target}/mine.css", EVERYBODY_200, EVERYBODY_200),
    "GET /healthz": Row("/healthz", EVERYBODY_200, EVERYBODY_200),
    "GET /readyz": Row("/readyz", EVERYBODY_200, EVERYBODY_200),
}


@dataclass
class Cast:
    """Everybody of one round, and both rooms with somebody (`target`) who speaks in them."""

    people: dict[str, Visitor]
    rooms: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
async def town(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, str]]:
    """A house, and the email of its administrator."""
    own = await servers.empty_database()
    house = await House.open(**own.environment(), DATA_DIR=str(tmp_path_factory.mktemp("town")))
    administrator = await Visitor.at(house.url).sign_up("Administrator")
    yield house, administrator.email
    await house.close()


async def cast_for(house: House, email: str) -> Cast:
    stranger, member, admin, owner, target = [await Visitor.at(house.url).sign_up() for _ in range(5)]
    administrator = Visitor.at(house.url)
    answer = await administrator.http.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 303
    rooms = {}
    for name, keeper in (("own", admin), ("foreign", owner)):
        room = await keeper.make_room(visibility="closed")
        link = await keeper.invitation_to(room)
        for person in [target, member, administrator] if name == "own" else [target]:
            await person.http.post(link)
        rooms[name] = {
            "room": room,
            "code": link.rsplit("/", 1)[1],
            "target": target.id,
            "message": await target.say(room, "hello"),
            "file": (await sent(target, room, b"words", "notes.txt"))[1],
        }
    people = (Visitor.at(house.url), stranger, member, administrator, admin)
    return Cast(dict(zip(WHO, people, strict=True)), rooms)


def routes() -> set[str]:
    """Every method and path that the application answers."""
    return {
        f"{method} {path}"
        for handler in HANDLERS
        for path in handler.paths
        for method in (handler.http_methods if isinstance(handler, HTTPRouteHandler) else ["WEBSOCKET"])
    }


def test_every_route_is_listed() -> None:
    assert set(MATRIX) == routes()


@pytest.mark.parametrize("route", MATRIX)
async def test_each_answers_as_listed(town: tuple[House, str], route: str) -> None:
    row = MATRIX[route]
    method = route.split()[0]
    cast = await cast_for(*town)
    for room, expected in (("own", row.own), ("foreign", row.foreign)):
        answers = []
        for visitor in cast.people.values():
            address = row.address.format(**cast.rooms[room])
            if method == "WEBSOCKET":
                answers.append(await on_socket(visitor, address))
            else:
                answers.append(await over_http(visitor, method, address, row.form, cast.rooms[room]))
        assert dict(zip(WHO, answers, strict=True)) == dict(zip(WHO, expected.split(), strict=True)), room


async def over_http(
    visitor: Visitor, method: str, address: str, form: dict[str, str], names: dict[str, object]
) -> str:
    """The status, or `sign-in` where it leads there."""
    data = {name: value.format(**names, uuid=uuid4()) for name, value in form.items()} if method == "POST" else None
    answer = await visitor.http.request(method, address, data=data)
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"):
        return "sign-in"
    return str(answer.status_code)


async def on_socket(visitor: Visitor, address: str) -> str:
    """The code it was closed with, or `open` when it brings something first."""
    url = visitor.url.replace("http", "ws", 1) + address
    async with websockets.connect(url, additional_headers=visitor.socket_headers()) as socket, asyncio.timeout(10):
        try:
            await socket.recv()
        except websockets.ConnectionClosed:
            return str(socket.close_code)
        return "open"
