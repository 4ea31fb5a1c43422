"""Talking about one message: editing it, its earlier wordings, reactions."""

from litestar import Response, get, post
from litestar.params import FromPath

from app import access, emojis, rendering
from app.actions import edits, reactions
from app.errors import Invalid, NotAllowed
from app.limits import EDITING, REACTING
from app.queries import talk
from app.realtime.hub import Hub
from app.views import Form, Html, MessagePlace, Person
from app.web.forms import fields
from app.web.origins import here
from app.web.pages import frame_for, html, is_htmx, redirect
from app.web.visitors import AnyRequest


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
    return redirect(f"/rooms/{message.room}?around={message.id}")


async def _answer(
    request: AnyRequest, person: Person, message: MessagePlace, title: str, fragment: Html, status: int = 200
) -> Response[str]:
    """The fragment for htmx; for everybody else a page around it."""
    if is_htmx(request):
        return html(fragment, status)
    frame = await frame_for(request, person, message.room)
    return html(rendering.pages.message(frame, message, title, fragment), status)
