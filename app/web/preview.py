"""What a message would look like, before it is sent."""

from litestar import Response, post
from litestar.params import FromPath

from app import access, rendering
from app.actions import drafts
from app.limits import PREVIEWING
from app.views import Html, Person
from app.web.forms import fields
from app.web.origins import here
from app.web.pages import html
from app.web.visitors import AnyRequest


@post("/rooms/{room_id:int}/preview", status_code=200, limit=PREVIEWING)
async def preview(request: AnyRequest, person: Person, room_id: FromPath[int]) -> Response[str]:
    room = await access.room_for(person, room_id)
    form = await fields(request)
    draft = await drafts.draft(person, room.id, "", form.get("body", ""), here=here(request))
    return html(rendering.fragments.preview(Html(draft.html)))
