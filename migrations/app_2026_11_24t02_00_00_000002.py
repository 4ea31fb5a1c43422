from app.tables import Message
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-24T02:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the index that answers “what did I miss?”"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def create_index() -> None:
        await Message.raw("CREATE UNIQUE INDEX message_room_version ON message (room, version)")

    async def drop_index() -> None:
        await Message.raw("DROP INDEX message_room_version")

    manager.add_raw(create_index)
    manager.add_raw_backwards(drop_index)
    return manager
