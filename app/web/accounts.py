"""Sign up, sign in, sign out; and the theme, which is a cookie and no account is needed for it."""

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery

from app import access, rendering
from app.actions import accounts, memberships
from app.actions.messages import Posts
from app.errors import Invalid, NotAllowed, NotThere, Problem, TooOften
from app.limits import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS, SIGN_IN_KNOWN_DEVICE, SIGN_UP_ADDRESS, Limits
from app.queries import people
from app.realtime.hub import Hub
from app.settings import Settings
from app.views import Form, Person, Room
from app.web.forms import fields
from app.web.pages import THEMES, frame_for, html, local_path, refusal, see_other
from app.web.visitors import (
    DEVICE_COOKIE,
    NO_SESSION,
    SESSION_COOKIE,
    THEME_COOKIE,
    AnyRequest,
    address_of,
    device_mark,
    is_known_device,
    kept_cookie,
)

INVITATIONS = "/join/"


@get("/sign-in")
async def sign_in_form(request: AnyRequest, visitor: Person | None, next: FromQuery[str] = "/") -> Response[str]:
    if visitor:
        return see_other(request, local_path(next))
    if await people.nobody_yet():
        return see_other(request, "/sign-up")
    form = Form({"next": local_path(next)})
    return html(rendering.pages.sign_in(await frame_for(request, None), form, SESSION_COOKIE in request.cookies))


@post("/sign-in")
async def sign_in(request: AnyRequest, settings: Settings, limits: Limits) -> Response[str]:
    form = await fields(request)
    email = form.get("email", "")
    try:
        token = await _sign_in_within_limits(request, settings, limits, email, form.get("password", ""))
    except (Invalid, NotAllowed, TooOften) as problem:
        return await _sign_in_again(request, form, problem)
    cookies = _signed_in_cookies(request, settings, token, email)
    return see_other(request, local_path(form.get("next")), cookies)


@get("/sign-up")
async def sign_up_form(
    request: AnyRequest,
    visitor: Person | None,
    settings: Settings,
    invite: FromQuery[str] = "",
    next: FromQuery[str] = "/",
) -> Response[str]:
    if visitor:
        return see_other(request, "/")
    if next.startswith(INVITATIONS):  # by way of the sign-in page
        invite = next.removeprefix(INVITATIONS)
    return await _sign_up_page(request, settings, Form({"invite": invite, "next": local_path(next)}))


@post("/sign-up")
async def sign_up(request: AnyRequest, settings: Settings, limits: Limits, posts: Posts, hub: Hub) -> Response[str]:
    form = await fields(request)
    email = form.get("email", "")
    room = await _room_behind(form.get("invite", ""))
    try:
        await limits.take(SIGN_UP_ADDRESS, address_of(request))
        allowed = settings.sign_up == "open" or room is not None
        person, token = await accounts.sign_up(
            form.get("name", ""), email, form.get("password", ""), allowed, _user_agent(request)
        )
    except (Invalid, TooOften) as problem:
        return await _sign_up_page(request, settings, _returned(form, problem), problem)
    except NotAllowed as problem:
        return refusal(rendering.pages.sign_up_closed(await frame_for(request, None)), problem)
    if room:
        try:
            await memberships.join(person, room, posts, hub, form["invite"])
        except NotThere:  # just now the link was renewed; the account is there all the same
            room = None
    cookies = _signed_in_cookies(request, settings, token, email)
    return see_other(request, f"/rooms/{room.id}" if room else local_path(form.get("next")), cookies)


@post("/sign-out")
async def sign_out(request: AnyRequest, visitor: Person | None, hub: Hub) -> Response[str]:
    if visitor:
        await accounts.sign_out(visitor, hub)
    return see_other(request, "/sign-in", [NO_SESSION])


@post("/theme")
async def choose_theme(request: AnyRequest) -> Response[str]:
    form = await fields(request)
    theme = form.get("theme", "")
    cookie = kept_cookie(request, THEME_COOKIE, theme if theme in THEMES else "")
    return see_other(request, local_path(form.get("next")), [cookie])


async def _sign_in_within_limits(
    request: AnyRequest, settings: Settings, limits: Limits, email: str, password: str
) -> str:
    """Count the try against the address and the account; a rightful one gives its tokens back.

    A device that has signed in to the account before has a bucket of its own, so nobody can lock the owner
    out by guessing.
    """
    known = is_known_device(request, settings, email)
    by_account = SIGN_IN_KNOWN_DEVICE if known else SIGN_IN_ACCOUNT
    account, address = email.strip().lower(), address_of(request)
    await limits.take(SIGN_IN_ADDRESS, address)
    await limits.take(by_account, account)
    token = await accounts.sign_in(email, password, _user_agent(request))
    await limits.give_back(by_account, account)
    await limits.give_back(SIGN_IN_ADDRESS, address)
    return token


def _signed_in_cookies(request: AnyRequest, settings: Settings, token: str, email: str) -> list[Cookie]:
    return [
        kept_cookie(request, SESSION_COOKIE, token),
        kept_cookie(request, DEVICE_COOKIE, device_mark(settings, email), path="/sign-in"),
    ]


def _user_agent(request: AnyRequest) -> str:
    return request.headers.get("user-agent", "")


async def _sign_in_again(request: AnyRequest, form: dict[str, str], problem: Problem) -> Response[str]:
    page = rendering.pages.sign_in(await frame_for(request, None), _returned(form, problem))
    return refusal(page, problem)


async def _sign_up_page(
    request: AnyRequest, settings: Settings, form: Form, problem: Problem | None = None
) -> Response[str]:
    first = await people.nobody_yet()
    room = await _room_behind(form.values.get("invite", ""))
    frame = await frame_for(request, None)
    if not first and room is None and settings.sign_up == "invited":
        return html(rendering.pages.sign_up_closed(frame), NotAllowed.status)
    page = rendering.pages.sign_up(frame, form, first, room.name if room else None)
    return refusal(page, problem) if problem else html(page)


async def _room_behind(code: str) -> Room | None:
    try:
        return await access.room_behind(code) if code else None
    except NotThere:
        return None


def _returned(form: dict[str, str], problem: Problem) -> Form:
    """The form as it comes back: everything that was typed except the password."""
    kept = {name: form.get(name, "") for name in ("name", "email", "invite")}
    kept["next"] = local_path(form.get("next"))
    if isinstance(problem, Invalid):
        return Form(kept, problem.fields)
    return Form(kept, {"password": problem.sentence})
