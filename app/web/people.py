"""All people of the server, a person's card, and their picture."""

from dataclasses import replace

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.errors import NotThere
from app.limits import SEARCHING
from app.queries import people
from app.realtime.hub import Hub
from app.views import Face, Person
from app.web.pages import frame_for, html, is_htmx
from app.web.visitors import AnyRequest

FOR_EVER = "private, max-age=31536000, immutable"
FOR_NOW = "private, no-cache"


@get("/people", limit=SEARCHING)
async def everybody(
    request: AnyRequest, person: Person, q: FromQuery[str] = "", after: FromQuery[int] = 0
) -> Response[str]:
    crowd = await people.others(person.id, q.strip(), access.nearest_id(after))
    return html(rendering.pages.people(await frame_for(request, person), crowd, q.strip()))


@get("/people/{person_id:int}")
async def person_card(request: AnyRequest, person: Person, hub: Hub, person_id: FromPath[int]) -> Response[str]:
    profile = await access.profile_for(person, person_id)
    profile = replace(profile, status=hub.presence.status_of(person_id))
    frame = await frame_for(request, person)
    return html(
        rendering.fragments.person_card(frame, profile)
        if is_htmx(request)
        else rendering.pages.person(frame, profile)
    )


@get("/people/{person_id:int}/avatar", exclude_from_compression=True)
async def avatar(person: Person, person_id: FromPath[int], v: FromQuery[str] = "") -> Response[bytes]:
    """The picture, or the initial in its place. An address that names this very picture may be kept for ever."""
    row = await people.picture(person_id) if access.is_id(person_id) else None
    if row is None:
        raise NotThere
    if row["content"] is None:
        content = rendering.fragments.initial_picture(Face(row["id"], row["name"], None)).encode()
        return Response(content, media_type="image/svg+xml", headers={"Cache-Control": FOR_NOW})
    kept = FOR_EVER if v == row["avatar"] else FOR_NOW
    return Response(bytes(row["content"]), media_type="image/webp", headers={"Cache-Control": kept})
