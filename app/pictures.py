"""Pictures from outside, made safe and small. Each is opened in a process of its own (`picture_work`)."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from app.errors import Invalid, TooLarge

PICTURE_BYTES_MAX = 10 * 1000 * 1000
AT_ONCE_MAX = 2
SECONDS_MAX = 15.0
WORK = Path(__file__).with_name("picture_work.py")
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")  # no secrets for the one who opens it

SENTENCES = {
    "no-picture": "This is not a picture that can be shown. JPEG, PNG, WebP, GIF and AVIF can.",
    "too-many-pixels": "This picture has more than 50 million pixels. Please make it smaller first.",
    "broken": "This picture is damaged or incomplete.",
}

_places = asyncio.Semaphore(AT_ONCE_MAX)


class Picture(NamedTuple):
    """WebP without metadata, upright."""

    content: bytes
    width: int
    height: int


async def made(operation: Literal["square", "fit"], data: bytes, sizes: Sequence[int]) -> list[Picture]:
    """The picture in these sizes, largest first: `square` is cut around the middle, `fit` is all of it.

    What it is, its bytes decide. Raises TooLarge, or Invalid (field `picture`).
    """
    if len(data) > PICTURE_BYTES_MAX:
        raise TooLarge(f"A picture can have {PICTURE_BYTES_MAX // 1_000_000} MB; this one has more.")
    order = json.dumps({"operation": operation, "sizes": list(sizes)}).encode()
    async with _places:
        output = await _worked(order + b"\n" + data)
    return _read(output)


async def _worked(order: bytes) -> bytes:
    """What the process answers; nothing if it died or took too long."""
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(WORK),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            output, _ = await process.communicate(order)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return output if process.returncode == 0 else b""


def _read(output: bytes) -> list[Picture]:
    head, _, rest = output.partition(b"\n")
    answer = json.loads(head) if head else {"refused": "broken"}
    if "refused" in answer:
        raise Invalid(picture=SENTENCES[answer["refused"]])
    pictures = []
    for length, (width, height) in zip(answer["lengths"], answer["shapes"], strict=True):
        pictures.append(Picture(rest[:length], width, height))
        rest = rest[length:]
    return pictures
