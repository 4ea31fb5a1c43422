"""Pictures from outside, made safe and small. Each is opened in a process of its own (`picture_work`)."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple

from app.errors import Invalid

AT_ONCE_MAX = 2
SECONDS_MAX = 40.0
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


async def made(operation: Literal["square", "fit"], file: IO[bytes], sizes: Sequence[int]) -> list[Picture]:
    """The picture in an open file in these sizes, largest first: `square` is cut around the middle, `fit` is all of
    it. What moves keeps moving when it is made to fit and there is time for it, and is then no larger than the
    smallest size. What it is, its bytes decide. Raises Invalid (field `picture`).
    """
    async with _places:
        output = await _worked(json.dumps({"operation": operation, "sizes": list(sizes)}), file)
    return _read(output)


async def _worked(order: str, file: IO[bytes]) -> bytes:
    """What the process answers; nothing if it died or took too long."""
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    number = file.fileno()  # a small one that was only in memory until now is written to the disk with this
    file.seek(0)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(WORK),
        order,
        stdin=number,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            output, _ = await process.communicate()
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
