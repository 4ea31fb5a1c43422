"""Messages over HTTP: post, history, and what changed since a version."""

from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import messages
from app.actions.messages import Posts
from app.errors import Invalid, NotAMember, TooOften, Unavailable
from app.limits import POSTING, Limits
from app.queries import timeline
from app.realtime.hub import Hub
from app.realtime.live_room import ReadChanges
from app.views import Form, Person
from app.web.forms import fields
from app.web.origins import here
from app.web.pages import bare_frame, html, is_htmx, see_other
from app.web.rooms import room_page
from app.web.visitors import AnyRequest, signed_in


@post("/rooms/{room_id:int}/messages", limit=POSTING)
async def post_message(
    request: AnyRequest, posts: Posts, hub: Hub, limits: Limits, room_id: FromPath[int]
) -> Response[str]:
    form = await fields(request)
    try:
        return await _post(request, posts, hub, limits, room_id, form)
    except (Unavailable, NotAMember, TooOften) as problem:
        if is_htmx(request):
            raise
        way = f"/rooms/{room_id}" if isinstance(problem, NotAMember) else ""
        page = rendering.problem_page(bare_frame(request), problem.status, problem.sentence, Form(form), way)
        response = html(page, problem.status)
        if isinstance(problem, TooOften):
            response.headers["Retry-After"] = str(problem.retry_after)
        return response


async def _post(
    request: AnyRequest, posts: Posts, hub: Hub, limits: Limits, room_id: int, form: dict[str, str]
) -> Response[str]:
    person = await signed_in(request, limits)
    room = await access.room_for(person, room_id)
    try:
        draft = await messages.draft(
            person, room, form.get("id", ""), form.get("body", ""), form.get("reply_to", ""), here(request)
        )
    except Invalid as problem:
        if is_htmx(request):
            raise
        return await room_page(request, person, room, hub, form=Form(form, problem.fields), status=problem.status)
    article = await posts.post(draft)
    if is_htmx(request):
        return html(rendering.posted(article))
    return see_other(request, f"/rooms/{room.id}")


@get("/rooms/{room_id:int}/messages")
async def history(
    person: Person,
    room_id: FromPath[int],
    before: FromQuery[int | None] = None,
    after: FromQuery[int | None] = None,
) -> Response[str]:
    """A slice that joins the page on one side, so it leads on in that direction alone."""
    room = await access.room_for(person, room_id)
    if after is not None:
        slice_ = replace(await timeline.after(room.id, after), has_older=False)
    elif before is not None:
        slice_ = replace(await timeline.before(room.id, before), has_newer=False)
    else:
        slice_ = await timeline.latest(room.id)
    return html(rendering.messages(slice_))


@get("/rooms/{room_id:int}/changes")
async def changes(
    person: Person, resume: ReadChanges, room_id: FromPath[int], since: FromQuery[int] = 0
) -> Response[str]:
    room = await access.room_for(person, room_id)
    answer = await resume(room.id, since)
    return html(answer.html) if answer.html else html("", 204)
