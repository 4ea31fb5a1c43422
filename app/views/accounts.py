"""Accounts as administrators see them, devices, and the book of what was done."""

import re
from dataclasses import dataclass
from datetime import datetime

from app.views.people import Portrayed
from app.views.text import time_in_words, timestamp


@dataclass(frozen=True, slots=True)
class Device:
    """A login session, as its owner sees it."""

    id: int
    user_agent: str
    created_at: datetime
    seen_at: datetime  # to some minutes
    is_current: bool

    @property
    def name(self) -> str:
        """Browser, its version and system, as far as the browser tells; two devices may differ in nothing else."""
        mark, browser = next((each for each in BROWSERS if each[0] in self.user_agent), ("", "Unknown browser"))
        version = re.search(rf"(?:{VERSION_MARKS.get(mark, mark)})\w*/(\d+)", self.user_agent) if mark else None
        system = next((name for mark, name in SYSTEMS if mark in self.user_agent), "")
        named = f"{browser} {version[1]}" if version else browser
        return f"{named} on {system}" if system else named

    @property
    def timestamp(self) -> str:
        return timestamp(self.created_at)

    @property
    def time_in_words(self) -> str:
        return time_in_words(self.created_at)

    @property
    def seen_timestamp(self) -> str:
        return timestamp(self.seen_at)

    @property
    def seen_in_words(self) -> str:
        return time_in_words(self.seen_at)


# The first mark that is found counts: browsers name their relatives as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
VERSION_MARKS = {"Safari": "Version"}  # what stands before its version, where that is not its own mark


SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Account(Portrayed):
    """A person of this server, as its administrators see them."""

    id: int
    name: str
    email: str
    avatar: str | None
    is_admin: bool
    banned: bool


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who did what, to whom, and where; names are empty for what is gone."""

    id: int
    actor: str | None
    act: str
    subject: str | None
    room: int | None
    room_name: str | None
    detail: str
    created_at: datetime

    @property
    def timestamp(self) -> str:
        return timestamp(self.created_at)

    @property
    def time_in_words(self) -> str:
        return time_in_words(self.created_at)
