"""A worker vouches in Redis for the people it holds, all of them under one lease.

`teahouse:present:{worker}` is a hash of person → (status, rooms), with the number of the worker's last change in the
field NUMBER. Its time to live is the lease: one EXPIRE renews it however many people it holds, and when a worker is
killed it runs out by itself. No clock of ours is compared with another. Each worker looks at the others' leases when
it renews its own, and at their numbers, so a lost event is noticed as well. With Redis away everybody goes on with
what is known; when it is back, each writes its hash anew, and those missing get one lease's time to do so.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from app.errors import Unavailable
from app.realtime.bus import OUTAGES
from app.realtime.events import TOPIC_OF_PRESENCE, PresenceChanged, encode
from app.realtime.presence import OFFLINE, Presence, Present

logger = logging.getLogger("teahouse")

LEASE_SECONDS = 15
RENEWED_EVERY_SECONDS = 5.0
RESTART_SECONDS = 8
"""What is left of the lease at an orderly end: who reconnects elsewhere in that time was never offline."""
RETRY_SECONDS = 0.5
WORKERS = "teahouse:workers"
NUMBER = b"number"

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...]])

WriteSeen = Callable[[Sequence[int]], Awaitable[None]]


def key_of(worker: str) -> str:
    return f"teahouse:present:{worker}"


class Lease:
    """`write_seen` notes in PostgreSQL that these people were there just now; it raises Unavailable."""

    def __init__(self, redis: Redis, presence: Presence, write_seen: WriteSeen) -> None:
        self._redis = redis
        self._presence = presence
        self._write_seen = write_seen
        self._number = 0
        self._written = False  # whether Redis holds our hash, as far as we know
        self._renew_at = float("-inf")
        self._lenient_until = float("-inf")
        self._gaps = 0

    async def keep(self) -> None:
        """One round: tell what changed, renew if it is time, read what is unknown; then wait for more."""
        presence = self._presence
        presence.something_to_do.clear()
        if presence.gaps != self._gaps:
            self._gaps = presence.gaps
            self._doubt()
        try:
            await self._tell()
            if _time() >= self._renew_at:
                await self._renew()
            await self._read(presence.unknown)
        except OUTAGES:
            self._written = False
            self._doubt()
            await asyncio.sleep(RETRY_SECONDS)
        await self.note_seen()
        if not presence.something_to_do.is_set():
            await _wait(presence.something_to_do, max(RETRY_SECONDS, self._renew_at - _time()))

    async def end(self) -> None:
        """An orderly end: let go soon, but leave the time in which a browser comes again."""
        presence = self._presence
        presence.seen.update(presence.own)
        await self.note_seen()
        try:
            await self._redis.expire(key_of(presence.worker), RESTART_SECONDS)
        except OUTAGES:
            logger.debug("Redis is away: the lease runs out by itself")

    async def note_seen(self) -> None:
        """Write down who came or went, in one statement; tried again later when PostgreSQL is away."""
        seen = list(self._presence.seen)
        if not seen:
            return
        self._presence.seen.clear()
        try:
            await self._write_seen(seen)
        except Unavailable:
            self._presence.seen.update(seen)

    def _doubt(self) -> None:
        """Something may have been lost: look at once, and give the others time to say that they are there."""
        self._renew_at = float("-inf")
        self._lenient_until = _time() + LEASE_SECONDS

    async def _tell(self) -> None:
        """Write what changed of our own people, and say so; all of them if Redis has nothing of us."""
        presence = self._presence
        if self._written and not presence.untold:
            return
        afresh = not self._written
        # A number left out makes everybody read us afresh.
        self._number += 2 if afresh else 1
        told = set(presence.own) if afresh else set(presence.untold)
        presence.untold.clear()
        people = tuple((person, *presence.own.get(person, Present(OFFLINE, ()))) for person in told)
        key = key_of(presence.worker)
        gone = [person for person, status, _ in people if status == OFFLINE]
        fields = {person: _encode((status, rooms)) for person, status, rooms in people if status != OFFLINE}
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.exists(key)
                if afresh:
                    pipeline.delete(key)
                pipeline.hset(key, mapping={NUMBER: self._number, **fields})  # type: ignore[dict-item]
                if gone:
                    pipeline.hdel(key, *[str(person) for person in gone])
                pipeline.expire(key, LEASE_SECONDS)
                pipeline.sadd(WORKERS, presence.worker)
                event = PresenceChanged(presence.worker, self._number, () if afresh else people)
                pipeline.publish(TOPIC_OF_PRESENCE, encode(event))
                was_there, *_ = await pipeline.execute()
        except OUTAGES:
            self._written = False
            raise
        self._written = True
        if not (was_there or afresh):  # it holds nobody now but those who changed
            await self._tell_afresh()

    async def _tell_afresh(self) -> None:
        """Redis lost us, or we were held up for too long; the others may have been as well."""
        self._written = False
        self._lenient_until = _time() + LEASE_SECONDS
        await self._tell()

    async def _renew(self) -> None:
        """Renew our lease and look at the others'. What it costs depends on the workers alone."""
        presence = self._presence
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.expire(key_of(presence.worker), LEASE_SECONDS)
            pipeline.sadd(WORKERS, presence.worker)
            pipeline.smembers(WORKERS)
            renewed, _, members = await pipeline.execute()
        if not renewed:
            await self._tell_afresh()
        listed = {member.decode() for member in members} - {presence.worker}
        await self._look_at(sorted(listed | presence.other_workers))
        self._renew_at = _time() + RENEWED_EVERY_SECONDS

    async def _look_at(self, workers: Sequence[str]) -> None:
        if not workers:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for worker in workers:
                pipeline.hget(key_of(worker), NUMBER.decode())
            numbers = await pipeline.execute()
        for worker, number in zip(workers, numbers, strict=True):
            if number is None:
                await self._ran_out(worker)
            elif int(number) != self._presence.number_of(worker):
                self._presence.unknown.add(worker)

    async def _ran_out(self, worker: str) -> None:
        if _time() < self._lenient_until:
            return
        self._presence.forget(worker)
        await self._redis.srem(WORKERS, worker)

    async def _read(self, workers: set[str]) -> None:
        """Read these workers' people afresh."""
        for worker in list(workers):
            workers.discard(worker)  # before it is read: what is told meanwhile makes it unknown again
            people: dict[Any, Any] = await self._redis.hgetall(key_of(worker))
            number = int(people.pop(NUMBER, 0))
            if number:
                present = {int(person): Present(*_decoder.decode(value)) for person, value in people.items()}
                self._presence.replace(worker, number, present)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _time() -> float:
    return asyncio.get_running_loop().time()
