"""A person's card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.views.people import Portrayed
from app.views.rooms import RoomCard
from app.views.text import time_in_words, timestamp


@dataclass(frozen=True, slots=True)
class Profile(Portrayed):
    """What a person's card says, as one other person finds it."""

    id: int
    name: str
    avatar: str | None
    seen_at: datetime | None
    banned: bool
    rooms: Sequence["RoomCard"] = ()  # groups that both are in
    status: str = ""  # online | away | offline, where it is known

    @property
    def seen_timestamp(self) -> str:
        return timestamp(self.seen_at) if self.seen_at else ""

    @property
    def seen_in_words(self) -> str:
        return time_in_words(self.seen_at) if self.seen_at else ""
