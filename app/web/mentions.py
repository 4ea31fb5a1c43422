"""Names for the list that opens when somebody types an @."""

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.limits import SUGGESTING
from app.queries.mentionable import mentionable as find
from app.views import Person
from app.web.pages import html


@get("/rooms/{room_id:int}/mentionable", limit=SUGGESTING)
async def mentionable(person: Person, room_id: FromPath[int], q: FromQuery[str] = "") -> Response[str]:
    room = await access.room_for(person, room_id)
    return html(rendering.fragments.mentionable(await find(person, room, q)))
