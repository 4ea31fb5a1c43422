"""For machines: is this worker alive, and can it serve?"""

from litestar import MediaType, Response, get

from app.errors import Unavailable
from app.tables import Room


@get("/healthz", media_type=MediaType.TEXT)
async def healthz() -> str:
    """Alive: the event loop answers."""
    return "ok"


@get("/readyz", media_type=MediaType.TEXT)
async def readyz() -> Response[str]:
    """Ready: PostgreSQL answers. Redis is not asked, since chat goes on without it."""
    try:
        await Room.raw("SELECT 1")
    except Unavailable as problem:
        return Response(problem.sentence, status_code=503, media_type=MediaType.TEXT)
    return Response("ready", media_type=MediaType.TEXT)
