"""What a room's admins say of it: its name, topic and visibility."""

from litestar import Response, get, post
from litestar.params import FromPath

from app import access, rendering
from app.actions import rooms as room_actions
from app.actions.messages import Posts
from app.errors import Invalid
from app.limits import ADMINISTERING
from app.realtime.hub import Hub
from app.views import Form, Person, Room
from app.web.forms import fields
from app.web.pages import frame_for, html, see_other
from app.web.visitors import AnyRequest


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


async def _settings_page(
    request: AnyRequest, person: Person, room: Room, form: Form, status: int = 200
) -> Response[str]:
    frame = await frame_for(request, person, room.id)
    return html(rendering.pages.settings(frame, room, form), status)
