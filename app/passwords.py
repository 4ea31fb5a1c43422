"""Passwords: argon2id with the library's parameters (RFC 9106, low memory), always in a thread.

Two threads, so that a rush of sign-ins can neither block the event loop nor take all memory (64 MiB each).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LENGTH_MIN = 8
LENGTH_MAX = 200
ENCODED_SALT_LENGTH, ENCODED_HASH_LENGTH = 22, 43  # of 16 and 32 bytes, in Base64 without padding

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# What no password fits, at the price of every other: to make a real one would hold up each start.
_NOBODYS = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${'A' * ENCODED_SALT_LENGTH}${'A' * ENCODED_HASH_LENGTH}"
)


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. Without a hash (nobody has this email) it takes as long and is False."""
    known = password_hash is not None
    fits = await asyncio.get_running_loop().run_in_executor(_threads, _verify, password_hash or _NOBODYS, password)
    return fits and known


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
