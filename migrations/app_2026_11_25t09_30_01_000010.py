from app.tables import Faces
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-25T09:30:01:000010"
VERSION = "1.38.0"
DESCRIPTION = "the one row of that number"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="app", description=DESCRIPTION)

    async def insert_row() -> None:
        await Faces.raw("INSERT INTO faces DEFAULT VALUES")

    async def delete_row() -> None:
        await Faces.raw("DELETE FROM faces")

    manager.add_raw(insert_row)
    manager.add_raw_backwards(delete_row)
    return manager
