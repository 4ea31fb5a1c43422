from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T07:00:01:000006"
VERSION = "1.38.0"
DESCRIPTION = "the index that finds the replies to a message"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def create_index() -> None:
        await Message.raw("CREATE INDEX message_reply_to ON message (reply_to) WHERE reply_to IS NOT NULL")

    async def drop_index() -> None:
        await Message.raw("DROP INDEX message_reply_to")

    manager.add_raw(create_index)
    manager.add_raw_backwards(drop_index)
    return manager
