from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T07:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "search: an index of pairs of characters, and each room's messages by time"

# The same in every locale where the server can (PostgreSQL 17 and later).
_COLLATION = "SELECT FROM pg_collation WHERE collname = 'pg_c_utf8'"

_FOLD = """
CREATE FUNCTION search_fold(body text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(normalize(body, NFKC){collation})
"""

# Every character that is not white space, and every two that stand together; `app.queries.search.pieces` does the
# same to what is looked for. The longer ones are filters, and cannot be taken for text: room:5, from:7, has:link.
_TERMS = """
CREATE FUNCTION search_terms(body text, room integer, author integer) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
BEGIN ATOMIC
    SELECT array_agg(piece) || ARRAY['room:' || room, 'from:' || author]
        || CASE WHEN strpos(search_fold(body), 'http://') > 0 OR strpos(search_fold(body), 'https://') > 0
                THEN ARRAY['has:link'] ELSE ARRAY[]::text[] END
    FROM (SELECT string_to_array(search_fold(body), NULL) AS letters OFFSET 0) AS folded,
         unnest(letters, letters[2:]) AS pair (letter, next_letter),
         LATERAL (VALUES (letter),
                         (CASE WHEN next_letter NOT IN (' ', chr(9), chr(10), chr(13)) THEN letter || next_letter END)
         ) AS pieces (piece)
    WHERE letter NOT IN (' ', chr(9), chr(10), chr(13)) AND piece IS NOT NULL;
END
"""

# Without a list of what is still to be taken in: a post costs the same each time, and a search reads no such list.
_INDEX = """
CREATE INDEX message_search ON message USING gin (search_terms(body, room, author)) WITH (fastupdate = off)
WHERE kind = 'text' AND deleted_at IS NULL
"""
_BY_TIME = """
CREATE INDEX message_room_created_at ON message (room, created_at, seq) WHERE kind = 'text' AND deleted_at IS NULL
"""

BACKWARDS = (
    "DROP INDEX message_room_created_at",
    "DROP INDEX message_search",
    "DROP FUNCTION search_terms",
    "DROP FUNCTION search_fold",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def run_forwards() -> None:
        collation = ' COLLATE "pg_c_utf8"' if await Message.raw(_COLLATION) else ""
        for statement in (_FOLD.format(collation=collation), _TERMS, _INDEX, _BY_TIME):
            await Message.raw(statement)
        await Message.raw("ANALYZE message")

    async def run_backwards() -> None:
        for statement in BACKWARDS:
            await Message.raw(statement)

    manager.add_raw(run_forwards)
    manager.add_raw_backwards(run_backwards)
    return manager
