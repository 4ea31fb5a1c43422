from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T06:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "what was written before has its HTML; everybody has read what was there; the index that counts mentions"

FORWARDS = (
    """UPDATE message SET html = '<p>' || replace(replace(replace(replace(replace(
        body, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&#34;'), '''', '&#39;') || '</p>'""",
    "UPDATE membership m SET last_read_seq = r.last_seq, seen_seq = r.last_seq FROM room r WHERE r.id = m.room",
    "CREATE INDEX mention_person_room_seq ON mention (person, room, seq)",
    "CREATE INDEX audit_created_at ON audit (created_at, id)",
)
BACKWARDS = ("DROP INDEX audit_created_at", "DROP INDEX mention_person_room_seq")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def run_forwards() -> None:
        for statement in FORWARDS:
            await Message.raw(statement)

    async def run_backwards() -> None:
        for statement in BACKWARDS:
            await Message.raw(statement)

    manager.add_raw(run_forwards)
    manager.add_raw_backwards(run_backwards)
    return manager
