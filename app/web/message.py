"""One message: its place, its menu, who has read it, marking it as unread; editing and deleting it, its earlier
wordings, reactions."""

from litestar import Response, get, post
from litestar.params import FromPath

from app import access, emojis, rendering
from app.actions import deletions, edits, reactions
from app.actions.receipts import Receipts
from app.errors import Invalid, NotAllowed
from app.limits import DELETING, EDITING, MARKING, REACTING
from app.queries import marks, talk
from app.realtime.hub import Hub
from app.storage import Storage
from app.views import Form, Html, MessagePlace, Person
from app.web.forms import fields
from app.web.origins import here
from app.web.pages import frame_for, html, is_htmx, redirect
from app.web.visitors import AnyRequest


@get("/messages/{message_id:str}")
async def show(person: Person, message_id: FromPath[str]) -> Response[str]:
    return _to_its_place(await access.message_for(person, message_id))


@get("/messages/{message_id:str}/menu")
async def menu(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    return await _answer(request, person, message, "A message", rendering.fragments.menu(message))


@get("/messages/{message_id:str}/readers")
async def readers(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    people, more = await marks.readers(message)
    return await _answer(request, person, message, "Who has read it", rendering.fragments.readers(people, more))


@post("/messages/{message_id:str}/unread", status_code=200, limit=MARKING)
async def mark_unread(
    request: AnyRequest, person: Person, receipts: Receipts, message_id: FromPath[str]
) -> Response[str]:
    message = await access.message_for(person, message_id)
    await receipts.unread(person, message)
    return html("") if is_htmx(request) else redirect("/rooms")


@get("/messages/{message_id:str}/edit")
async def edit_form(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    edits.check_editable(message)
    form = Form({"body": await talk.body_of(message)})
    return await _answer(request, person, message, "Edit the message", rendering.fragments.edit(message, form))


@post("/messages/{message_id:str}", status_code=200, limit=EDITING)
async def edit(request: AnyRequest, person: Person, hub: Hub, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    form = await fields(request)
    try:
        element_id, article = await edits.edit(person, message, form.get("body", ""), hub, here(request))
    except Invalid as problem:
        if is_htmx(request):
            raise
        again = rendering.fragments.edit(message, Form(form, problem.fields))
        return await _answer(request, person, message, "Edit the message", again, problem.status)
    return _changed(request, message, element_id, article)


@post("/messages/{message_id:str}/delete", status_code=200, limit=DELETING)
async def delete(
    request: AnyRequest, person: Person, hub: Hub, storage: Storage, message_id: FromPath[str]
) -> Response[str]:
    message = await access.message_for(person, message_id)
    element_id, article = await deletions.delete(person, message, hub, storage)
    return _changed(request, message, element_id, article)


@get("/messages/{message_id:str}/wordings")
async def wordings(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    if not message.is_admin:
        raise NotAllowed("Only the room's admins can see how a message read before.")
    return await _answer(
        request, person, message, "Earlier wordings", rendering.fragments.wordings(await talk.wordings(message))
    )


@post("/messages/{message_id:str}/reactions", status_code=200, limit=REACTING)
async def react(request: AnyRequest, person: Person, hub: Hub, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    form = await fields(request)
    element_id, article = await reactions.react(person, message, form.get("emoji", ""), hub)
    return _changed(request, message, element_id, article)


@get("/messages/{message_id:str}/reactions")
async def reacted(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    return await _answer(
        request, person, message, "Reactions", rendering.fragments.reacted(await talk.reacted(message))
    )


@get("/messages/{message_id:str}/reactions/picker")
async def picker(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    return await _answer(request, person, message, "React", rendering.fragments.picker(message, emojis.offered()))


def _changed(request: AnyRequest, message: MessagePlace, element_id: str, article: Html) -> Response[str]:
    if is_htmx(request):
        return html(rendering.streams.changed(element_id, article))
    return _to_its_place(message)


def _to_its_place(message: MessagePlace) -> Response[str]:
    return redirect(f"/rooms/{message.room}?around={message.id}")


async def _answer(
    request: AnyRequest, person: Person, message: MessagePlace, title: str, fragment: Html, status: int = 200
) -> Response[str]:
    """The fragment for htmx; for everybody else a page around it."""
    if is_htmx(request):
        return html(fragment, status)
    frame = await frame_for(request, person, message.room)
    return html(rendering.pages.message(frame, message, title, fragment), status)
