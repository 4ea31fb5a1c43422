"""A form with a picture in it."""

from litestar.datastructures import UploadFile

from app.errors import Invalid, TooLarge
from app.pictures import PICTURE_BYTES_MAX
from app.web.forms import UNREADABLE, form_items
from app.web.visitors import AnyRequest

PICTURE_FORM_BYTES_MAX = PICTURE_BYTES_MAX + 512 * 1024
"""For the handler's `request_max_body_size`: the picture, and what stands around it."""


async def fields_and_picture(request: AnyRequest, name: str) -> tuple[dict[str, str], bytes | None]:
    """The text fields, and the bytes of the file under `name` if one was chosen. Raises Invalid, TooLarge."""
    text: dict[str, str] = {}
    picture = None
    for key, value in await form_items(request):
        if not isinstance(value, UploadFile):
            text[key] = value
        elif value.filename:
            if key != name:
                raise Invalid(form=UNREADABLE)
            picture = await value.read(PICTURE_BYTES_MAX + 1)
    if picture is not None and len(picture) > PICTURE_BYTES_MAX:
        raise TooLarge(f"A picture can have {PICTURE_BYTES_MAX // 1_000_000} MB; this one has more.")
    return text, picture
