"""Tells Piccolo's migrations which tables there are and where the migrations lie."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from app.tables import (
    Attachment,
    Audit,
    Avatar,
    Faces,
    LoginSession,
    Membership,
    Mention,
    Message,
    Person,
    Reaction,
    Room,
    Wording,
)

APP_CONFIG = AppConfig(
    app_name="app",
    migrations_folder_path=Path(__file__).parent.parent / "migrations",
    table_classes=[
        Person,
        Avatar,
        Faces,
        LoginSession,
        Room,
        Membership,
        Message,
        Attachment,
        Mention,
        Wording,
        Reaction,
        Audit,
    ],
    migration_dependencies=[],
)
