"""Who is behind a session token, as this worker remembers it.

What is remembered was read from PostgreSQL less than a second ago, or it is read again; all that is in use is
looked at together, in one statement. So whoever was signed out or banned is refused everywhere within that
second, without Redis too; and at once on the worker that did it, and wherever its event arrives.

Reading goes by this. So does posting, and for longer: its statement looks at session and membership itself
(`access.MAY_WRITE`), so that it needs to know no more than whose token this is, which never changes. Whatever else
changes something asks PostgreSQL (`access.person_for`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from app import access
from app.errors import SignedOut, Unavailable
from app.realtime.events import Event, PersonBanned, ProfileChanged, SessionEnded
from app.views import Person

logger = logging.getLogger("teahouse")

TRUSTED_SECONDS = 1.0
LOOK_SECONDS = 0.5
WARM_SECONDS = 60.0  # without use, after which nobody is looked at any more
KNOWN_SECONDS = 900.0
"""Without use, after which nobody is remembered: for so long, too, a poster is taken for who they were."""
REMEMBERED_MAX = 2_000  # beyond which whoever came least recently is forgotten
NOTED_SECONDS = 300.0
"""How old what the page of devices says of a session's last use can be."""

NEVER = float("-inf")


@dataclass(slots=True)
class Remembered:
    person: Person
    read_at: float  # before the statement that found it was sent
    used_at: float
    noted_at: float  # as used


class Sessions:
    def __init__(self, were_used: Callable[[Sequence[bytes]], Awaitable[None]]) -> None:
        """`were_used` is told by their tokens' hashes which sessions came again."""
        self._were_used = were_used
        self._remembered: dict[bytes, Remembered] = {}  # by the token's hash; who came last stands at the end
        self._changes = 0

    async def person_for(self, token: str | None, trusted_seconds: float = TRUSTED_SECONDS) -> Person:
        """Who holds this session token, as of at most so long ago; raises SignedOut."""
        if not token:
            raise SignedOut
        key, now = access.token_hash(token), monotonic()
        known = self._remembered.pop(key, None)
        if known is not None:
            self._remembered[key] = known
            if now < known.read_at + trusted_seconds:
                known.used_at = now
                return known.person
        changes = self._changes
        person = await access.person_for(token)
        # A change that was told meanwhile may be missing in what was read, and there is nobody to say so again.
        if changes == self._changes:
            self._remembered[key] = Remembered(person, now, now, known.noted_at if known else NEVER)
            if len(self._remembered) > REMEMBERED_MAX:
                del self._remembered[next(iter(self._remembered))]
        return person

    def hear(self, event: Event) -> None:
        """Forget whom the event is about."""
        match event:
            case SessionEnded(session=session):
                self._forget(lambda person: person.session == session)
            case PersonBanned(person=subject) | ProfileChanged(person=subject):
                self._forget(lambda person: person.id == subject)

    def _forget(self, is_meant: Callable[[Person], bool]) -> None:
        self._changes += 1
        self._remembered = {key: known for key, known in self._remembered.items() if not is_meant(known.person)}

    async def look_for_ever(self) -> None:
        """Keep what is in use fresh, so that nobody who comes again within a minute waits for PostgreSQL."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Unavailable:
                logger.debug("PostgreSQL is away; nobody is remembered until it is back")

    async def _look(self) -> None:
        now = monotonic()
        self._remembered = {
            key: known for key, known in self._remembered.items() if now < known.used_at + KNOWN_SECONDS
        }
        warm = {key: known for key, known in self._remembered.items() if now < known.used_at + WARM_SECONDS}
        if not warm:
            return
        await self._note(warm, now)
        found = await access.people_for(list(warm))
        for key, known in warm.items():
            if self._remembered.get(key) is not known:
                continue  # forgotten, and perhaps read again, since this statement was sent
            if person := found.get(key):
                known.person, known.read_at = person, now
            else:
                del self._remembered[key]

    async def _note(self, warm: Mapping[bytes, Remembered], now: float) -> None:
        due = {key: known for key, known in warm.items() if known.used_at > known.noted_at + NOTED_SECONDS}
        if due:
            await self._were_used(list(due))
            for known in due.values():
                known.noted_at = now
