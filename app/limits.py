"""How often something may be tried: token buckets in Redis, taken from atomically.

A bucket holds `capacity` tokens and gains one every `refill_seconds`; each try takes one. Buckets empty for
everybody who shares the key, whichever worker they reach, and always fill again. Without Redis nothing is
limited: a shut door would keep the rightful owner out as well.
"""

import hashlib
import logging
from dataclasses import dataclass

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
UPLOAD = Bucket("upload", capacity=60, refill_seconds=2)
SIGN_UP_ADDRESS = Bucket("sign-up:address", capacity=50, refill_seconds=30)


class Limits:
    """`enabled=False` (LIMITS=off) lets everything pass, for measuring."""

    def __init__(self, redis: Redis, enabled: bool) -> None:
        self._redis = redis
        self._take = redis.register_script(TAKE)
        self._enabled = enabled

    async def take(self, bucket: Bucket, who: str) -> None:
        """Take one token; raises TooOften, with the seconds to wait, when there is none."""
        if not self._enabled:
            return
        try:
            wait = await self._take(keys=[_key(bucket, who)], args=[bucket.capacity, bucket.refill_seconds])
        except OUTAGES:
            logger.warning("Redis is away; %s is not limited", bucket.name)
            return
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
