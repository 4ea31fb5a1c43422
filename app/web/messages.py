"""Messages over HTTP: post, history, and what changed since a version."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app import access, rendering
from app.actions import messages
from app.actions.messages import Posts
from app.errors import Invalid, NotAMember, NotThere, Taken, Unavailable
from app.queries import timeline
from app.realtime.hub import Hub
from app.realtime.live_room import ReadChanges
from app.views import Form, Person
from app.web.forms import fields
from app.web.pages import bare_frame, html, is_htmx, see_other
from app.web.rooms import room_page
from app.web.visitors import AnyRequest, person_of, remembered


@post("/rooms/{room_id:int}/messages", exclude_from_compression=True)
async def post_message(request: AnyRequest, room_id: FromPath[int]) -> Response[str]:
    """What it needs it takes from the app's state: to be given it costs as much as storing the message."""
    form = await fields(request)
    try:
        return await _post(request, room_id, form)
    except (Unavailable, NotAMember) as problem:
        if is_htmx(request):
            raise
        way = f"/rooms/{room_id}" if isinstance(problem, NotAMember) else ""
        page = rendering.problem_page(bare_frame(request), problem.status, problem.sentence, Form(form), way)
        return html(page, problem.status)


async def _post(request: AnyRequest, room_id: int, form: dict[str, str]) -> Response[str]:
    posts: Posts = request.app.state.posts
    person = await remembered(request)
    try:
        draft = await messages.draft(
            person, room_id, form.get("id", ""), form.get("body", ""), form.get("reply_to", "")
        )
        article = await posts.post(draft)
    except (Invalid, NotThere, Taken) as problem:
        # Whoever stands outside is told so, and nothing of what became of the message.
        person = await person_of(request)
        room = await access.room_for(person, room_id)
        if isinstance(problem, Invalid) and not is_htmx(request):
            hub: Hub = request.app.state.hub
            return await room_page(request, person, room, hub, form=Form(form, problem.fields), status=problem.status)
        raise
    if is_htmx(request):
        return html(rendering.posted(article))
    return see_other(request, f"/rooms/{room_id}")


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
