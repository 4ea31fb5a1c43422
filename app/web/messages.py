"""Messages over HTTP: post, history, and what changed since a version."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import messages
from app.actions.messages import Posts
from app.errors import Invalid, NotAMember, Unavailable
from app.queries import timeline
from app.realtime.hub import Hub
from app.realtime.source import ReadChanges
from app.views import Form, Person
from app.web.forms import fields
from app.web.pages import bare_frame, html, is_htmx, see_other
from app.web.rooms import room_page
from app.web.visitors import AnyRequest, person_of


@post("/rooms/{room_id:int}/messages")
async def post_message(request: AnyRequest, posts: Posts, hub: Hub, room_id: FromPath[int]) -> Response[str]:
    form = await fields(request)
    try:
        return await _post(request, posts, hub, room_id, form)
    except (Unavailable, NotAMember) as problem:
        if is_htmx(request):
            raise
        way = f"/rooms/{room_id}" if isinstance(problem, NotAMember) else ""
        page = rendering.problem_page(bare_frame(request), problem.status, problem.sentence, Form(form), way)
        return html(page, problem.status)


async def _post(request: AnyRequest, posts: Posts, hub: Hub, room_id: int, form: dict[str, str]) -> Response[str]:
    person = await person_of(request)
    room = await access.room_for(person, room_id)
    try:
        draft = await messages.draft(person, room, form.get("id", ""), form.get("body", ""), form.get("reply_to", ""))
    except Invalid as problem:
        if is_htmx(request):
            raise
        return await room_page(request, person, room, hub, form=Form(form, problem.fields), status=problem.status)
    article = await posts.post(draft)
    if is_htmx(request):
        return html(rendering.posted(article))
    return see_other(request, f"/rooms/{room.id}")


@get("/rooms/{room_id:int}/messages")
async def history(person: Person, room_id: FromPath[int], before: FromQuery[int | None] = None) -> Response[str]:
    room = await access.room_for(person, room_id)
    slice_ = await timeline.before(room.id, before) if before is not None else await timeline.latest(room.id)
    return html(rendering.messages(slice_))


@get("/rooms/{room_id:int}/changes")
async def changes(
    person: Person, resume: ReadChanges, room_id: FromPath[int], since: FromQuery[int] = 0
) -> Response[str]:
    room = await access.room_for(person, room_id)
    answer = await resume(room.id, since)
    return html(answer.html) if answer.html else html("", 204)
