"""Static files, and the stylesheet that makes a person's own messages theirs.

The files are few and small: they are read once, compressed once, and kept. Their addresses change with what is
in them, so a browser may keep them for ever. The stylesheets, and the behaviours, are handed out joined: one
file for each thing on disk, one request for all.
"""

import gzip
import mimetypes
from functools import cache
from typing import NamedTuple

from litestar import Response, get
from litestar.params import FromPath

from app import rendering
from app.errors import NotThere
from app.rendering import STATIC
from app.web.visitors import AnyRequest

FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"
COMPRESSIBLE = ("text/", "application/json", "image/svg+xml")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FIRST_STYLES = ("tokens.css", "base.css")


class StaticFile(NamedTuple):
    media_type: str
    plain: bytes
    gzipped: bytes | None


@get("/static/{fingerprint:str}/{path:path}", exclude_from_compression=True)
async def static_file(request: AnyRequest, fingerprint: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    file = _files().get(path.lstrip("/"))
    if file is None:
        raise NotThere
    kept = FOR_EVER if fingerprint == rendering.fingerprint() else A_WHILE
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
    content = file.plain
    if file.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = file.gzipped
    return Response(content, media_type=file.media_type, headers=headers)


@get("/people/{person_id:int}/mine.css")
async def mine(person_id: FromPath[int]) -> Response[str]:
    """The same for whoever asks, and no secret: it names nothing but the number in its address."""
    return Response(rendering.mine(person_id), media_type="text/css", headers={"Cache-Control": FOR_EVER})


@cache
def _files() -> dict[str, StaticFile]:
    files = {
        str(path.relative_to(STATIC)): _file(path.suffix, path.read_bytes())
        for path in STATIC.rglob("*")
        if path.is_file()
    }
    files["all.css"] = _file(".css", _joined_styles())
    files["all.js"] = _file(".js", _joined_behaviours())
    return files


def _joined_styles() -> bytes:
    """Tokens and base first, then a file for each component; the words of the timeline last."""
    first = [STATIC / "css" / name for name in FIRST_STYLES]
    rest = sorted(path for path in (STATIC / "css").glob("*.css") if path not in first)
    return b"\n".join(path.read_bytes() for path in [*first, *rest, STATIC / "css" / "words" / "en.css"])


def _joined_behaviours() -> bytes:
    """Each file in a block of its own: they share no names, and speak to each other by events alone."""
    behaviours = sorted((STATIC / "js").glob("*.js"))
    return b"\n".join(b"{\n" + path.read_bytes() + b"}" for path in behaviours)


def _file(suffix: str, content: bytes) -> StaticFile:
    media_type = TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    compressible = media_type.startswith(COMPRESSIBLE)
    return StaticFile(media_type, content, gzip.compress(content, 9, mtime=0) if compressible else None)
