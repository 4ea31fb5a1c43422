"""What a room's admins do: its name, topic and visibility, its people and their roles, its invitation link."""

from litestar import Response, get, post
from litestar.params import FromPath

from app import access, rendering
from app.actions import memberships
from app.actions import rooms as room_actions
from app.actions.messages import Posts
from app.errors import Invalid, SignedOut
from app.limits import ADMINISTERING
from app.realtime.hub import Hub
from app.views import Form, Person, Room
from app.web.forms import fields, numbers
from app.web.pages import frame_for, html, see_other
from app.web.visitors import AnyRequest, person_of

NO_SUCH_ACTION = "There is no such action."
ROLES = {"make-admin": "admin", "make-member": "member"}


@get("/rooms/{room_id:int}/settings")
async def settings_form(request: AnyRequest, person: Person, room_id: FromPath[int]) -> Response[str]:
    room = await access.administered_room_for(person, room_id)
    form = Form({"name": room.name, "topic": room.topic, "visibility": room.visibility})
    return await _settings_page(request, person, room, form)


@post("/rooms/{room_id:int}/settings", limit=ADMINISTERING)
async def change_settings(
    request: AnyRequest, person: Person, posts: Posts, hub: Hub, room_id: FromPath[int]
) -> Response[str]:
    """A field that was not sent stays as it is."""
    room = await access.administered_room_for(person, room_id)
    now = {"name": room.name, "topic": room.topic, "visibility": room.visibility}
    form = now | await fields(request)
    try:
        await room_actions.change(person, room, form["name"], form["topic"], form["visibility"], posts, hub)
    except Invalid as problem:
        return await _settings_page(request, person, room, Form(form, problem.fields), problem.status)
    return see_other(request, f"/rooms/{room.id}")


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


async def _settings_page(
    request: AnyRequest, person: Person, room: Room, form: Form, status: int = 200
) -> Response[str]:
    frame = await frame_for(request, person, room.id)
    return html(rendering.pages.settings(frame, room, form), status)
