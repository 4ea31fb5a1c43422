"""What a person decides about themselves: name, password, and where they are signed in."""

from litestar import Response, get, post
from litestar.params import FromPath

from app import rendering
from app.actions import accounts
from app.errors import Invalid, TooOften
from app.limits import PASSWORD_CHANGE, Limits
from app.queries.devices import devices
from app.realtime.hub import Hub
from app.views import Form, Person
from app.web.forms import fields
from app.web.pages import frame_for, html, see_other
from app.web.visitors import AnyRequest


@get("/me")
async def me(request: AnyRequest, person: Person) -> Response[str]:
    return await _page(request, person, Form({"name": person.name}))


@post("/me")
async def rename(request: AnyRequest, person: Person) -> Response[str]:
    form = await fields(request)
    try:
        await accounts.rename(person, form.get("name", ""))
    except Invalid as problem:
        return await _page(request, person, Form(form, problem.fields), problem.status)
    return see_other(request, "/me")


@post("/me/password")
async def change_password(request: AnyRequest, person: Person, hub: Hub, limits: Limits) -> Response[str]:
    form = await fields(request)
    shown = {"name": person.name}
    try:
        await limits.take(PASSWORD_CHANGE, str(person.id))
        await accounts.change_password(person, form.get("current", ""), form.get("password", ""), hub)
    except Invalid as problem:
        return await _page(request, person, Form(shown, problem.fields), problem.status)
    except TooOften as problem:
        return await _page(request, person, Form(shown, {"current": problem.sentence}), problem.status)
    return see_other(request, "/me/devices")


@get("/me/devices")
async def list_devices(request: AnyRequest, person: Person) -> Response[str]:
    return html(rendering.devices_page(await frame_for(request, person), await devices(person)))


@post("/me/devices/{session_id:int}/revoke")
async def revoke(request: AnyRequest, person: Person, hub: Hub, session_id: FromPath[int]) -> Response[str]:
    await accounts.end_session(person, session_id, hub)
    return see_other(request, "/sign-in" if session_id == person.session else "/me/devices")


@post("/me/devices/others/revoke")
async def revoke_others(request: AnyRequest, person: Person, hub: Hub) -> Response[str]:
    await accounts.end_other_sessions(person, hub)
    return see_other(request, "/me/devices")


async def _page(request: AnyRequest, person: Person, form: Form, status: int = 200) -> Response[str]:
    return html(rendering.me_page(await frame_for(request, person), form), status)
