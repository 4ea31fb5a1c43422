"""A page in pieces, each encoded and compressed by itself, and kept as long as it is likely to come again.

Parts that were compressed apart make one deflate stream, if each ends on a whole byte and refers to nothing before
itself (RFC 1951, 2; zlib's full flush does both). So no page is compressed whole, and gzip (RFC 1952) only adds its
header and the checksum.
"""

import struct
import zlib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b

from litestar import MediaType
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse

from app.web.pages import DIGEST_BYTES, encodings, etag_of, has_already
from app.web.visitors import AnyRequest

LEVEL = 6
PASSING_LEVEL, PASSING_WINDOW, PASSING_MEMORY = 3, 13, 5
"""For what may well be sent only once: half of the time, a quarter of the memory, a few bytes in a hundred more."""
PASSING_KEPT_MAX = 500
PASSING_KEPT_LENGTH_MAX = 8000

GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
LAST_BLOCK = b"\x03\0"


class Piece:
    """Some HTML as it goes out, plain or as a part of a deflate stream; made when it is first needed."""

    def __init__(self, html: str) -> None:
        self.plain = html.encode()

    @cached_property
    def deflated(self) -> bytes:
        return self._deflate(zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS))

    @cached_property
    def digest(self) -> bytes:
        return blake2b(self.plain, digest_size=DIGEST_BYTES).digest()

    def _deflate(self, deflate: "zlib._Compress") -> bytes:
        return deflate.compress(self.plain) + deflate.flush(zlib.Z_FULL_FLUSH)


class PassingPiece(Piece):
    """What one person sees of one page. Most of it comes again on their next one, or on somebody else's."""

    @cached_property
    def deflated(self) -> bytes:
        return self._deflate(zlib.compressobj(PASSING_LEVEL, zlib.DEFLATED, -PASSING_WINDOW, PASSING_MEMORY))


class FreshPiece(Piece):
    """What is another each time, and still makes no page another one. It is too short to compress."""

    digest = b""

    @cached_property
    def deflated(self) -> bytes:
        length = len(self.plain)
        return struct.pack("<BHH", 0, length, length ^ 0xFFFF) + self.plain


def passing(html: str) -> PassingPiece:
    return _kept(html) if len(html) <= PASSING_KEPT_LENGTH_MAX else PassingPiece(html)


_kept = lru_cache(PASSING_KEPT_MAX)(PassingPiece)


def answer(request: AnyRequest, pieces: Sequence[Piece], cookies: Sequence[Cookie] = ()) -> ASGIResponse:
    """The page made of these pieces, or a 304 if the browser has it; for a handler that is excluded from compression.

    The ETag is made of all that is shown, down to who is signed in, so it holds for nobody else.
    """
    etag = etag_of(b"".join([piece.digest for piece in pieces]))
    headers = {"ETag": etag, "Vary": "Accept-Encoding"}
    if has_already(request, etag):
        return ASGIResponse(status_code=304, headers=headers, cookies=cookies)
    body = plain(pieces)
    if "gzip" in encodings(request):
        headers["Content-Encoding"] = "gzip"
        body = gzipped(pieces)
    return ASGIResponse(body=body, media_type=MediaType.HTML, headers=headers, cookies=cookies)


def plain(pieces: Sequence[Piece]) -> bytes:
    return b"".join([piece.plain for piece in pieces])


def gzipped(pieces: Sequence[Piece]) -> bytes:
    whole = plain(pieces)
    end = struct.pack("<LL", zlib.crc32(whole), len(whole) & 0xFFFFFFFF)
    return b"".join([GZIP_HEADER, *[piece.deflated for piece in pieces], LAST_BLOCK, end])
