"""Bring the database's tables up to date; safe to run from several places at once."""

import contextlib
import io

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards

from app.database import CONNECT_SECONDS_MAX

ADVISORY_LOCK = 0x7EA_4005E


class MigrationFailed(Exception):
    """What Piccolo said while a migration failed."""


async def migrate(database_url: str) -> None:
    """Run the migrations that have not run yet, one runner at a time (Piccolo itself takes no lock)."""
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            result = await run_forwards("app")
        if not result.success:
            raise MigrationFailed(said.getvalue() or result.message)
    finally:
        await connection.close()
