"""Reading a form, strictly: what cannot be read is refused whole."""

from urllib.parse import parse_qsl

from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException

from app.errors import Invalid
from app.web.visitors import AnyRequest

FIELDS_MAX = 50
UNREADABLE = "This form could not be read. Please go back and send it again."


async def fields(request: AnyRequest) -> dict[str, str]:
    """The text fields of a form, the last one of each name; raises Invalid for anything malformed."""
    return dict(await pairs(request))


async def numbers(request: AnyRequest, name: str) -> list[int]:
    """All the ids that a form gives under one name; 0, which is nobody's, for what is no number."""
    values = [value for key, value in await pairs(request) if key == name and value]
    return [int(value) if value.isascii() and value.isdigit() and len(value) < 11 else 0 for value in values]


async def pairs(request: AnyRequest) -> list[tuple[str, str]]:
    """The text fields of a form in their order; raises Invalid for anything malformed."""
    text = []
    for name, value in await form_items(request):
        if not isinstance(value, UploadFile):
            text.append((name, value))
        elif value.filename:
            raise Invalid(files="Files cannot be sent yet.")
    return text


async def form_items(request: AnyRequest) -> list[tuple[str, str | UploadFile]]:
    """Text fields and files of a form in their order; raises Invalid for anything malformed."""
    encoding, _ = request.content_type
    if encoding == RequestEncodingType.MULTI_PART:
        return await _multipart(request)
    if encoding not in (RequestEncodingType.URL_ENCODED, ""):
        raise Invalid(form=UNREADABLE)
    try:
        text = (await request.body()).decode("ascii")
        return [*parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)]
    except ValueError:
        raise Invalid(form=UNREADABLE) from None


async def _multipart(request: AnyRequest) -> list[tuple[str, str | UploadFile]]:
    try:
        form = await request.form()
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise Invalid(form=UNREADABLE) from None
    except (ValueError, KeyError, LookupError):
        raise Invalid(form=UNREADABLE) from None
    items = [(name, value if isinstance(value, UploadFile) else str(value)) for name, value in form.multi_items()]
    if not all(isinstance(value, UploadFile) or _is_text(value) for _, value in items):
        raise Invalid(form=UNREADABLE)
    return items


def _is_text(value: str) -> bool:
    """Whether it is Unicode that can be stored: a part may name a charset that yields half characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
