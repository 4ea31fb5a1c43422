"""Messages: post.

Posts that arrive while a statement is under way travel in the next one together. That statement leaves out those
of people who may not write there when it begins, locks the rooms in the order of their ids, numbers the new messages
and stores them; a message whose id is there already is not stored again. After the commit each message is
rendered once, each room gets one event, and every waiting request its answer.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from asyncpg import DeadlockDetectedError, ForeignKeyViolationError, PostgresError, UniqueViolationError

from app import access, lines, rendering
from app.actions.drafts import Draft
from app.errors import NotThere, Taken
from app.realtime.events import RoomActive, RoomChanged, places
from app.realtime.hub import Hub
from app.realtime.together import ROUNDS_TO_GET_HERE
from app.tables import Message
from app.views import Html, MessageLine, message_line

POSTS_PER_STATEMENT_MAX = 200
FOLLOWS_WITHIN_MINUTES = 5
TRIES_MAX = 5

_IS_STORED = "(SELECT true FROM message m WHERE m.id = t.id)"

# `locked` waits for the rooms and then sees them as they are now; every number comes from there. A message
# that another worker stored while we waited is not visible to `fresh`: the insert then fails as a whole on
# its primary key, and is tried again. Authors have read what they wrote, and what stands before it.
_POST_OR_FIND = f"""
WITH incoming AS (
    SELECT t.*, {_IS_STORED} AS is_stored
    FROM unnest({{}}::uuid[], {{}}::int[], {{}}::int[], {{}}::int[], {{}}::text[], {{}}::text[],
                         {{}}::text[], {{}}::uuid[])
        WITH ORDINALITY AS t (id, room, author, session, kind, body, html, reply_to, place)
    WHERE t.kind = 'system' OR {access.MAY_WRITE}
), fresh AS (
    SELECT i.*,
           row_number() OVER in_room AS n,
           lag(CASE WHEN i.kind <> 'system' THEN i.author END) OVER in_room AS author_before
    FROM incoming i
    WHERE i.is_stored IS NULL
    WINDOW in_room AS (PARTITION BY i.room ORDER BY i.place)
), counted AS (
    SELECT room, count(*) AS n,
           (array_agg(CASE WHEN kind <> 'system' THEN author END ORDER BY n DESC))[1] AS last_author
    FROM fresh GROUP BY room
), locked AS (
    SELECT r.id, r.version, r.last_seq, r.last_author, r.last_posted_at
    FROM room r WHERE r.id IN (SELECT room FROM counted) ORDER BY r.id FOR UPDATE
), stamped AS (
    SELECT l.*, c.n, c.last_author AS new_author, greatest(clock_timestamp(), l.last_posted_at) AS now
    FROM locked l JOIN counted c ON c.room = l.id
), bumped AS (
    UPDATE room r SET version = s.version + s.n, last_seq = s.last_seq + s.n,
                      last_author = s.new_author, last_posted_at = s.now
    FROM stamped s WHERE r.id = s.id
), claimed AS (
    UPDATE attachment a SET message = f.id
    FROM unnest({{}}::uuid[], {{}}::uuid[], {{}}::int[]) AS t (message, file, place) JOIN fresh f ON f.id = t.message
    WHERE a.id = t.file AND a.message IS NULL AND a.discarded_at IS NULL AND (a.room, a.person) = (f.room, f.author)
    RETURNING a.message, t.place, jsonb_build_array(a.id, a.kind, a.name, a.size, a.width, a.height) AS shown
), files AS (
    SELECT message, jsonb_agg(shown ORDER BY place) AS files FROM claimed GROUP BY message
), inserted AS (
    INSERT INTO message (id, room, seq, version, posted_version, author, kind, body, html, reply_to, files, follows,
                         created_at)
    SELECT f.id, f.room, s.last_seq + f.n, s.version + f.n, s.version + f.n, f.author, f.kind, f.body, f.html,
           f.reply_to, (SELECT files FROM files WHERE message = f.id),
           f.kind <> 'system'
               AND coalesce(f.author = CASE WHEN f.n > 1 THEN f.author_before ELSE s.last_author END, false)
               AND (f.n > 1 OR s.now < s.last_posted_at + interval '{FOLLOWS_WITHIN_MINUTES} minutes'),
           s.now
    FROM fresh f JOIN stamped s ON s.id = f.room
    RETURNING *
), mentioned AS (
    INSERT INTO mention (message, room, person, seq)
    SELECT i.id, i.room, t.person, i.seq
    FROM unnest({{}}::uuid[], {{}}::int[]) AS t (message, person) JOIN inserted i ON i.id = t.message
), marked AS (
    UPDATE membership m
    SET last_read_seq = greatest(m.last_read_seq, own.seq), seen_seq = greatest(m.seen_seq, own.seq)
    FROM (SELECT room, author, max(seq) AS seq FROM inserted GROUP BY room, author) AS own
    WHERE m.room = own.room AND m.person = own.author
)
SELECT m.*, p.name AS author_name, p.avatar AS author_avatar, true AS is_new
FROM inserted m JOIN person p ON p.id = m.author
UNION ALL
SELECT m.*, p.name, p.avatar, false
FROM incoming i
    CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.id = i.id OFFSET 0) AS m
    JOIN person p ON p.id = m.author
WHERE i.is_stored
ORDER BY room, seq
"""

# Nearly every message is new. So at first nobody looks whether it is stored, and a repeated one fails on its key.
_POST = _POST_OR_FIND.replace(_IS_STORED, "NULL::boolean")

# Asked after the commit, so that a reply never quotes what was deleted while its post waited for the room.
_DETAILS = f"SELECT m.id, {lines.DETAILS} FROM message m {lines.DETAILS_FROM} WHERE m.id = any({{}}::uuid[])"
_NO_DETAILS = {"quoted": None, "reactions": None}


@dataclass(slots=True)
class Waiting:
    draft: Draft
    answer: asyncio.Future[Html] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Posts:
    """The one queue of this worker through which messages are posted."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: list[Waiting] = []
        self._draining: asyncio.Task[None] | None = None

    async def post(self, draft: Draft) -> Html:
        """Store the message and return its article; a repeated id is answered as the first time.

        Raises NotThere for whoever may not write in this room (ask `access` for the reason), Taken for somebody
        else's id, Unavailable when PostgreSQL is away (posting again is safe).
        """
        waiting = Waiting(draft)
        self._waiting.append(waiting)
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain())
        return await waiting.answer

    async def _drain(self) -> None:
        try:
            while self._waiting:
                for _ in range(ROUNDS_TO_GET_HERE):
                    await asyncio.sleep(0)
                batch = self._waiting[:POSTS_PER_STATEMENT_MAX]
                del self._waiting[:POSTS_PER_STATEMENT_MAX]
                await self._post_together(batch)
        finally:
            self._draining = None

    async def _post_together(self, batch: Sequence[Waiting]) -> None:
        drafts = [waiting.draft for waiting in batch]
        try:
            articles = self.tell(await _store(drafts), drafts)
        except PostgresError as error:
            if len(batch) > 1:  # one of them spoils it for all: find out which
                for waiting in batch:
                    await self._post_together([waiting])
            else:
                _fail(batch, NotThere() if isinstance(error, ForeignKeyViolationError) else error)
        except Exception as error:
            _fail(batch, error)
        else:
            for waiting in batch:
                _answer(waiting, articles.get(waiting.draft.id))

    async def store(self, draft: Draft) -> Sequence[Mapping[str, Any]]:
        """Store a message inside the caller's transaction; `tell` of its rows after the commit."""
        return await _run(_POST, _arguments([draft]))

    def tell(
        self, rows: Sequence[Mapping[str, Any]], drafts: Sequence[Draft]
    ) -> dict[UUID, tuple[MessageLine, Html]]:
        """Publish what is new, two events a room; returns each message with its article."""
        mentioned = {draft.id: draft.mentioned for draft in drafts}
        ended = {draft.id: draft.ended for draft in drafts}
        articles: dict[UUID, tuple[MessageLine, Html]] = {}
        for room, of_room in groupby(rows, key=lambda row: row["room"]):
            new = []
            for row in of_room:
                line = message_line(row)
                article = rendering.fragments.rendered(line)
                articles[line.id] = line, article
                if row["is_new"]:
                    new.append((line, article))
            if new:
                told = [line for line, _ in new]
                since, version = told[0].version - 1, told[-1].version
                own = tuple({line.author: line.seq for line in told}.items())
                named = tuple((person, line.seq) for line in told for person in mentioned[line.id])
                writers = tuple({line.author for line in told if line.kind != "system"})  # those to be told of
                # First, so that what the room's own sockets are told of it goes out with the messages.
                self._hub.publish(RoomActive(room, told[0].seq - 1, told[-1].seq, own, named, writers))
                html = str(rendering.streams.changes([article for _, article in new], []))
                authors = tuple({line.author for line in told})
                gone = tuple({person for line in told for person in ended[line.id]})
                self._hub.publish(RoomChanged(room, since, version, html, authors, gone, places(html, new)))
        return articles


def _answer(waiting: Waiting, stored: tuple[MessageLine, Html] | None) -> None:
    if waiting.answer.done():
        return  # the request was cut off; the message is stored all the same
    if stored is None:
        waiting.answer.set_exception(NotThere())
    elif (stored[0].author, stored[0].room) != (waiting.draft.author, waiting.draft.room):
        waiting.answer.set_exception(Taken())
    else:
        waiting.answer.set_result(stored[1])


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


async def _store(drafts: Sequence[Draft]) -> Sequence[Mapping[str, Any]]:
    """Run the statement; returns a row for each draft's message, new or stored before, by room and seq."""
    unique = list({draft.id: draft for draft in reversed(drafts)}.values())[::-1]
    arguments = _arguments(unique)
    statement = _POST
    for _ in range(TRIES_MAX - 1):
        try:
            return await _run(statement, arguments)
        except (UniqueViolationError, DeadlockDetectedError):
            statement = _POST_OR_FIND  # it was stored before, or by another worker just now; now it can be seen
    return await _run(statement, arguments)


def _arguments(drafts: Sequence[Draft]) -> Sequence[Any]:
    mentions = [(draft.id, person) for draft in drafts for person in draft.mentioned]
    files = [(draft.id, file, place) for draft in drafts for place, file in enumerate(draft.files)]
    return (
        [draft.id for draft in drafts],
        [draft.room for draft in drafts],
        [draft.author for draft in drafts],
        [draft.session for draft in drafts],
        [draft.kind for draft in drafts],
        [draft.body for draft in drafts],
        [draft.html for draft in drafts],
        [draft.reply_to for draft in drafts],
        [message for message, _, _ in files],
        [file for _, file, _ in files],
        [place for _, _, place in files],
        [message for message, _ in mentions],
        [person for _, person in mentions],
    )


async def _run(statement: str, arguments: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[dict[str, Any]] = await Message.raw(statement, *arguments)
    detailed = [row["id"] for row in rows if row["reply_to"] or not row["is_new"]]
    details = {row["id"]: row for row in await Message.raw(_DETAILS, detailed)} if detailed else {}
    return [row | details.get(row["id"], _NO_DETAILS) for row in rows]
