"""People by the thousand, written straight into the tables: signed in, and together in one room."""

from dataclasses import dataclass
from uuid import uuid4

import asyncpg

from app.web.visitors import ROOM_COOKIE, SESSION_COOKIE

ADD = """
WITH room AS (
    INSERT INTO room (name, invite_code) VALUES ('The tea house', $1) RETURNING id
), others AS (
    INSERT INTO room (name, invite_code) SELECT 'Room ' || n, $1 || '-' || n FROM generate_series(1, $3::int) AS n
    RETURNING id
), people AS (
    INSERT INTO person (email, name, password_hash, is_admin)
    SELECT $1 || '-' || n || '@example.org', 'Guest ' || n, '', false FROM generate_series(1, $2::int) AS n
    RETURNING id, split_part(name, ' ', 2) AS n
), members AS (
    INSERT INTO membership (person, room)
    SELECT p.id, r.id FROM people p, room r UNION ALL SELECT p.id, o.id FROM people p, others o WHERE p.n::int <= $4
), sessions AS (
    INSERT INTO login_session (token_hash, person, user_agent)
    SELECT sha256(convert_to($1 || '-' || n, 'UTF8')), id, 'bench' FROM people
)
SELECT id FROM room
"""
FILL = """
WITH authors AS (SELECT array_agg(person ORDER BY person) AS ids FROM membership WHERE room = $1), filled AS (
    INSERT INTO message (id, room, seq, version, posted_version, author, kind, body, html, created_at)
    SELECT gen_random_uuid(), $1, n, n, n, ids[1 + n % cardinality(ids)], 'text', text, '<p>' || text || '</p>',
           now() - ($2::bigint - n) * interval '10 seconds'
    FROM authors, generate_series(1, $2::bigint) AS n,
         LATERAL (SELECT CASE WHEN n % greatest($2 / $5, 1) = 0 THEN ' ' || $4 ELSE '' END) AS rarely (said),
         LATERAL (SELECT $3 || rarely.said || ' ' || n) AS said (text)
)
UPDATE room SET version = $2, last_seq = $2, last_posted_at = now() WHERE id = $1
"""
OTHER_ROOMS, OF_THE_FIRST = 5, 16
RARE_MESSAGES = 10
BODY = "Shall we meet at the tea house by the old bridge at four?"


@dataclass(frozen=True)
class Crowd:
    """`people` of them in one room; the one with number n holds the session `key`-n."""

    room: int
    people: int
    key: str
    messages: int

    @property
    def target(self) -> str:
        return f"/socket?room={self.room}&since={{since}}"

    @property
    def poll(self) -> str:
        return f"/rooms/{self.room}/changes?since={{since}}"

    def headers(self, url: str, number: str = "{n}") -> str:
        return f"Cookie: {SESSION_COOKIE}={self.key}-{number}\r\nOrigin: {url}\r\n"

    def post(self, url: str) -> str:
        """A post of the first one's, for load/asker.c."""
        return (
            f"POST /rooms/{self.room}/messages HTTP/1.1\r\n{self._from_the_first(url)}"
            "HX-Request: true\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
            f"id={{uuid}}&body={BODY.replace(' ', '+')}+t%3D{{t}}"
        )

    def get(self, url: str, address: str) -> str:
        """A request as a browser makes it that was in the room before; each connection is another person's."""
        host = url.removeprefix("http://")
        return (
            f"GET {address} HTTP/1.1\r\nHost: {host}\r\n"
            f"Cookie: {SESSION_COOKIE}={self.key}-{{c}}; {ROOM_COOKIE}={self.room}\r\n"
            "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en\r\n\r\n"
        )

    def _from_the_first(self, url: str) -> str:
        return f"Host: {url.removeprefix('http://')}\r\n{self.headers(url, '1')}"


async def crowd(database_url: str, people: int, messages: int = 0, text: str = BODY, rare: str = "") -> Crowd:
    """A new room with so many people, and so many messages of theirs in turns, RARE_MESSAGES of them with `rare`.

    The first OF_THE_FIRST of them, who are those that ask and post, are in OTHER_ROOMS as well.
    """
    connection = await asyncpg.connect(database_url)
    try:
        key = uuid4().hex
        room = await connection.fetchval(ADD, key, people, OTHER_ROOMS, OF_THE_FIRST)
        if messages:
            # Trusted to be right, so that a million of them take seconds: no look at what they refer to.
            async with connection.transaction():
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(FILL, room, messages, text, rare, RARE_MESSAGES)
        return Crowd(room, people, key, messages)
    finally:
        await connection.close()


async def stored(database_url: str, question: str, *values: object) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetchval(question, *values)
    finally:
        await connection.close()
