"""Messages over HTTP: post, history, and what changed since a version."""

from collections.abc import Mapping

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import FromPath, FromQuery
from litestar.response.base import ASGIResponse

from app import access, rendering
from app.actions import attachments, messages
from app.actions.messages import Files, Posts
from app.errors import Invalid, NotAMember, Problem, Taken, TooLarge, TooOften, Unavailable
from app.limits import UPLOAD, Limits
from app.queries import talk, timeline
from app.realtime.live_room import ReadChanges
from app.settings import Settings
from app.storage import Storage
from app.views import Form, Html, Person, Room
from app.web.forms import text_and_files
from app.web.pages import bare_frame, html, is_htmx, see_other
from app.web.pieces import answer, passing, plain
from app.web.room_page import RoomPages
from app.web.uploads import Bounds, Sent
from app.web.visitors import AnyRequest, person_of


@post("/rooms/{room_id:int}/messages", request_max_body_size=None)  # bounded as it is read
async def post_message(
    request: AnyRequest,
    posts: Posts,
    room_pages: RoomPages,
    storage: Storage,
    limits: Limits,
    settings: Settings,
    room_id: FromPath[int],
) -> Response[str]:
    if request.content_type[0] == RequestEncodingType.MULTI_PART:
        await access.room_for(await person_of(request), room_id)  # nobody else's files are even read
    sent = await text_and_files(request, Bounds(settings.uploads.files_max, settings.uploads.file_bytes_max))
    form = dict(sent.text)
    try:
        person = await person_of(request)
        room = await access.room_for(person, room_id)
        try:
            article = await _post(posts, storage, limits, settings, person, room, sent)
            if form.get("id") and not is_htmx(request):
                await _check_it_was_stored(person, form)
        except (Invalid, TooLarge, TooOften, Taken) as problem:
            if is_htmx(request):
                raise
            problems = problem.fields if isinstance(problem, Invalid) else {"files": problem.sentence}
            again = await room_pages.of(request, person, room, form=Form(form, problems))
            return html(plain(again).decode(), problem.status)
    except (Unavailable, NotAMember) as problem:
        if is_htmx(request):
            raise
        way = f"/rooms/{room_id}" if isinstance(problem, NotAMember) else ""
        page = rendering.problem_page(bare_frame(request), problem.status, problem.sentence, Form(form), way)
        return html(page, problem.status)
    if is_htmx(request):
        return html(rendering.posted(article))
    return see_other(request, f"/rooms/{room.id}")


async def _post(
    posts: Posts, storage: Storage, limits: Limits, settings: Settings, person: Person, room: Room, sent: Sent
) -> Html:
    """Take in the files that came along, and post; all of it or nothing."""
    if sent.problem:
        raise sent.problem
    form = dict(sent.text)
    taken = []
    try:
        for upload in sent.files:
            await limits.take(UPLOAD, str(person.id))
            taken.append((await attachments.take_in(person, room, upload, storage)).id)
        ids = [value for name, value in sent.text if name == "file"] + [str(file) for file in taken]
        files = Files(ids, settings.uploads.files_max)
        draft = await messages.draft(
            person, room, form.get("id", ""), form.get("body", ""), form.get("reply_to", ""), files
        )
        return await posts.post(draft)
    except Problem:
        await attachments.discard(taken, storage)
        raise


async def _check_it_was_stored(person: Person, form: Mapping[str, str]) -> None:
    """A browser without JavaScript may send a page that it kept twice, with the same id: what was written the second
    time must not be lost without a word. Raises Taken."""
    message = await access.message_for(person, form["id"])
    body = messages.checked(form.get("body", ""), may_be_empty=True)
    if not message.edited and not message.deleted and await talk.body_of(message) != body:
        raise Taken


@get("/rooms/{room_id:int}/messages", exclude_from_compression=True)
async def history(
    request: AnyRequest, person: Person, room_id: FromPath[int], before: FromQuery[int | None] = None
) -> ASGIResponse:
    room = await access.room_for(person, room_id)
    slice_ = await timeline.before(room.id, before) if before is not None else await timeline.latest(room.id)
    return answer(request, [passing(rendering.messages(slice_))])


@get("/rooms/{room_id:int}/changes")
async def changes(
    person: Person, resume: ReadChanges, room_id: FromPath[int], since: FromQuery[int] = 0
) -> Response[str]:
    room = await access.room_for(person, room_id)
    missed = await resume(room.id, since)
    return html(missed.html) if missed.html else html("", 204)
