"""The app under an ASGI server that knows nothing of ours: Hypercorn.

python -m tests.other_server PORT; the rest comes from the environment. Says "listening" when it serves.
"""

import asyncio
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config

from app.main import create_app
from app.piccolo_conf import DB
from app.settings import from_environment


async def main(port: int) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    serving = asyncio.create_task(serve(create_app(from_environment(), DB), config))
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            print("listening", flush=True)  # noqa: T201
            break
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
