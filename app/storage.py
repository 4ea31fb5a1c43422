"""Where files lie: a folder, or S3 and its like, through obstore. Nothing is ever held whole in memory."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from app.errors import NotThere, Unavailable

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ObjectStore

PUT_PARTS_AT_ONCE = 2  # each of 5 MB, the least that S3 takes
READ_BYTES = 256 * 1024

OUTAGES = (BaseError, OSError)

logger = logging.getLogger("teahouse")


class Storage:
    """Files by key, such as "4f…/full". Its methods raise Unavailable when it cannot be reached or is full."""

    def __init__(self, url: str | None, folder: Path) -> None:
        """`folder` is where files lie when there is no `url`; it is made when the first one is stored."""
        self._url = url
        self._folder = folder
        self._opened: ObjectStore | None = None

    async def put(self, key: str, file: IO[bytes]) -> None:
        """Store an open file from its beginning to its end."""
        file.seek(0)
        try:
            await obstore.put_async(self._store(), key, file, max_concurrency=PUT_PARTS_AT_ONCE)
        except OUTAGES as error:
            raise _unavailable(error) from error

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to and without `end`, in pieces; raises NotThere."""
        try:
            found = await obstore.get_async(self._store(), key, options={"range": (start, end)})
        except FileNotFoundError:
            raise NotThere from None
        except OUTAGES as error:
            raise _unavailable(error) from error
        return _pieces(found)

    async def read_all(self, key: str) -> AsyncIterator[bytes]:
        """The same for the whole of it."""
        try:
            found = await obstore.get_async(self._store(), key)
        except FileNotFoundError:
            raise NotThere from None
        except OUTAGES as error:
            raise _unavailable(error) from error
        return _pieces(found)

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is there of these."""
        for key in keys:
            try:
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._store(), key)
            except OUTAGES as error:
                raise _unavailable(error) from error

    def _store(self) -> "ObjectStore":
        if self._opened is None:
            if self._url is None or self._url.startswith("file://"):
                folder = Path(self._url.removeprefix("file://")) if self._url else self._folder
                self._opened = LocalStore(folder, automatic_cleanup=True, mkdir=True)
            else:
                self._opened = from_url(self._url)
        return self._opened


async def _pieces(found: "GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=READ_BYTES):
        yield bytes(piece)


def _unavailable(error: Exception) -> Unavailable:
    logger.error("The file storage failed: %s", type(error).__name__)
    return Unavailable(
        "The file storage cannot be reached or is full. Nothing was sent; please try again in a moment."
    )
