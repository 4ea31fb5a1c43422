"""Background tasks that do not die unnoticed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

logger = logging.getLogger("teahouse")

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Starts a task that is kept until it is done."""

PAUSE_AFTER_ERROR_SECONDS = 0.5


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` again and again; an error is logged and answered with a short pause. Ends when cancelled."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed; it starts again", name)
            await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)
