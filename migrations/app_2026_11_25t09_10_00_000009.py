from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T09:10:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "search: the same index, kept at a third of the cost to a post"

# The same in every locale where the server can, as in 000005.
_COLLATION = "SELECT FROM pg_collation WHERE collname = 'pg_c_utf8'"

# The same terms as before, read off in one pass. PL/pgSQL keeps its plan from one statement to the next, where a SQL
# function is read and planned anew for each; and what is all ASCII needs no normalizing. It names nothing outside
# pg_catalog, because ANALYZE looks nowhere else.
_TERMS = """
CREATE OR REPLACE FUNCTION search_terms(body text, room integer, author integer, files jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
AS $$
DECLARE
    is_ascii CONSTANT boolean := octet_length(body) = length(body);
    folded CONSTANT text := lower((CASE WHEN is_ascii THEN body ELSE normalize(body, NFKC) END){collation});
    letters CONSTANT text[] := string_to_array(translate(folded, chr(9) || chr(10) || chr(13), '   '), NULL);
    terms text[] := ARRAY['room:' || room, 'from:' || author];
BEGIN
    IF strpos(folded, 'http://') > 0 OR strpos(folded, 'https://') > 0 THEN
        terms := terms || ARRAY['has:link'];
    END IF;
    IF files IS NOT NULL THEN
        terms := terms || ARRAY['has:file'];
        IF files @? 'strict $[*] ? (@[1] == "image")' THEN
            terms := terms || ARRAY['has:image'];
        END IF;
    END IF;
    RETURN (
        SELECT terms || array_agg(letter) || array_agg(letter || next_letter) FILTER (WHERE next_letter <> ' ')
        FROM unnest(letters, letters[2:]) AS pair (letter, next_letter)
        WHERE letter <> ' '
    );
END
$$
"""

# A message has a hundred terms. They wait in a list, which searches read too, until those of some hundred messages
# are sorted in together: most of them are the same.
_WAITING_KILOBYTES = 256
_WAIT = f"ALTER INDEX message_search SET (fastupdate = on, gin_pending_list_limit = {_WAITING_KILOBYTES})"
_DO_NOT_WAIT = (
    "ALTER INDEX message_search RESET (gin_pending_list_limit)",
    "ALTER INDEX message_search SET (fastupdate = off)",
    "SELECT gin_clean_pending_list('message_search')",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def run_forwards() -> None:
        collation = ' COLLATE "pg_c_utf8"' if await Message.raw(_COLLATION) else ""
        for statement in (_TERMS.format(collation=collation), _WAIT):
            await Message.raw(statement)

    async def run_backwards() -> None:
        for statement in _DO_NOT_WAIT:
            await Message.raw(statement)

    manager.add_raw(run_forwards)
    manager.add_raw_backwards(run_backwards)
    return manager
