"""Redis between the workers: what happened here is told there, quickly, and without a promise.

Anything on the bus may be lost. So publishing never waits and never fails, and after every reconnect the
worker asks PostgreSQL what it missed (`on_gap`).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.realtime.events import TOPIC_OF_ACCESS, TOPIC_OF_PRESENCE, Event, decode, encode, topic

logger = logging.getLogger("teahouse")

UNSENT_EVENTS_MAX = 10_000
EVENTS_PER_ROUND_TRIP_MAX = 200
READ_SECONDS = 5.0
SILENCE_SECONDS_MAX = 12.0  # a ping goes every READ_SECONDS, and is answered
RETRY_SECONDS = 0.5
OUTAGES = (RedisError, OSError, asyncio.TimeoutError)


def connect(url: str) -> Redis:
    """A client that gives up quickly: nothing may wait for Redis for long."""
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2, health_check_interval=10)


class Bus:
    """One worker's end of the bus. `connected` is False from the first error until all topics are heard again."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pubsub: PubSub | None = None
        self._topics = {TOPIC_OF_ACCESS, TOPIC_OF_PRESENCE}
        self._unsent: deque[Event] = deque(maxlen=UNSENT_EVENTS_MAX)
        self._something_to_send = asyncio.Event()
        self.connected = False

    def publish(self, event: Event) -> None:
        """Hand the event to the other workers, soon and in order; if Redis is away, they find out otherwise."""
        self._unsent.append(event)
        self._something_to_send.set()

    async def subscribe(self, name: str) -> None:
        self._topics.add(name)
        await self._tell_redis("subscribe", name)

    async def unsubscribe(self, name: str) -> None:
        self._topics.discard(name)
        await self._tell_redis("unsubscribe", name)

    async def _tell_redis(self, command: str, name: str) -> None:
        if self._pubsub is None:
            return  # `receive` subscribes to all topics when it connects
        try:
            await getattr(self._pubsub, command)(name)
        except OUTAGES:
            logger.info("Redis is away: could not %s", command)

    async def receive(self, on_event: Callable[[Event], None], on_gap: Callable[[], None]) -> None:
        """Deliver events for as long as Redis is there; returns when the connection is lost."""
        pubsub = self._redis.pubsub()
        try:
            # Others subscribe through `self._pubsub` only when it has its connection: two would each make one.
            subscribed: set[str] = set()
            while missing := self._topics - subscribed:
                await pubsub.subscribe(*missing)
                subscribed |= missing
            self._pubsub = pubsub
            self.connected = True
            on_gap()
            heard = monotonic()
            while True:
                item = await pubsub.get_message(timeout=READ_SECONDS)
                if item is not None:
                    heard = monotonic()
                    if item["type"] == "message":
                        self._take(item, on_event)
                elif monotonic() - heard > SILENCE_SECONDS_MAX:
                    raise TimeoutError("Redis is silent")
                else:
                    await pubsub.ping()
        except OUTAGES as error:
            if self.connected:
                logger.warning("Redis is away (%s); chat goes on through PostgreSQL", type(error).__name__)
            self.connected = False
        finally:
            self._pubsub = None
            await self._put_down(pubsub)
        await asyncio.sleep(RETRY_SECONDS)

    @staticmethod
    def _take(item: dict[str, Any], on_event: Callable[[Event], None]) -> None:
        try:
            event = decode(item["data"])
        except (msgspec.DecodeError, TypeError):
            logger.warning("an event on the bus could not be read; it was left out")
            return
        on_event(event)

    @staticmethod
    async def _put_down(pubsub: PubSub) -> None:
        try:
            await pubsub.aclose()  # type: ignore[no-untyped-call]
        except OUTAGES:
            logger.debug("the connection to Redis was gone already")

    async def send(self) -> None:
        """Send what is waiting, then wait for more. What Redis does not take at once is dropped."""
        await self._something_to_send.wait()
        self._something_to_send.clear()
        while self._unsent:
            count = min(len(self._unsent), EVENTS_PER_ROUND_TRIP_MAX)
            batch = [self._unsent.popleft() for _ in range(count)]
            try:
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for event in batch:
                        pipeline.publish(topic(event), encode(event))
                    await pipeline.execute()
            except OUTAGES:
                await self._keep_access_events(batch)
                return

    async def _keep_access_events(self, batch: list[Event]) -> None:
        """Messages are found in PostgreSQL anyhow; who was sent out is worth telling as soon as Redis is back."""
        kept = [event for event in (*batch, *self._unsent) if topic(event) == TOPIC_OF_ACCESS]
        self._unsent.clear()
        self._unsent.extend(kept)
        if kept:
            self._something_to_send.set()
        await asyncio.sleep(RETRY_SECONDS)
