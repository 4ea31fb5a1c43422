"""Files of messages."""

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from app.views.text import Html

PREVIEW_PIXELS = (1600, 640)
"""How long the longer side of a picture's large and small preview is at most."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as a message shows it."""

    id: UUID
    kind: str  # image | audio | video | file
    name: str
    size: int  # bytes
    width: int | None = None  # pixels, of an image
    height: int | None = None

    @property
    def path(self) -> Html:
        return Html(f"/files/{self.id}/{quote(self.name, safe='')}")

    @property
    def preview_widths(self) -> tuple[int, int]:
        """Of the small preview and the large one, in pixels."""
        large, small = (round((self.width or 1) * min(1, side / self._longer_side)) for side in PREVIEW_PIXELS)
        return small, large

    @property
    def _longer_side(self) -> int:
        return max(self.width or 1, self.height or 1)

    @property
    def size_in_words(self) -> str:
        """Such as 312 kB or 1.4 MB, with 1,000 bytes to the kB."""
        if self.size < 1_000_000:
            return f"{max(1, round(self.size / 1000))} kB"
        return f"{self.size / 1_000_000:.1f} MB"


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file behind its door: what it is, and whose message carries it."""

    id: UUID
    kind: str
    name: str
    media_type: str
    size: int
