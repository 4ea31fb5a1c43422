"""This same app under uvicorn's own WebSockets: a send and a compression for every socket, as any ASGI server has it.

python -m tests.bench.peers.ordinary PORT; the rest comes from the environment. Says "listening" when it serves.
"""

import sys

import uvicorn
import uvloop

from app import worker
from app.main import create_app
from app.piccolo_conf import DB
from app.settings import from_environment


class Server(uvicorn.Server):
    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        sys.stdout.write("listening\n")
        sys.stdout.flush()


async def serve(port: int) -> None:
    config = uvicorn.Config(
        create_app(from_environment(), DB),
        ws="websockets-sansio",
        ws_per_message_deflate=True,
        http="httptools",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=worker.SHUTDOWN_SECONDS_MAX,
    )
    await Server(config).serve(sockets=[worker.listen("127.0.0.1", port)])


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
