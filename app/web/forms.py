"""Reading a form, strictly: what cannot be read is refused whole."""

from urllib.parse import parse_qsl

from litestar.enums import RequestEncodingType

from app.errors import Invalid, TooLarge
from app.settings import UploadLimits
from app.web.uploads import NO_FILES, TEXT_BYTES_MAX, UNREADABLE, Sent, body_of, multipart
from app.web.visitors import AnyRequest

FIELDS_MAX = 50
DIGITS_MAX = 18  # always fewer than a bigint holds


async def fields(request: AnyRequest) -> dict[str, str]:
    """The text fields of a form, the last one of each name; raises Invalid for anything malformed."""
    return dict(await pairs(request))


async def numbers(request: AnyRequest, name: str) -> list[int]:
    """All the ids that a form gives under one name; 0, which is nobody's, for what is no number."""
    return [number(value) for key, value in await pairs(request) if key == name and value]


def number(text: str) -> int:
    """0 for what is no number that PostgreSQL can hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else 0


async def pairs(request: AnyRequest) -> list[tuple[str, str]]:
    """The text fields of a form in their order; raises Invalid for anything malformed, and for files."""
    sent = await text_and_files(request, NO_FILES)
    if sent.problem:
        raise sent.problem
    return sent.text


async def text_and_files(request: AnyRequest, limits: UploadLimits) -> Sent:
    """The text fields of a form in their order, and its files in theirs; raises Invalid for anything malformed."""
    encoding, _ = request.content_type
    if encoding == RequestEncodingType.MULTI_PART:
        return await multipart(request, limits)
    if encoding not in (RequestEncodingType.URL_ENCODED, ""):
        raise Invalid(form=UNREADABLE)
    try:
        text = (await _body(request)).decode("ascii")
        return Sent(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX), [])
    except ValueError:
        raise Invalid(form=UNREADABLE) from None


async def _body(request: AnyRequest) -> bytes:
    """The body of an ordinary form, also where a form with files may be larger; raises TooLarge."""
    body = bytearray()
    async for chunk in body_of(request):
        body += chunk
        if len(body) > TEXT_BYTES_MAX:
            raise TooLarge
    return bytes(body)
