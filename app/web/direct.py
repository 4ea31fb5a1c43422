"""Opening the direct room of some people."""

from litestar import Response, post

from app import rendering
from app.actions import direct
from app.errors import Invalid
from app.limits import MAKING_ROOMS
from app.queries import people
from app.realtime.hub import Hub
from app.views import Person
from app.web.forms import numbers
from app.web.pages import frame_for, is_htmx, refusal, see_other
from app.web.visitors import AnyRequest


@post("/direct", limit=MAKING_ROOMS)
async def open_direct(request: AnyRequest, person: Person, hub: Hub) -> Response[str]:
    others = await numbers(request, "person")
    try:
        room = await direct.open_room(person, others, hub)
    except Invalid as problem:
        if is_htmx(request):
            raise
        page = rendering.pages.people(
            await frame_for(request, person), await people.others(person.id, "", 0), "", problem.sentence
        )
        return refusal(page, problem)
    return see_other(request, f"/rooms/{room}")
