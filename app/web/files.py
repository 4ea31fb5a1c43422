"""Files over HTTP: taken in before their message is sent, and given out through the same door as it."""

from dataclasses import replace
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from app import access, rendering
from app.actions import attachments
from app.errors import Invalid, NotThere
from app.limits import UPLOADING
from app.settings import Settings
from app.storage import Storage
from app.views import FilePlace, Person
from app.web.forms import text_and_files
from app.web.pages import has_already, html
from app.web.ranges import UnsatisfiableRange, asked_for
from app.web.visitors import AnyRequest

SHOWN_ALONE = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""What a file may do that is opened by itself: be looked at or listened to, and nothing else."""


@post("/rooms/{room_id:int}/files", status_code=200, limit=UPLOADING, request_max_body_size=None)  # bounded as read
async def take_in(
    request: AnyRequest, person: Person, settings: Settings, storage: Storage, room_id: FromPath[int]
) -> Response[str]:
    room = await access.room_for(person, room_id)
    sent = await text_and_files(request, replace(settings.uploads, files_max=1))
    if sent.problem or not sent.files:
        raise sent.problem or Invalid(files="Please choose a file first.")
    attachment = await attachments.take_in(person, room.id, sent.files[0], storage)
    return html(rendering.fragments.uploaded(attachment))


@get("/files/{file_id:str}/{name:str}", exclude_from_compression=True)
async def file(
    request: AnyRequest, person: Person, storage: Storage, file_id: FromPath[str], name: FromPath[str]
) -> Response[str] | Stream:
    return await _whole(request, await access.file_for(person, file_id), storage)


@get("/files/{file_id:str}/preview", exclude_from_compression=True)
async def preview(
    request: AnyRequest, person: Person, storage: Storage, file_id: FromPath[str], size: FromQuery[str] = "small"
) -> Response[str] | Stream:
    place = await access.file_for(person, file_id)
    if place.kind != "image":
        return await _whole(request, place, storage)  # this is its name, then
    if size not in ("small", "large"):
        raise NotThere
    headers = _headers(place, f'"{place.id}-{size}"')
    if has_already(request, headers["ETag"]):
        return Response("", status_code=304, headers=headers)
    content = await storage.read_all(attachments.key(place.id, size))
    return Stream(content, media_type=place.media_type, headers=headers)


async def _whole(request: AnyRequest, place: FilePlace, storage: Storage) -> Response[str] | Stream:
    headers = _headers(place, f'"{place.id}"') | {"Accept-Ranges": "bytes"}
    if has_already(request, headers["ETag"]):
        return Response("", status_code=304, headers=headers)
    wanted = None
    if request.headers.get("if-range", headers["ETag"]) == headers["ETag"]:
        try:
            wanted = asked_for(request.headers.get("range"), place.size)
        except UnsatisfiableRange:
            return Response("", status_code=416, headers={"Content-Range": f"bytes */{place.size}"})
    start, end = wanted or (0, place.size)
    headers["Content-Length"] = str(end - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{place.size}"
    content = await storage.read(attachments.key(place.id, "full"), start, end)
    return Stream(content, media_type=place.media_type, headers=headers, status_code=206 if wanted else 200)


def _headers(place: FilePlace, tag: str) -> dict[str, str]:
    """Kept by the browser, which asks each time whether it may still show it."""
    shown = "attachment" if place.kind == "file" else "inline"
    return {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(place.name, safe='')}",
        "Content-Security-Policy": SHOWN_ALONE,
    }
