"""Attachments: files are taken in first, and belong to nobody but who brought them until a message carries them.

The row is there before the bytes are stored and goes after they are gone: whatever is cut off between, the sweep
finds. Keys in the storage begin with the attachment's id; a picture lies there as WebP in three sizes, its original
is not kept, and with it goes what it said of where it was taken.
"""

import asyncio
import io
import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO
from uuid import UUID, uuid4

from app import access, media, pictures
from app.errors import Invalid, Problem
from app.media import Media
from app.storage import Storage
from app.tables import Attachment as AttachmentTable
from app.views import PREVIEW_PIXELS, Attachment, Person

PICTURE_PIXELS = 4096  # the longer side of a picture that is opened whole
NAME_LENGTH_MAX = 120
UNPOSTED_HOURS_MAX = 6
SWEEP_SECONDS = 300.0
SWEPT_AT_ONCE = 100

VARIANTS = ("full", "large", "small")

_TAKE_IN = """
INSERT INTO attachment (id, room, person, kind, name, media_type, size, width, height)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})
"""

_CHOSEN = """
SELECT a.id FROM attachment a
WHERE a.id = any({}::uuid[]) AND a.room = {} AND a.person = {} AND a.discarded_at IS NULL
    AND (a.message IS NULL OR a.message = {})
"""

_DISCARD = "UPDATE attachment SET discarded_at = now() WHERE id = any({}::uuid[]) AND message IS NULL"

_LEFT_OVER = f"""
SELECT id FROM attachment
WHERE discarded_at IS NOT NULL
    OR (message IS NULL AND created_at < now() - interval '{UNPOSTED_HOURS_MAX} hours')
ORDER BY created_at LIMIT {SWEPT_AT_ONCE}
"""
_NOBODYS = "UPDATE attachment SET discarded_at = now() WHERE id = any({}::uuid[]) AND (message IS NULL) RETURNING id"
_GONE = "DELETE FROM attachment WHERE id = any({}::uuid[]) AND discarded_at IS NOT NULL"

logger = logging.getLogger("teahouse")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: its name as the browser gave it, and its bytes in a temporary file."""

    name: str
    file: IO[bytes]
    size: int


@dataclass(frozen=True, slots=True)
class Content:
    """What is stored of a file: its bytes for each variant."""

    media: Media
    size: int
    width: int | None
    height: int | None
    variants: Sequence[tuple[str, IO[bytes]]]


async def take_in(person: Person, room: int, upload: Upload, storage: Storage) -> Attachment:
    """Keep a file until a message carries it. Raises Invalid (field `files`), Unavailable."""
    name = cleaned(upload.name)
    content = await _content(name, upload.file, upload.size)
    attachment = Attachment(
        id=uuid4(),
        kind=content.media.kind,
        name=f"{name.rpartition('.')[0] or name}.webp" if content.media.kind == "image" else name,
        size=content.size,
        width=content.width,
        height=content.height,
    )
    await AttachmentTable.raw(
        _TAKE_IN,
        attachment.id,
        room,
        person.id,
        attachment.kind,
        attachment.name,
        content.media.media_type,
        attachment.size,
        attachment.width,
        attachment.height,
    )
    for variant, stored in content.variants:
        await storage.put(key(attachment.id, variant), stored)
    return attachment


def key(attachment: UUID, variant: str) -> str:
    """Where a variant (full; of pictures also large and small) of a file lies in the storage."""
    return f"{attachment}/{variant}"


def cleaned(name: str) -> str:
    """A file's name without folders, control characters and what turns the direction of writing; never empty."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    stem, dot, ending = name.strip().rpartition(".")
    if not dot or len(ending) > 10:
        return name.strip()[:NAME_LENGTH_MAX] or "file"
    return f"{stem.strip()[: NAME_LENGTH_MAX - len(ending) - 1] or 'file'}.{ending}"


async def _content(name: str, file: IO[bytes], size: int) -> Content:
    if not size:
        raise Invalid(files=f"“{name}” is empty.")
    file.seek(0)
    kind = media.recognised(file.read(media.HEAD_BYTES), name)
    if media.breaks_its_promise(kind, name):
        raise Invalid(files=f"“{name}” is not what its name says, or it is damaged.")
    if kind.kind != "image":
        return Content(kind, size, None, None, [("full", file)])
    try:
        made = await pictures.made("fit", file, [PICTURE_PIXELS, *PREVIEW_PIXELS])
    except Invalid as problem:
        raise Invalid(files=f"“{name}”: {problem.sentence}") from None
    full = made[0]
    variants = [(variant, io.BytesIO(picture.content)) for variant, picture in zip(VARIANTS, made, strict=True)]
    return Content(kind, len(full.content), full.width, full.height, variants)


async def chosen(person: Person, room: int, ids: Sequence[str], message: UUID, most: int) -> tuple[UUID, ...]:
    """Those files that a message is to carry, each once, in this order; raises Invalid for any that is not there."""
    named = [access.uuid_of(one) for one in ids]
    wanted = tuple(dict.fromkeys(one for one in named if one))
    if None in named:
        raise Invalid(files="One of the files could not be found. Please attach it again.")
    if len(wanted) > most:
        raise Invalid(files=f"A message can carry {most} files; this one has {len(wanted)}.")
    if wanted:
        rows = await AttachmentTable.raw(_CHOSEN, list(wanted), room, person.id, message)
        if len(rows) < len(wanted):
            raise Invalid(files="One of the files is no longer there. Please attach it again.")
    return wanted


async def discard(ids: Sequence[UUID], storage: Storage) -> None:
    """Let go of files that no message carries; what cannot be deleted now, the sweep deletes."""
    if ids:
        await AttachmentTable.raw(_DISCARD, list(ids))
        await delete_discarded(ids, storage)


async def delete_discarded(ids: Sequence[UUID], storage: Storage) -> None:
    """Delete files that are discarded, from the storage and then from the table."""
    try:
        for attachment in ids:
            await storage.delete(key(attachment, variant) for variant in VARIANTS)
        await AttachmentTable.raw(_GONE, list(ids))
    except Problem as problem:
        logger.warning("Discarded files are left for the sweep: %s", problem.sentence)


async def sweep(storage: Storage) -> None:
    """Delete what is discarded, and what was taken in and never posted."""
    while rows := await AttachmentTable.raw(_LEFT_OVER):
        left_over = [row["id"] for row in rows]
        nobodys = await AttachmentTable.raw(_NOBODYS, left_over)
        for attachment in nobodys:
            await storage.delete(key(attachment["id"], variant) for variant in VARIANTS)
        await AttachmentTable.raw(_GONE, left_over)
        if len(rows) < SWEPT_AT_ONCE:
            return


async def sweep_for_ever(storage: Storage) -> None:
    while True:
        await sweep(storage)
        await asyncio.sleep(SWEEP_SECONDS)
