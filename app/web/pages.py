"""Responses: a page in its frame, a fragment, and "done, go there"."""

from dataclasses import replace
from hashlib import blake2b
from typing import Any

from litestar import Litestar, MediaType, Response
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse

from app.errors import Problem
from app.queries import rooms
from app.views import Frame, Person
from app.web.visitors import SAFE_METHODS, THEME_COOKIE, AnyRequest

THEMES = ("light", "dark")
DIGEST_BYTES = 16


async def frame_for(request: AnyRequest, person: Person | None, room: int | None = None) -> Frame:
    """What a full page stands in."""
    return replace(bare_frame(request), me=person, rooms=await rooms.mine(person.id) if person else (), room=room)


def bare_frame(request: AnyRequest) -> Frame:
    """A frame that asks nothing of the database."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return Frame(theme=theme if theme in THEMES else "", path=request.url.path)


def is_htmx(request: AnyRequest) -> bool:
    return request.headers.get("hx-request") == "true"


def encodings(request: AnyRequest) -> set[str]:
    """The content codings that the browser takes: those it names and does not rule out (RFC 9110, 12.5.3)."""
    named = [each.replace(" ", "").split(";q=") for each in request.headers.get("accept-encoding", "").split(",")]
    return {name for name, *weight in named if not weight or weight[0].strip("0.")}


def etag_of(shown: bytes) -> str:
    """It is weak, since one page goes out in different bytes (RFC 9110, 8.8.1)."""
    return f'W/"{blake2b(shown, digest_size=DIGEST_BYTES).hexdigest()}"'


def has_already(request: AnyRequest, etag: str) -> bool:
    """A tag holds its quotes, so it is found in a list of them and is no part of another. A proxy that compresses may
    have put W/ before it, which means nothing here (RFC 9110, 13.1.2)."""
    return etag in request.headers.get("if-none-match", "")


class HtmlResponse(Response[str]):
    """A page or a fragment, with an ETag; or a 304 if the browser has it."""

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **more: Any) -> ASGIResponse:
        response = super().to_asgi_response(app, request, **more)
        if response.status_code == 200 and request.method in SAFE_METHODS:
            headers = {"ETag": etag_of(response.body), "Vary": "HX-Request"}
            if has_already(request, headers["ETag"]):
                return ASGIResponse(status_code=304, headers=headers, cookies=self.cookies)
            response.headers.update(headers)
        return response


def html(content: str, status: int = 200) -> Response[str]:
    return HtmlResponse(content, status_code=status, media_type=MediaType.HTML)


def refusal(content: str, problem: Problem) -> Response[str]:
    """A page or a fragment that says what is wrong, with the problem's status, and when to try again."""
    response = html(content, problem.status)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def redirect(address: str, cookies: list[Cookie] | None = None) -> Response[str]:
    response = Response("", status_code=303, media_type=MediaType.HTML, cookies=cookies)
    response.headers["Location"] = address
    return response


def see_other(request: AnyRequest, address: str, cookies: list[Cookie] | None = None) -> Response[str]:
    """A POST was carried out: the browser goes on to `address`; htmx is told to, with a 200."""
    if not is_htmx(request):
        return redirect(address, cookies)
    response = Response("", status_code=200, media_type=MediaType.HTML, cookies=cookies)
    response.headers["HX-Redirect"] = address
    return response


def local_path(text: str | None, otherwise: str = "/") -> str:
    """A path on this server to go on to; anything that could lead elsewhere becomes `otherwise`."""
    if (
        not text
        or not text.startswith("/")
        or text[1:2] in ("/", "\\")
        or not (text.isascii() and text.isprintable())
    ):
        return otherwise
    return text
