"""The people of a room: coming into it and leaving it, their list, their roles, and the invitation link."""

from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import memberships
from app.actions import rooms as room_actions
from app.actions.messages import Posts
from app.errors import Invalid, NotAMember, SignedOut
from app.limits import ADMINISTERING, COMING_AND_GOING
from app.queries import people, rooms, timeline
from app.realtime.hub import Hub
from app.settings import Settings
from app.views import Person
from app.web.forms import fields, numbers
from app.web.pages import frame_for, html, see_other
from app.web.visitors import AnyRequest, person_of

NO_SUCH_ACTION = "There is no such action."
ROLES = {"make-admin": "admin", "make-member": "member"}


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


@get("/rooms/{room_id:int}/gone")
async def gone(request: AnyRequest, room_id: FromPath[int]) -> Response[str]:
    """Where the page of a room goes when its person is in it no longer. It says the same about every room.

    Whoever was sent out comes here at once, perhaps to a worker that has not heard of it: so it asks who they are.
    """
    try:
        visitor = await person_of(request)
    except SignedOut:
        visitor = None
    if visitor and await access.is_member(visitor, room_id):
        return see_other(request, f"/rooms/{room_id}")
    return html(rendering.pages.gone(await frame_for(request, visitor)))


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


@post("/rooms/{room_id:int}/members", limit=ADMINISTERING)
async def add_members(
    request: AnyRequest, person: Person, posts: Posts, hub: Hub, room_id: FromPath[int]
) -> Response[str]:
    room = await access.administered_room_for(person, room_id)
    await memberships.add(person, room, await numbers(request, "person"), posts, hub)
    return see_other(request, f"/rooms/{room.id}/members")


@post("/rooms/{room_id:int}/members/{member_id:int}", limit=ADMINISTERING)
async def change_member(
    request: AnyRequest,
    person: Person,
    posts: Posts,
    hub: Hub,
    room_id: FromPath[int],
    member_id: FromPath[int],
) -> Response[str]:
    room = await access.administered_room_for(person, room_id)
    action = (await fields(request)).get("action", "")
    if action == "remove":
        await memberships.remove(person, room, member_id, posts, hub)
    elif action in ROLES:
        await memberships.give_role(person, room, member_id, ROLES[action], hub)
    else:
        raise Invalid(action=NO_SUCH_ACTION)
    return see_other(request, f"/rooms/{room.id}/members")


@post("/rooms/{room_id:int}/invitation", limit=ADMINISTERING)
async def renew_invitation(request: AnyRequest, person: Person, room_id: FromPath[int]) -> Response[str]:
    room = await access.administered_room_for(person, room_id)
    await room_actions.renew_invitation(person, room)
    return see_other(request, f"/rooms/{room.id}/members")


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
