"""What a room should tell a person of: everything, mentions, nothing."""

from litestar import Response, post
from litestar.params import FromPath

from app import access, rendering
from app.actions import notify
from app.limits import CHOOSING
from app.realtime.hub import Hub
from app.views import Person
from app.web.forms import fields
from app.web.pages import html, is_htmx, see_other
from app.web.visitors import AnyRequest


@post("/rooms/{room_id:int}/notify", limit=CHOOSING)
async def choose(request: AnyRequest, person: Person, hub: Hub, room_id: FromPath[int]) -> Response[str]:
    room = await access.room_for(person, room_id)
    chosen = (await fields(request)).get("notify", "")
    await notify.choose(person, room, chosen, hub)
    if is_htmx(request):
        return html(rendering.fragments.notify(room.id, chosen))
    return see_other(request, f"/rooms/{room.id}")
