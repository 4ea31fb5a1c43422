"""The `teahouse` command: serve, migrate."""

import argparse
import asyncio
import os
import signal
import sys

from app.embedded import CannotStart
from app.settings import BadSetting, Settings, from_environment


def main() -> None:
    parser = argparse.ArgumentParser(prog="teahouse", description="Self-hosted chat that speaks HTML.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="start everything and serve until stopped")
    commands.add_parser("migrate", help="bring the tables of DATABASE_URL up to date")
    arguments = parser.parse_args()
    os.environ.setdefault("PICCOLO_CONF", "app.piccolo_conf")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # process 1 would ignore it
    try:
        COMMANDS[arguments.command](from_environment())
    except (BadSetting, CannotStart) as problem:
        sys.exit(f"teahouse: {problem}")


def serve(settings: Settings) -> None:
    from app import supervisor

    supervisor.serve(settings)


def migrate(settings: Settings) -> None:
    from asyncpg import PostgresError

    from app.database import OUTAGES
    from app.migrate import MigrationFailed
    from app.migrate import migrate as bring_up_to_date

    if not settings.database_url:
        raise BadSetting("DATABASE_URL is not set; `teahouse serve` migrates its own database by itself.")
    try:
        asyncio.run(bring_up_to_date(settings.database_url))
    except MigrationFailed as failure:
        raise CannotStart(f"A migration failed: {failure}") from None
    except (*OUTAGES, PostgresError, ValueError) as error:
        raise CannotStart(f"PostgreSQL at DATABASE_URL does not answer: {error or type(error).__name__}") from None


COMMANDS = {"serve": serve, "migrate": migrate}

if __name__ == "__main__":
    main()
