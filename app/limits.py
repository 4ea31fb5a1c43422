"""How often something may be tried: token buckets in Redis, taken from atomically.

A bucket holds `capacity` tokens and gains one every `refill_seconds`; each try takes one. Buckets empty for
everybody who shares the key, whichever worker they reach, and always fill again. Without Redis nothing is
limited: a shut door would keep the rightful owner out as well.
"""

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from time import monotonic

from redis.asyncio import Redis

from app.errors import TooOften
from app.realtime.bus import OUTAGES

logger = logging.getLogger("teahouse")

TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local capacity, refill_seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local gained = (now - (tonumber(bucket[2]) or now)) / refill_seconds
local tokens = math.min(capacity, (tonumber(bucket[1]) or capacity) + gained)
if tokens < 1 then return math.ceil((1 - tokens) * refill_seconds) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - 1), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(capacity * refill_seconds))
return 0
"""

GIVE_BACK = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'tokens', 1) end
"""


@dataclass(frozen=True)
class Bucket:
    name: str
    capacity: int
    refill_seconds: float


SIGN_IN_ADDRESS = Bucket("sign-in:address", capacity=50, refill_seconds=5)
SIGN_IN_ACCOUNT = Bucket("sign-in:account", capacity=10, refill_seconds=30)
SIGN_IN_KNOWN_DEVICE = Bucket("sign-in:device", capacity=10, refill_seconds=30)
PASSWORD_CHANGE = Bucket("password-change", capacity=10, refill_seconds=30)
PICTURE = Bucket("picture", capacity=10, refill_seconds=10)
SIGN_UP_ADDRESS = Bucket("sign-up:address", capacity=50, refill_seconds=30)

# What a signed-in person may do: far more than anybody's hands can, and less than keeps others waiting. A route
# names its bucket as its `limit`; `web.visitors.signed_in` takes the token.
POSTING = Bucket("posting", capacity=300, refill_seconds=0.2)
UPLOADING = Bucket("uploading", capacity=60, refill_seconds=2)
EDITING = Bucket("editing", capacity=100, refill_seconds=0.5)
DELETING = Bucket("deleting", capacity=100, refill_seconds=0.5)
REACTING = Bucket("reacting", capacity=200, refill_seconds=0.2)
MARKING = Bucket("marking", capacity=100, refill_seconds=0.5)
PREVIEWING = Bucket("previewing", capacity=100, refill_seconds=0.5)
SEARCHING = Bucket("searching", capacity=100, refill_seconds=0.5)
SUGGESTING = Bucket("suggesting", capacity=200, refill_seconds=0.1)
MAKING_ROOMS = Bucket("making-rooms", capacity=100, refill_seconds=10)
COMING_AND_GOING = Bucket("coming-and-going", capacity=100, refill_seconds=2)
ADMINISTERING = Bucket("administering", capacity=200, refill_seconds=0.5)
CHOOSING = Bucket("choosing", capacity=100, refill_seconds=1)

REDIS_SECONDS_MAX = 0.5
"""How long a try waits for a Redis that hangs."""
AWAY_SECONDS = 1.0
"""How long nobody asks a Redis that was away."""


class Limits:
    """`enabled=False` (LIMITS=off) lets everything pass, for measuring."""

    def __init__(self, redis: Redis, enabled: bool) -> None:
        self._redis = redis
        self._take = redis.register_script(TAKE)
        self._enabled = enabled
        self._away_until = 0.0

    async def take(self, bucket: Bucket, who: str) -> None:
        """Take one token; raises TooOften, with the seconds to wait, when there is none."""
        if not self._enabled or monotonic() < self._away_until:
            return
        try:
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                wait = await self._take(keys=[_key(bucket, who)], args=[bucket.capacity, bucket.refill_seconds])
        except OUTAGES:
            if not self._away_until:
                logger.warning("Redis is away; nothing is limited")
            self._away_until = monotonic() + AWAY_SECONDS
            return
        self._away_until = 0.0
        if wait:
            raise TooOften(f"Too many tries. Please wait {_in_words(int(wait))} and try again.", int(wait))

    async def give_back(self, bucket: Bucket, who: str) -> None:
        """Return the token of a try that turned out rightful."""
        try:
            await self._redis.eval(GIVE_BACK, 1, _key(bucket, who))
        except OUTAGES:
            logger.debug("Redis is away; a token is not given back")


def _key(bucket: Bucket, who: str) -> str:
    """Keys hold a hash, so that no address or email lies in Redis."""
    return f"teahouse:limit:{bucket.name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def _in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second" + "s" * (seconds != 1)
    return f"{round(seconds / 60)} minutes"
