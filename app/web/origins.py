"""Requests that another website caused.

A form POST is refused when the browser says that it comes from elsewhere (`Sec-Fetch-Site`, or `Origin` where
that is not sent). A POST with neither comes from no browser. So pages need no token, and are the same bytes
for everybody. A WebSocket must always name an origin of ours.
"""

from urllib.parse import urlsplit

from app.errors import CrossSite
from app.settings import Settings
from app.web.visitors import SAFE_METHODS, AnyRequest, Connection

SAME_SITE_FETCHES = ("same-origin", "none")


async def refuse_cross_site(request: AnyRequest) -> None:
    """Run before every handler; raises CrossSite."""
    if request.method in SAFE_METHODS:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None and fetch_site not in SAME_SITE_FETCHES:
        raise CrossSite
    if request.headers.get("origin") is not None and not is_ours(request, request.app.state.settings):
        raise CrossSite


def is_ours(connection: Connection, settings: Settings) -> bool:
    """Whether the Origin header names an allowed origin; by default, that of BASE_URL, or the host that was asked."""
    origin = connection.headers.get("origin", "")
    if settings.allowed_origins:
        return origin in settings.allowed_origins
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    return origin == origin_of(settings) or parts.netloc == connection.headers.get("host")


def origin_of(settings: Settings) -> str:
    base = urlsplit(settings.base_url)
    return f"{base.scheme}://{base.netloc}"


def here(request: AnyRequest) -> frozenset[str]:
    """The origins that are this server in an address: those configured, and by default the host that was asked."""
    settings: Settings = request.app.state.settings
    origins = {origin_of(settings), *settings.allowed_origins}
    if not settings.allowed_origins and (host := request.headers.get("host")):
        origins |= {f"http://{host}", f"https://{host}"}
    return frozenset(origin.lower() for origin in origins)
