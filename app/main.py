"""create_app(): the only place where the parts are put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import Message, Scope

from app import access
from app.actions import attachments, presence
from app.actions.messages import Posts
from app.actions.receipts import Receipts
from app.database import Database
from app.errors import Problem
from app.limits import Limits
from app.queries import changes, marks, timeline
from app.queries import people as people_query
from app.queries import rooms as rooms_query
from app.realtime import bus
from app.realtime.hub import Hub
from app.realtime.lease import Lease
from app.realtime.source import Changes, Source
from app.realtime.supervision import keep_running
from app.realtime.together import ARRIVING_SECONDS, Together
from app.sessions import Sessions
from app.settings import Settings
from app.storage import Storage
from app.web import (
    accounts,
    administration,
    direct,
    files,
    health,
    me,
    members,
    mentions,
    message,
    messages,
    notify,
    people,
    preview,
    problems,
    room_settings,
    rooms,
    search,
    socket,
    static,
)
from app.web.origins import refuse_cross_site
from app.web.room_page import RoomPages
from app.web.visitors import maybe_signed_in, signed_in

FORM_BYTES_MAX = 512 * 1024

HANDLERS = [
    accounts.sign_in_form,
    accounts.sign_in,
    accounts.sign_up_form,
    accounts.sign_up,
    accounts.sign_out,
    accounts.choose_theme,
    rooms.home,
    rooms.directory,
    rooms.create,
    rooms.show,
    members.join,
    members.way_in,
    members.leave,
    members.gone,
    members.members,
    members.add_members,
    members.change_member,
    members.renew_invitation,
    members.invitation,
    members.accept_invitation,
    room_settings.settings_form,
    room_settings.change_settings,
    administration.accounts,
    administration.audit,
    administration.ban,
    administration.unban,
    me.me,
    me.change,
    me.change_password,
    me.list_devices,
    me.revoke,
    me.revoke_others,
    direct.open_direct,
    people.everybody,
    people.person_card,
    people.avatar,
    files.take_in,
    files.file,
    files.preview,
    messages.post_message,
    messages.history,
    messages.changes,
    search.search,
    search.suggest,
    mentions.mentionable,
    notify.choose,
    message.show,
    message.menu,
    message.readers,
    message.mark_unread,
    message.edit_form,
    message.edit,
    message.delete,
    message.wordings,
    message.react,
    message.reacted,
    message.picker,
    preview.preview,
    socket.socket,
    static.static_file,
    static.mine,
    health.healthz,
    health.readyz,
]

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",  # a stricter one would make the Origin of our own forms "null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}
RAW_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Teahouse(Litestar):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """HEAD is answered wherever GET is (RFC 9110, 9.3.2); the server sends no body then."""
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await super().__call__(scope, receive, send)


def create_app(settings: Settings, database: Database) -> Litestar:
    """One worker's application. `settings.redis_url` must be set."""
    redis = bus.connect(settings.redis_url or "")
    the_bus = bus.Bus(redis)
    resumes = Together(changes.resume_many, ARRIVING_SECONDS)

    async def resume(room: int, since: int) -> Changes:
        return await resumes.ask((room, since))

    source = Source(
        changes.piece,
        resume,
        timeline.versions,
        access.lost_access,
        access.admitted,
        marks.last_seqs,
        marks.activity_since,
        marks.marks_of,
        marks.receipts_of,
        people=rooms_query.people,
        partners=rooms_query.partners,
        direct=rooms_query.direct_of_two,
        rooms_list=rooms_query.list_of,
        faces=people_query.faces_since,
    )
    sessions = Sessions(presence.were_used)
    hub = Hub(the_bus, source)
    lease = Lease(redis, hub.presence, presence.were_seen)
    receipts = Receipts(hub)
    hub.also_tell(sessions.hear)
    hub.also_tell(receipts.hear)
    storage = Storage(settings.storage_url, settings.data_dir / "files")
    parts = {
        "settings": settings,
        "hub": hub,
        "limits": Limits(redis, settings.limits),
        "posts": Posts(hub),
        "receipts": receipts,
        "room_pages": RoomPages(hub.presence.status_of, settings.uploads),
        "storage": storage,
        "resume": resume,
        "reception": socket.Reception(hub, settings, receipts, Together(access.at_the_door, ARRIVING_SECONDS)),
    }

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        await database.start()
        work = {
            "listening to Redis": lambda: the_bus.receive(hub.deliver, hub.on_gap),
            "publishing to Redis": the_bus.send,
            "the lease": lease.keep,
            "the sweep": hub.sweep.for_ever,
            "remembered sessions": sessions.look_for_ever,
            "read marks": receipts.write_for_ever,
            "the sweep of files": lambda: attachments.sweep_for_ever(storage),
        }
        tasks = [asyncio.create_task(keep_running(name, run), name=name) for name, run in work.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await receipts.write_the_last()
            hub.close()
            while (await asyncio.wait(tasks, timeout=1))[1]:  # a client library may swallow one that comes badly
                for task in tasks:
                    task.cancel()
            await lease.end()
            await redis.aclose()
            await database.stop()

    return Teahouse(
        route_handlers=HANDLERS,
        dependencies={
            **{name: _always(part) for name, part in parts.items()},
            "person": Provide(signed_in),
            "visitor": Provide(maybe_signed_in),
        },
        exception_handlers={
            Problem: problems.problem,
            HTTPException: problems.http_problem,
            Exception: problems.unexpected,
        },
        before_request=refuse_cross_site,
        before_send=[add_security_headers],
        compression_config=CompressionConfig(
            backend="gzip",
            minimum_size=1000,
            gzip_compress_level=5,
            exclude_opt_key="exclude_from_compression",
        ),
        request_max_body_size=FORM_BYTES_MAX,
        lifespan=[running],
        state=State({**parts, "sessions": sessions}),
        openapi_config=None,
        logging_config=None,
    )


def _always(part: Any) -> Provide:
    async def provide() -> Any:
        return part

    return Provide(provide)


async def add_security_headers(message: Message, scope: Scope) -> None:
    if message["type"] != "http.response.start":
        return
    headers = message["headers"] = list(message["headers"])
    named = {name for name, _ in headers}
    headers.extend(header for header in RAW_SECURITY_HEADERS if header[0] not in named)
    if b"cache-control" not in named:
        kept = b"no-store" if scope["path"] == "/sign-in" else b"private, no-cache"
        headers.append((b"cache-control", kept))
