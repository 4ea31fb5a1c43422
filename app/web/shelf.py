"""What is kept so that it need not be made again for the next one who asks."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Kept(NamedTuple, Generic[T]):
    key: Hashable
    value: asyncio.Task[T]

    @property
    def failed(self) -> bool:
        return self.value.done() and (self.value.cancelled() or self.value.exception() is not None)


class Shelf(Generic[T]):
    """One value for each room, good for as long as its key stays the same; beyond `most` rooms, those that nobody
    asked for the longest go.

    The key is read before the value is made, so a value is never older than its key says: whoever comes with the
    same key, even while it is still being made, may have it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[int, Kept[T]] = OrderedDict()

    async def get(self, room: int, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The room's value for this key; `make` makes it, once for all who ask meanwhile."""
        kept = self._kept.get(room)
        if kept is None or kept.key != key or kept.failed:
            kept = self._kept[room] = Kept(key, asyncio.get_running_loop().create_task(make()))
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(room)
        return await asyncio.shield(kept.value)  # whoever gives up takes nothing from the others
