"""For administrators of the server: its accounts, bans, and the book of what was done."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import bans
from app.limits import ADMINISTERING, SEARCHING, Limits
from app.queries import administration
from app.realtime.hub import Hub
from app.views import Person
from app.web.pages import frame_for, html, see_other
from app.web.visitors import AnyRequest, person_of


@get("/administration")
async def accounts(
    request: AnyRequest, limits: Limits, q: FromQuery[str] = "", after: FromQuery[int] = 0
) -> Response[str]:
    person = access.administrator(await person_of(request))
    await limits.take(SEARCHING, str(person.id))
    shown, next_after = await administration.accounts(q.strip(), after)
    return html(rendering.pages.administration(await frame_for(request, person), shown, q.strip(), next_after))


@get("/audit")
async def audit(request: AnyRequest, before: FromQuery[int | None] = None) -> Response[str]:
    person = access.administrator(await person_of(request))
    lines, next_before = await administration.acts(before)
    return html(rendering.pages.audit(await frame_for(request, person), lines, next_before))


@post("/people/{person_id:int}/ban", limit=ADMINISTERING)
async def ban(request: AnyRequest, person: Person, hub: Hub, person_id: FromPath[int]) -> Response[str]:
    await bans.ban(access.administrator(person), person_id, hub)
    return see_other(request, "/administration")


@post("/people/{person_id:int}/unban", limit=ADMINISTERING)
async def unban(request: AnyRequest, person: Person, hub: Hub, person_id: FromPath[int]) -> Response[str]:
    await bans.unban(access.administrator(person), person_id, hub)
    return see_other(request, "/administration")
