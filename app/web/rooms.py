"""The room page, the directory, and making a room."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import rooms as room_actions
from app.errors import Invalid, NotAMember, NotThere, SignedOut
from app.limits import MAKING_ROOMS
from app.queries import marks, rooms, talk, timeline
from app.realtime.hub import Hub
from app.views import Form, Member, MessagePlace, Person, Quote, Room, Timeline
from app.web.forms import fields
from app.web.pages import frame_for, html, see_other
from app.web.visitors import ROOM_COOKIE, AnyRequest, kept_cookie

MESSAGES_AFTER = timeline.PAGE_MESSAGES // 2
"""How many more are shown after the message that a page was opened for."""
NEW_ROOM = Form({"visibility": "open"})


@get("/")
async def home(request: AnyRequest, visitor: Person | None) -> Response[str]:
    if visitor is None:
        raise SignedOut
    visited = request.cookies.get(ROOM_COOKIE, "")
    number = int(visited) if visited.isascii() and visited.isdigit() and len(visited) < 10 else 0
    room = await rooms.room_to_open(visitor, number)
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


@get("/rooms/{room_id:int}")
async def show(
    request: AnyRequest,
    person: Person,
    hub: Hub,
    room_id: FromPath[int],
    before: FromQuery[int | None] = None,
    after: FromQuery[int | None] = None,
    around: FromQuery[str | None] = None,
    reply_to: FromQuery[str | None] = None,
) -> Response[str]:
    room = await access.visible_room_for(person, room_id)
    if room.role is None:
        frame = await frame_for(request, person)
        return html(rendering.join_page(frame, room, f"/rooms/{room.id}/join"))
    place = await access.message_for(person, around) if around else None
    if place and place.room != room.id:
        raise NotThere
    form = Form({"reply_to": reply_to}) if reply_to else None
    response = await room_page(request, person, room, hub, before=before, after=after, around=place, form=form)
    response.set_cookie(kept_cookie(request, ROOM_COOKIE, str(room.id)))
    return response


async def room_page(
    request: AnyRequest,
    person: Person,
    room: Room,
    hub: Hub,
    before: int | None = None,
    after: int | None = None,
    around: MessagePlace | None = None,
    form: Form | None = None,
    status: int = 200,
) -> Response[str]:
    """The page of a room the person is in; `form` is a composer that comes back with what was typed."""
    if around:
        before = around.seq + MESSAGES_AFTER
    page = rendering.room_page(
        await frame_for(request, person, room.id),
        room,
        await _slice(room.id, before, after),
        with_status(await rooms.members(room.id), hub),
        str(uuid4()),
        form or Form(),
        await marks.receipts_of(room.id),
        request.app.state.settings.uploads,
        f"m-{around.id}" if around else "",
        await _replying(person, room, form.typed("reply_to")) if form else None,
    )
    return html(page, status)


async def _slice(room: int, before: int | None, after: int | None) -> Timeline:
    if after:
        following = await timeline.after(room, after)
        return following if following.messages else await timeline.latest(room)
    return await timeline.before(room, before) if before else await timeline.latest(room)


def with_status(members: Sequence[Member], hub: Hub) -> Sequence[Member]:
    """The same people with what this worker knows of their presence."""
    return [replace(member, status=hub.presence.status_of(member.id)) for member in members]


async def _replying(person: Person, room: Room, reply_to: str) -> Quote | None:
    """What the composer answers; None when it is no longer there."""
    if not reply_to:
        return None
    try:
        original = await access.message_for(person, reply_to)
    except (NotThere, NotAMember):
        return None
    return await talk.quote_of(original) if original.room == room.id else None


async def _directory_page(request: AnyRequest, person: Person, form: Form, status: int = 200) -> Response[str]:
    frame = await frame_for(request, person)
    return html(rendering.rooms_page(frame, await rooms.directory(person), form), status)
