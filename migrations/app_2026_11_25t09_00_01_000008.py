from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T09:00:01:000008"
VERSION = "1.38.0"
DESCRIPTION = "search: the index knows which messages carry pictures and files"

# What a message has besides words, as it is asked for in a query.
_TRAITS = """
CREATE FUNCTION search_traits(body text, files jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN strpos(search_fold(body), 'http://') > 0 OR strpos(search_fold(body), 'https://') > 0
                THEN ARRAY['has:link'] ELSE ARRAY[]::text[] END
        || CASE WHEN files IS NULL THEN ARRAY[]::text[]
                WHEN files @? 'strict $[*] ? (@[1] == "image")' THEN ARRAY['has:file', 'has:image']
                ELSE ARRAY['has:file'] END;
END
"""

# Every character that is not white space, and every two that stand together; `app.queries.search.pieces` does the
# same to what is looked for. The longer ones are filters, and cannot be taken for text: room:5, from:7, has:link.
_TERMS = """
CREATE FUNCTION search_terms(body text, room integer, author integer, files jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
BEGIN ATOMIC
    SELECT array_agg(piece) || ARRAY['room:' || room, 'from:' || author] || search_traits(body, files)
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
CREATE INDEX message_search ON message USING gin (search_terms(body, room, author, files)) WITH (fastupdate = off)
WHERE kind = 'text' AND deleted_at IS NULL
"""

FORWARDS = (
    "DROP INDEX message_search",
    "DROP FUNCTION search_terms(text, integer, integer)",
    _TRAITS,
    _TERMS,
    _INDEX,
    "ANALYZE message",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def run_forwards() -> None:
        for statement in FORWARDS:
            await Message.raw(statement)

    manager.add_raw(run_forwards)
    return manager
