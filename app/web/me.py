"""What a person decides about themselves: name, picture, password, and where they are signed in."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import rendering
from app.actions import accounts, profiles
from app.errors import Invalid, TooLarge, TooOften
from app.limits import CHOOSING, PASSWORD_CHANGE, PICTURE, Limits
from app.queries.devices import devices
from app.realtime.hub import Hub
from app.settings import UploadLimits
from app.views import Form, Html, Person
from app.web.forms import fields, text_and_files
from app.web.pages import frame_for, html, refusal, see_other
from app.web.visitors import NO_SESSION, AnyRequest


@get("/me")
async def me(request: AnyRequest, person: Person, saved: FromQuery[str] = "") -> Response[str]:
    return html(await _page(request, person, Form({"name": person.name}), saved))


@post("/me", request_max_body_size=None, limit=CHOOSING)  # bounded as it is read
async def change(request: AnyRequest, person: Person, hub: Hub, limits: Limits) -> Response[str]:
    form: dict[str, str] = {}
    try:
        sent = await text_and_files(request, UploadLimits(profiles.AVATAR_BYTES_MAX, files_max=1))
        form, picture = dict(sent.text), sent.files[0].file if sent.files else None
        if sent.problem:
            raise sent.problem
        if "remove-picture" in form:
            await profiles.remove_picture(person, hub)
        else:
            if picture is not None:
                await limits.take(PICTURE, str(person.id))
            elif "name" not in form:
                raise Invalid(picture="Please choose a picture first.")
            await profiles.change(person, hub, form.get("name"), picture)
    except Invalid as problem:
        shown = Form({"name": person.name} | form, problem.fields)
        return refusal(await _page(request, person, shown), problem)
    except (TooLarge, TooOften) as problem:
        shown = Form({"name": person.name} | form, {"picture": problem.sentence})
        return refusal(await _page(request, person, shown), problem)
    return see_other(request, f"/me?saved={'name' if 'name' in form else 'picture'}")


@post("/me/password")
async def change_password(request: AnyRequest, person: Person, hub: Hub, limits: Limits) -> Response[str]:
    form = await fields(request)
    shown = {"name": person.name}
    try:
        await limits.take(PASSWORD_CHANGE, str(person.id))
        await accounts.change_password(person, form.get("current", ""), form.get("password", ""), hub)
    except Invalid as problem:
        return refusal(await _page(request, person, Form(shown, problem.fields)), problem)
    except TooOften as problem:
        return refusal(await _page(request, person, Form(shown, {"current": problem.sentence})), problem)
    return see_other(request, "/me?saved=password")


@get("/me/devices")
async def list_devices(request: AnyRequest, person: Person) -> Response[str]:
    return html(rendering.pages.devices(await frame_for(request, person), await devices(person)))


@post("/me/devices/{session_id:int}/revoke", limit=CHOOSING)
async def revoke(request: AnyRequest, person: Person, hub: Hub, session_id: FromPath[int]) -> Response[str]:
    await accounts.end_session(person, session_id, hub)
    if session_id == person.session:
        return see_other(request, "/sign-in", [NO_SESSION])
    return see_other(request, "/me/devices")


@post("/me/devices/others/revoke", limit=CHOOSING)
async def revoke_others(request: AnyRequest, person: Person, hub: Hub) -> Response[str]:
    await accounts.end_other_sessions(person, hub)
    return see_other(request, "/me/devices")


async def _page(request: AnyRequest, person: Person, form: Form, saved: str = "") -> Html:
    return rendering.pages.me(await frame_for(request, person), form, saved)
