"""Coming into a room and leaving it, its list of members, and the invitation link."""

from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import memberships
from app.actions.messages import Posts
from app.errors import NotAMember
from app.limits import COMING_AND_GOING
from app.queries import people, rooms, timeline
from app.realtime.hub import Hub
from app.settings import Settings
from app.views import Person
from app.web.pages import frame_for, html, see_other
from app.web.visitors import AnyRequest


@post("/rooms/{room_id:int}/join", limit=COMING_AND_GOING)
async def join(request: AnyRequest, person: Person, posts: Posts, hub: Hub, room_id: FromPath[int]) -> Response[str]:
    room = await access.visible_room_for(person, room_id)
    await memberships.join(person.id, room, posts, hub)
    return see_other(request, f"/rooms/{room.id}")


@get("/rooms/{room_id:int}/join")
async def way_in(request: AnyRequest, person: Person, room_id: FromPath[int]) -> Response[str]:
    """For whoever follows or reloads the address of the form: the room's own page offers to join it."""
    room = await access.visible_room_for(person, room_id)
    return see_other(request, f"/rooms/{room.id}")


@post("/rooms/{room_id:int}/leave", limit=COMING_AND_GOING)
async def leave(request: AnyRequest, person: Person, posts: Posts, hub: Hub, room_id: FromPath[int]) -> Response[str]:
    room = await access.room_for(person, room_id)
    await memberships.leave(person, room, posts, hub)
    return see_other(request, "/rooms")


@get("/rooms/{room_id:int}/members")
async def members(
    request: AnyRequest, person: Person, settings: Settings, hub: Hub, room_id: FromPath[int], q: FromQuery[str] = ""
) -> Response[str]:
    room = await access.visible_room_for(person, room_id)
    frame = await frame_for(request, person, room.id)
    if room.role is None:
        return html(rendering.pages.join(frame, room, f"/rooms/{room.id}/join"), NotAMember.status)
    version = (await timeline.versions([room.id]))[room.id]
    inside = [replace(each, status=hub.presence.status_of(each.id)) for each in await rooms.members(room.id)]
    addable = await people.addable(room.id, q.strip()) if room.is_admin and not room.is_direct else ()
    return html(rendering.pages.members(frame, room, inside, _origin(request, settings), version, addable, q.strip()))


@get("/join/{code:str}")
async def invitation(request: AnyRequest, visitor: Person | None, code: FromPath[str]) -> Response[str]:
    room = await access.room_behind(code)
    if visitor and await access.is_member(visitor, room.id):
        return see_other(request, f"/rooms/{room.id}")
    return html(rendering.pages.join(await frame_for(request, visitor), room, f"/join/{code}", code))


@post("/join/{code:str}", limit=COMING_AND_GOING)
async def accept_invitation(
    request: AnyRequest, person: Person, posts: Posts, hub: Hub, code: FromPath[str]
) -> Response[str]:
    room = await access.room_behind(code)
    await memberships.join(person.id, room, posts, hub, code)
    return see_other(request, f"/rooms/{room.id}")


def _origin(request: AnyRequest, settings: Settings) -> str:
    """The address that others reach this server by: what is configured, or what this visitor used."""
    if settings.base_url_is_default and (host := request.headers.get("host")):
        return f"{request.url.scheme}://{host}"
    return settings.base_url
