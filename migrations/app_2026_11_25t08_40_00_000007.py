from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T08:40:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "search: the same index, kept at a third of the cost to a post"

# The same terms as before, read off in one pass.
_TERMS = """
CREATE OR REPLACE FUNCTION search_terms(body text, room integer, author integer) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
BEGIN ATOMIC
    SELECT array_agg(letter)
        || array_agg(letter || next_letter) FILTER (WHERE next_letter NOT IN (' ', chr(9), chr(10), chr(13)))
        || ARRAY['room:' || room, 'from:' || author]
        || CASE WHEN strpos(search_fold(body), 'http://') > 0 OR strpos(search_fold(body), 'https://') > 0
                THEN ARRAY['has:link'] ELSE ARRAY[]::text[] END
    FROM (SELECT string_to_array(search_fold(body), NULL) AS letters OFFSET 0) AS folded,
         unnest(letters, letters[2:]) AS pair (letter, next_letter)
    WHERE letter NOT IN (' ', chr(9), chr(10), chr(13));
END
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
        for statement in (_TERMS, _WAIT):
            await Message.raw(statement)

    async def run_backwards() -> None:
        for statement in _DO_NOT_WAIT:
            await Message.raw(statement)

    manager.add_raw(run_forwards)
    manager.add_raw_backwards(run_backwards)
    return manager
