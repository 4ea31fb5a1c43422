"""One message: its place, its menu, who has read it, marking it as unread, deleting it."""

from litestar import Response, get, post
from litestar.params import FromPath

from app import access, rendering
from app.actions import deletions
from app.actions.receipts import Receipts
from app.limits import DELETING, MARKING
from app.queries import marks
from app.realtime.hub import Hub
from app.storage import Storage
from app.views import Person
from app.web.pages import frame_for, html, is_htmx, redirect
from app.web.visitors import AnyRequest


@get("/messages/{message_id:str}")
async def show(person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    return redirect(f"/rooms/{message.room}?around={message.id}")


@get("/messages/{message_id:str}/menu")
async def menu(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    if is_htmx(request):
        return html(rendering.fragments.menu(message))
    return html(rendering.pages.menu(await frame_for(request, person, message.room), message))


@get("/messages/{message_id:str}/readers")
async def readers(request: AnyRequest, person: Person, message_id: FromPath[str]) -> Response[str]:
    message = await access.message_for(person, message_id)
    people, more = await marks.readers(message)
    if is_htmx(request):
        return html(rendering.fragments.readers(message, people, more))
    return html(rendering.pages.readers(await frame_for(request, person, message.room), message, people, more))


@post("/messages/{message_id:str}/unread", status_code=200, limit=MARKING)
async def mark_unread(
    request: AnyRequest, person: Person, receipts: Receipts, message_id: FromPath[str]
) -> Response[str]:
    message = await access.message_for(person, message_id)
    await receipts.unread(person, message)
    return html("") if is_htmx(request) else redirect("/rooms")


@post("/messages/{message_id:str}/delete", status_code=200, limit=DELETING)
async def delete(
    request: AnyRequest, person: Person, hub: Hub, storage: Storage, message_id: FromPath[str]
) -> Response[str]:
    message = await access.message_for(person, message_id)
    element_id, article = await deletions.delete(person, message, hub, storage)
    if is_htmx(request):
        return html(rendering.streams.changed(element_id, article))
    return redirect(f"/rooms/{message.room}?around={message.id}")
