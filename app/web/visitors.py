"""Who is at the door: the cookies, and the person behind a request or a socket."""

import hashlib
import hmac
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from app import access
from app.errors import SignedOut
from app.limits import Limits
from app.sessions import TRUSTED_SECONDS, Sessions
from app.settings import Settings
from app.views import Person

SESSION_COOKIE = "teahouse_session"
DEVICE_COOKIE = "teahouse_device"
ROOM_COOKIE = "teahouse_room"
THEME_COOKIE = "teahouse_theme"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
COOKIE_DAYS = 400  # the most that browsers keep

NO_SESSION = Cookie(key=SESSION_COOKIE, value="", path="/", max_age=0)
"""Takes the cookie away from a browser that has just signed out."""

Connection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]


async def signed_in(request: AnyRequest, limits: Limits) -> Person:
    """The dependency `person`: raises SignedOut, and TooOften where the route has a `limit`."""
    person = await _at_the_door(request)
    if bucket := request.route_handler.opt.get("limit"):
        await limits.take(bucket, str(person.id))
    return person


async def maybe_signed_in(request: AnyRequest) -> Person | None:
    """The dependency `visitor`: the person, or None for somebody signed out."""
    try:
        return await _at_the_door(request)
    except SignedOut:
        return None


async def _at_the_door(request: AnyRequest) -> Person:
    """For reading, the person as this worker remembers them; for everything else, as PostgreSQL has it now."""
    return await (remembered(request) if request.method in SAFE_METHODS else person_of(request))


async def person_of(connection: Connection) -> Person:
    """The person, as PostgreSQL has it now; raises SignedOut."""
    return await access.person_for(connection.cookies.get(SESSION_COOKIE))


async def remembered(request: AnyRequest, trusted_seconds: float = TRUSTED_SECONDS) -> Person:
    """The person, as of at most so long ago (`app.sessions`); raises SignedOut."""
    sessions: Sessions = request.app.state.sessions
    return await sessions.person_for(request.cookies.get(SESSION_COOKIE), trusted_seconds)


def kept_cookie(request: AnyRequest, name: str, value: str, path: str = "/") -> Cookie:
    """A cookie that scripts cannot read and other sites cannot send along with a form."""
    return Cookie(
        key=name,
        value=value,
        path=path,
        max_age=COOKIE_DAYS * 86_400,
        httponly=True,
        samesite="lax",
        secure=is_https(request),
    )


def is_https(request: AnyRequest) -> bool:
    """Whether visitors come over https: it is configured so, or a trusted proxy says so."""
    settings: Settings = request.app.state.settings
    return settings.base_url.startswith("https://") or request.url.scheme == "https"


def address_of(connection: Connection) -> str:
    """The address to count tries by: an IPv6 visitor's whole /64 counts as one."""
    try:
        address = ip_address(connection.client.host if connection.client else "")
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


def device_mark(settings: Settings, email: str) -> str:
    """What the device cookie says after a sign-in: "somebody who knew this account's password was here"."""
    return hmac.new(settings.secret_key.encode(), email.strip().lower().encode(), hashlib.sha256).hexdigest()


def is_known_device(connection: Connection, settings: Settings, email: str) -> bool:
    return hmac.compare_digest(
        connection.cookies.get(DEVICE_COOKIE, "").encode(), device_mark(settings, email).encode()
    )
