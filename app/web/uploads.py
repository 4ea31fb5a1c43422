"""Reading a multipart form: text fields, and files, which go to temporary files as they come in."""

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from litestar.exceptions import InternalServerException
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from app.actions.attachments import Upload
from app.errors import Invalid, TooLarge
from app.settings import UploadLimits
from app.web.visitors import AnyRequest

UNREADABLE = "This form could not be read. Please go back and send it again."
PARTS_MAX = 100
TEXT_BYTES_MAX = 512 * 1024
IN_MEMORY_BYTES_MAX = 256 * 1024
CHARSETS = ("utf-8", "utf8", "us-ascii")
"""Pages are UTF-8, and so are their forms. Others are refused: to decode one can take minutes (punycode)."""


NO_FILES = UploadLimits(0, 0)


class Sent(NamedTuple):
    """What a form brought. Where `problem` is set, files are missing: its text is there all the same."""

    text: list[tuple[str, str]]
    files: list[Upload]
    problem: Invalid | TooLarge | None = None


class _Reader:
    """Takes in one multipart form, part by part. What is too much is let pass by, not kept."""

    def __init__(self, limits: UploadLimits) -> None:
        self.text: list[tuple[str, str]] = []
        self.files: list[Upload] = []
        self.problem: Invalid | TooLarge | None = None
        self._limits = limits
        self._text_bytes = 0
        self._number_of_files = 0
        self._part: bytearray | IO[bytes] | None = None  # of a text, of a file, of what is let pass by

    def begin(self, segment: MultipartSegment) -> None:
        self._part = bytearray() if segment.filename is None else None
        if segment.filename:  # an empty one: no file was chosen
            self._number_of_files += 1
            if self._number_of_files > self._limits.files_max:
                self.problem = self.problem or Invalid(files=_too_many(self._limits.files_max))
            else:
                self._part = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX)  # noqa: SIM115 (it is handed on)

    def take(self, segment: MultipartSegment, piece: bytes | bytearray) -> None:
        if isinstance(self._part, bytearray):
            self._text_bytes += len(piece)
            if self._text_bytes > TEXT_BYTES_MAX:
                raise TooLarge
            self._part += piece
        elif self._part is not None:
            if segment.bytes_received > self._limits.file_bytes_max:
                megabytes = self._limits.file_bytes_max // 1_000_000
                sentence = f"A file can have {megabytes} MB; “{segment.filename}” has more."
                self.problem = self.problem or TooLarge(sentence)
                self._part.close()
                self._part = None
            else:
                self._part.write(piece)

    def end(self, segment: MultipartSegment) -> None:
        if isinstance(self._part, bytearray):
            if (segment.charset or CHARSETS[0]).lower() not in CHARSETS:
                raise Invalid(form=UNREADABLE)
            self.text.append((segment.name or "", self._part.decode()))
        elif self._part is not None:
            self._part.seek(0)
            self.files.append(Upload(segment.filename or "", self._part, segment.size))


async def body_of(request: AnyRequest) -> AsyncIterator[bytes]:
    """The body, piece by piece; raises Invalid where the browser went before its end, which is no mistake of ours."""
    try:
        async for piece in request.stream():
            yield piece
    except InternalServerException:
        raise Invalid(form=UNREADABLE) from None


async def multipart(request: AnyRequest, limits: UploadLimits) -> Sent:
    """The form in the request. Raises Invalid where it is malformed, TooLarge where it is far more than allowed."""
    boundary = request.content_type[1].get("boundary", "")
    reader = _Reader(limits)
    left = limits.files_max * limits.file_bytes_max + 2 * max(TEXT_BYTES_MAX, limits.file_bytes_max)
    segment: MultipartSegment | None = None
    try:
        with PushMultipartParser(boundary, max_segment_count=PARTS_MAX) as parser:
            async for chunk in body_of(request):
                if parser.closed:
                    break
                if (left := left - len(chunk)) < 0:
                    raise reader.problem or TooLarge
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        segment = event
                        reader.begin(segment)
                    elif segment is not None and event:
                        reader.take(segment, event)
                    elif segment is not None:
                        reader.end(segment)
    except (MultipartError, ValueError, LookupError):
        raise Invalid(form=UNREADABLE) from None
    return Sent(reader.text, reader.files, reader.problem)


def _too_many(files: int) -> str:
    if files < 2:
        return "One file can be sent here, not several." if files else "No files can be sent here."
    return f"A message can carry {files} files; these are more."
