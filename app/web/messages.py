"""Messages over HTTP: post, history, and what changed since a version."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import FromPath, FromQuery
from litestar.response.base import ASGIResponse

from app import access, rendering
from app.access import token_hash
from app.actions import attachments, drafts
from app.actions.drafts import Files
from app.actions.messages import Posts
from app.errors import Invalid, NotAMember, NotThere, Problem, SignedOut, Taken, TooLarge, TooOften, Unavailable
from app.limits import POSTING, UPLOADING, Limits
from app.queries import talk, timeline
from app.realtime.source import ReadChanges
from app.sessions import KNOWN_SECONDS
from app.settings import Settings
from app.storage import Storage
from app.views import Form, Html, Person
from app.web.forms import text_and_files
from app.web.origins import here
from app.web.pages import bare_frame, html, is_htmx, refusal, see_other
from app.web.pieces import answer, passing, plain
from app.web.room_page import RoomPages
from app.web.socket import Door
from app.web.uploads import Sent
from app.web.visitors import SESSION_COOKIE, AnyRequest, person_of, remembered


@post("/rooms/{room_id:int}/messages", exclude_from_compression=True, request_max_body_size=None)
async def post_message(request: AnyRequest, room_id: FromPath[int]) -> Response[str]:
    """The body is bounded as it is read. What else this needs it takes from the app's state: to be given it by the
    framework costs a good part of what it costs to store the message."""
    settings: Settings = request.app.state.settings
    if request.content_type[0] == RequestEncodingType.MULTI_PART:
        await access.room_for(await person_of(request), room_id)  # nobody else's files are even read
    sent = await text_and_files(request, settings.uploads)
    try:
        return await _posted(request, room_id, sent)
    except (Unavailable, NotAMember) as problem:
        if is_htmx(request):
            raise
        return _kept_on_a_page(request, room_id, sent, problem)


async def _posted(request: AnyRequest, room: int, sent: Sent) -> Response[str]:
    """The message, or the composer with what is wrong."""
    try:
        article = await _post(request, room, sent)
        if is_htmx(request):
            return html(rendering.streams.posted(article))
        await _check_it_was_stored(request, dict(sent.text))
        return see_other(request, f"/rooms/{room}")
    except (Invalid, NotThere, Taken, TooLarge, TooOften) as problem:
        return await _composer_again(request, room, sent, problem)


async def _post(request: AnyRequest, room: int, sent: Sent) -> Html:
    """Take in the files that came along, and post; all of it or nothing."""
    state = request.app.state
    posts: Posts = state.posts
    limits: Limits = state.limits
    settings: Settings = state.settings
    person = await remembered(request, KNOWN_SECONDS)  # the statement looks itself
    await limits.take(POSTING, str(person.id))
    if sent.problem:
        raise sent.problem
    form = dict(sent.text)
    taken: list[UUID] = []
    try:
        if sent.files:
            await _take_in(request, person, room, sent.files, taken)
        ids = [value for name, value in sent.text if name == "file"] + [str(file) for file in taken]
        files = Files(ids, settings.uploads.files_max)
        draft = await drafts.draft(
            person, room, form.get("id", ""), form.get("body", ""), form.get("reply_to", ""), files, here(request)
        )
        return await posts.post(draft)
    except Problem:
        await attachments.discard(taken, state.storage)
        raise


async def _check_it_was_stored(request: AnyRequest, form: Mapping[str, str]) -> None:
    """A browser without JavaScript may send a page that it kept twice, with the same id: what was written the second
    time must not be lost without a word. Raises Taken."""
    if not form.get("id"):
        return
    message = await access.message_for(await person_of(request), form["id"])
    body = drafts.checked(form.get("body", ""), may_be_empty=True)
    if not message.edited and not message.deleted and await talk.body_of(message) != body:
        raise Taken


async def _take_in(
    request: AnyRequest, person: Person, room: int, uploads: Sequence[attachments.Upload], taken: list[UUID]
) -> None:
    """Keep the files, and note each in `taken` as soon as it is kept."""
    await access.room_for(person, room)  # reading them may have taken long
    limits: Limits = request.app.state.limits
    storage: Storage = request.app.state.storage
    for upload in uploads:
        await limits.take(UPLOADING, str(person.id))
        taken.append((await attachments.take_in(person, room, upload, storage)).id)


async def _composer_again(request: AnyRequest, room_id: int, sent: Sent, problem: Problem) -> Response[str]:
    """The room with the composer as it was sent; the problem itself for htmx, which has the composer still.

    Whoever stands outside is told so, and nothing of what became of the message.
    """
    person = await person_of(request)
    room = await access.room_for(person, room_id)
    if is_htmx(request) or isinstance(problem, NotThere):
        raise problem
    problems = problem.fields if isinstance(problem, Invalid) else {"files": problem.sentence}
    pages: RoomPages = request.app.state.room_pages
    opened = await pages.open(person, room.id)
    again = await pages.of(request, person, opened, form=Form(dict(sent.text), problems))
    return refusal(plain(again).decode(), problem)


def _kept_on_a_page(request: AnyRequest, room: int, sent: Sent, problem: Problem) -> Response[str]:
    """Where the room cannot be shown, a page of its own has what was written."""
    way = f"/rooms/{room}" if isinstance(problem, NotAMember) else ""
    kept = rendering.pages.problem(bare_frame(request), problem.status, problem.sentence, Form(dict(sent.text)), way)
    return refusal(kept, problem)


@get("/rooms/{room_id:int}/messages", exclude_from_compression=True)
async def history(
    request: AnyRequest,
    person: Person,
    room_id: FromPath[int],
    before: FromQuery[int | None] = None,
    after: FromQuery[int | None] = None,
) -> ASGIResponse:
    """A slice that joins the page on one side, so it leads on in that direction alone."""
    room = await access.room_for(person, room_id)
    if after is not None:
        slice_ = replace(await timeline.after(room.id, after), has_older=False)
    elif before is not None:
        slice_ = replace(await timeline.before(room.id, before), has_newer=False)
    else:
        slice_ = await timeline.latest(room.id)
    return answer(request, [passing(rendering.fragments.messages(slice_))])


@get("/rooms/{room_id:int}/changes", exclude_from_compression=True)
async def changes(request: AnyRequest, room_id: FromPath[int], since: FromQuery[int] = 0) -> ASGIResponse:
    """Pages ask here that have lost their sockets, which may be all at once: so they pass the door together, as
    sockets do, and those that stand at the same version are read for once."""
    if not access.is_id(room_id):
        raise NotThere
    state = request.app.state
    door: Door = state.reception.door
    resume: ReadChanges = state.resume

    async def check_access() -> None:
        found = await door.ask((token_hash(request.cookies.get(SESSION_COOKIE, "")), room_id))
        if found is None:
            raise SignedOut
        person, is_member = found
        if not is_member:
            await access.room_for(person, room_id)

    await check_access()
    missed = await resume(room_id, since)
    if not missed.html:
        return ASGIResponse(status_code=204)
    await check_access()  # what was read may have been said after they were sent out
    return answer(request, [passing(rendering.streams.leading_to(missed.version, missed.html))])
