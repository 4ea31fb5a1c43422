"""The room page, the directory, and making a room."""

from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response.base import ASGIResponse

from app import access, rendering
from app.actions import rooms as room_actions
from app.errors import Invalid, NotThere, SignedOut
from app.limits import MAKING_ROOMS
from app.queries import rooms
from app.realtime.hub import Hub
from app.views import Form, Person
from app.web.forms import fields, number
from app.web.pages import bare_frame, frame_for, html, see_other
from app.web.pieces import answer, passing
from app.web.room_page import RoomPages
from app.web.visitors import ROOM_COOKIE, AnyRequest, kept_cookie, remembered

NEW_ROOM = Form({"visibility": "open"})


@get("/")
async def home(request: AnyRequest, visitor: Person | None) -> Response[str]:
    if visitor is None:
        raise SignedOut
    room = await rooms.room_to_open(visitor, number(request.cookies.get(ROOM_COOKIE, "")))
    return see_other(request, f"/rooms/{room}" if room else "/rooms")


@get("/rooms")
async def directory(request: AnyRequest, person: Person) -> Response[str]:
    return await _directory_page(request, person, NEW_ROOM)


@post("/rooms", limit=MAKING_ROOMS)
async def create(request: AnyRequest, person: Person, hub: Hub) -> Response[str]:
    form = await fields(request)
    try:
        room = await room_actions.create(person, form.get("name", ""), form.get("visibility", "open"), hub)
    except Invalid as problem:
        return await _directory_page(request, person, Form(form, problem.fields), problem.status)
    return see_other(request, f"/rooms/{room}")


@get("/rooms/{room_id:int}", exclude_from_compression=True)
async def show(
    request: AnyRequest,
    room_id: FromPath[int],
    before: FromQuery[int | None] = None,
    after: FromQuery[int | None] = None,
    around: FromQuery[str | None] = None,
    reply_to: FromQuery[str | None] = None,
) -> ASGIResponse:
    """What this needs it takes from the app's state: to be given it by the framework costs more than the messages."""
    person = await remembered(request)
    pages: RoomPages = request.app.state.room_pages
    opened = await pages.open(person, room_id)
    room = opened.room
    if room.role is None:
        frame = replace(bare_frame(request), me=person, rooms=opened.mine)
        return answer(request, [passing(rendering.pages.join(frame, room, f"/rooms/{room.id}/join"))])
    place = await access.message_for(person, around) if around else None
    if place and place.room != room.id:
        raise NotThere
    form = Form({"reply_to": reply_to}) if reply_to else None
    page = await pages.of(request, person, opened, before=before, after=after, around=place, form=form)
    known = request.cookies.get(ROOM_COOKIE) == str(room.id)
    return answer(request, page, () if known else [kept_cookie(request, ROOM_COOKIE, str(room.id))])


async def _directory_page(request: AnyRequest, person: Person, form: Form, status: int = 200) -> Response[str]:
    frame = await frame_for(request, person)
    return html(rendering.pages.rooms(frame, await rooms.directory(person), form), status)
