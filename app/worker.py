"""One worker process: uvicorn with our WebSocket protocol, on a socket of its own.

Every worker binds the same address with SO_REUSEPORT, so that the kernel spreads connections evenly; workers
that share one listening socket get very uneven shares.
"""

import gc
import logging
import os
import socket

import uvicorn
import uvloop

from app.http_protocol import BoundedHttpProtocol
from app.main import create_app
from app.piccolo_conf import DB
from app.realtime.protocol import SharedFrameProtocol
from app.settings import Settings
from app.web import static

BACKLOG = 2048
FRAME_BYTES_MAX = 16 * 1024
PING_SECONDS = 20
SHUTDOWN_SECONDS_MAX = 8
KEEP_ALIVE_SECONDS = 75
"""Longer than whoever asks keeps a connection that is not in use (nginx 60, httpx 5): uvicorn's 5 can end one just as
the next request comes."""
OBJECTS_PER_COLLECTION = 20_000


class Server(uvicorn.Server):
    """uvicorn's server, telling its parent when it serves."""

    def __init__(self, config: uvicorn.Config, ready: int) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _collect_rarely()
        if self.started:
            os.write(self._ready, b"1")


def load() -> None:
    """Make what is the same in all workers, before they are forked; no collection of garbage is to touch it there."""
    static.files()
    gc.collect()
    gc.freeze()


def run(settings: Settings, ready: int) -> None:
    """Serve until SIGTERM or SIGINT. One byte goes to the file descriptor `ready` as soon as it serves."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    uvloop.run(_serve(settings, ready))


async def _serve(settings: Settings, ready: int) -> None:
    config = uvicorn.Config(
        create_app(settings, DB),
        ws=SharedFrameProtocol,
        http=BoundedHttpProtocol,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,  # addresses hold invitation codes and searches
        server_header=False,
        ws_max_size=FRAME_BYTES_MAX,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    server = Server(config, ready)
    await server.serve(sockets=[listen(settings.host, settings.port)])
    if not server.started:
        raise SystemExit(1)


def _collect_rarely() -> None:
    """What was loaded stays, so no collection of garbage needs to look at it. And one every 700 objects, as is usual,
    would look at each new socket and each row again and again, though nearly all are let go without it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_PER_COLLECTION, 20, 20)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that other workers can bind as well; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening
