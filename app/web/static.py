"""Static files, and the stylesheet that makes a person's own messages theirs.

The files are few and small: they are read once, compressed once, and kept. Their addresses change with what is
in them, so a browser may keep them for ever. The stylesheets, htmx with its extensions, and the behaviours are
handed out joined: one file for each thing on disk, one request for all; pages outside of rooms need only some.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Container, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import brotli
import rjsmin
from litestar import Response, get
from litestar.params import FromPath

from app import rendering
from app.errors import NotThere
from app.rendering.static import STATIC
from app.web.pages import encodings, has_already
from app.web.visitors import AnyRequest

FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"
COMPRESSIBLE = ("text/", "application/json", "image/svg+xml")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FIRST_STYLES = ("tokens.css", "base.css")
HTMX = ("htmx-4.0.1.min.js", "hx-ws-4.0.1.min.js", "hx-upsert-4.0.1.min.js")  # in this order
APART = ("search.js", "local_times.js", "viewer.js")  # for some pages alone, or for when something is opened
OUTSIDE_ALONE = ("come_back.js",)
OUTSIDE_OF_ROOMS = (
    *OUTSIDE_ALONE,
    "connection.js",
    "here.js",
    "notifications.js",
    "presence.js",
    "profiles.js",
    "rooms.js",
    "title.js",
    "unread.js",
)


class StaticFile(NamedTuple):
    """A file as it is handed out: plain, and in each encoding that makes it shorter, the shortest first."""

    media_type: str
    etag: str
    plain: bytes
    encoded: Sequence[tuple[str, bytes]]

    def for_who_accepts(self, accepted: Container[str]) -> tuple[str, bytes]:
        """Encoding and content; the encoding is empty for plain."""
        return next((each for each in self.encoded if each[0] in accepted), ("", self.plain))


@get("/static/{fingerprint:str}/{path:path}", exclude_from_compression=True)
async def static_file(request: AnyRequest, fingerprint: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    file = files().get(path.lstrip("/"))
    if file is None:
        raise NotThere
    kept = FOR_EVER if fingerprint == rendering.static.fingerprint() else A_WHILE
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding", "ETag": file.etag}
    if has_already(request, file.etag):
        return Response(b"", status_code=304, headers=headers)
    encoding, content = file.for_who_accepts(encodings(request))
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(content, media_type=file.media_type, headers=headers)


@get("/people/{person_id:int}/mine.css")
async def mine(person_id: FromPath[int]) -> Response[str]:
    """The same for whoever asks, and no secret: it names nothing but the number in its address."""
    return Response(rendering.fragments.mine(person_id), media_type="text/css", headers={"Cache-Control": FOR_EVER})


@cache
def files() -> dict[str, StaticFile]:
    """All of them by path. Compressing them takes a moment: it is done once, before the workers are forked."""
    css, js, vendor = STATIC / "css", STATIC / "js", STATIC / "vendor"
    first = [css / name for name in FIRST_STYLES]
    styles = [*first, *sorted({*css.glob("*.css")} - {*first}), css / "words" / "en.css"]
    behaviours = [path for path in sorted(js.glob("*.js")) if path.name not in (*APART, *OUTSIDE_ALONE)]
    outside = [js / name for name in OUTSIDE_OF_ROOMS]
    return {
        "all.css": _file(".css", _joined(styles)),
        "all.js": _file(".js", _shortened(_in_blocks(behaviours))),
        "outside.js": _file(".js", _shortened(_in_blocks(outside))),
        "htmx.js": _file(".js", _joined([vendor / name for name in HTMX])),
        **{f"js/{name}": _file(".js", _shortened((js / name).read_bytes())) for name in APART},
        **{f"icons/{path.name}": _file(path.suffix, path.read_bytes()) for path in (STATIC / "icons").iterdir()},
    }


def _joined(paths: Sequence[Path]) -> bytes:
    return b"\n".join(path.read_bytes() for path in paths)


def _in_blocks(behaviours: Sequence[Path]) -> bytes:
    """Each in a block of its own: they share no names, and speak to each other by events alone."""
    return b"\n".join(b"{\n" + path.read_bytes() + b"}" for path in behaviours)


def _shortened(script: bytes) -> bytes:
    """Without comments and indentation."""
    return str(rjsmin.jsmin(script.decode())).encode()


def _file(suffix: str, content: bytes) -> StaticFile:
    media_type = TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:16]}"'
    if not media_type.startswith(COMPRESSIBLE):
        return StaticFile(media_type, etag, content, ())
    encoded = [("br", brotli.compress(content)), ("gzip", gzip.compress(content, 9, mtime=0))]
    return StaticFile(media_type, etag, content, [each for each in encoded if len(each[1]) < len(content)])
