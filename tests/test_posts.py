"""The queue of posts, where telling of them fails."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import uuid4

import pytest

from app.actions import messages
from app.actions.drafts import Draft
from app.actions.messages import Posts


class Untellable(Posts):
    """Stores nothing, and cannot tell of it."""

    def tell(self, rows: Sequence[Mapping[str, object]], drafts: Sequence[Draft]) -> dict:
        raise RuntimeError("nobody was told")


async def test_whoever_posted_is_answered_though_telling_of_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stored(drafts: Sequence[Draft]) -> Sequence[Mapping[str, object]]:
        return []

    monkeypatch.setattr(messages, "_store", stored)
    posts = Untellable(None)
    for _ in range(2):  # and the next one, too: the queue goes on
        async with asyncio.timeout(5):
            with pytest.raises(RuntimeError, match="nobody was told"):
                await posts.post(Draft(uuid4(), 1, 1, "Tea?", "<p>Tea?</p>"))
