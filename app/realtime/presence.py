"""Who is here: online, away or offline, as one worker knows it.

Its own people it knows from their seats; those of the other workers from events, or read afresh from Redis where an
event is missing (`realtime.lease` does the talking). A person with several tabs and phones, on whichever workers,
is one person: the most present of them counts.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from uuid import uuid4

from app.realtime.events import PresenceChanged
from app.realtime.seat import Seat

ONLINE, AWAY, OFFLINE = "online", "away", "offline"
GRACE_SECONDS = 5.0
"""From page to page, and over a short break of the network, nobody goes offline."""
_RANKS = {OFFLINE: 0, AWAY: 1, ONLINE: 2}


class Present(NamedTuple):
    """How present somebody is on one worker, and the rooms that this concerns: all that they are in."""

    status: str  # online | away
    rooms: tuple[int, ...]


class Presence:
    """`changed` is called with a person and their rooms when what `status_of` says of them has changed."""

    def __init__(self, changed: Callable[[int, Iterable[int]], None]) -> None:
        self.worker = uuid4().hex  # a new one for each process: its numbers begin at 0
        self.own: dict[int, Present] = {}
        self.untold: set[int] = set()  # of our own: changed, and not yet told to the others
        self.seen: set[int] = set()  # came online or went offline, and not yet written down
        self.unknown: set[str] = set()  # workers whose people have to be read afresh
        self.something_to_do = asyncio.Event()
        self.gaps = 0  # how often the bus was away
        self._changed = changed
        self._seats: dict[int, set[Seat]] = {}
        self._goodbyes: dict[int, asyncio.TimerHandle] = {}
        self._others: dict[str, dict[int, Present]] = {}
        self._numbers: dict[str, int] = {}  # worker → the number of its last change that is known here
        self._workers_of: dict[int, set[str]] = {}  # person → the other workers they are on

    def status_of(self, person: int) -> str:
        """online, away or offline."""
        own = self.own.get(person)
        status = own.status if own else OFFLINE
        if person not in self._workers_of:
            return status
        statuses = [self._others[worker][person].status for worker in self._workers_of[person]]
        return max(status, *statuses, key=_RANKS.__getitem__)

    # -- our own people

    def came(self, seat: Seat) -> None:
        seats = self._seats.setdefault(seat.listener.person, set())
        changes_nothing = _is_outdone(seat, seats)
        seats.add(seat)
        if not changes_nothing:
            self.refresh(seat.listener.person)

    def left(self, seat: Seat) -> None:
        person = seat.listener.person
        seats = self._seats.get(person, set())
        seats.discard(seat)
        if seats:
            if not _is_outdone(seat, seats):
                self.refresh(person)
        elif person in self.own and person not in self._goodbyes:
            self._seats.pop(person, None)
            later = asyncio.get_running_loop().call_later
            self._goodbyes[person] = later(GRACE_SECONDS, self._went, person)

    def refresh(self, person: int) -> None:
        """Look at the person's seats again: one came or went, became idle or active, or follows other rooms."""
        if not (seats := self._seats.get(person)):
            return
        if goodbye := self._goodbyes.pop(person, None):
            goodbye.cancel()
        status = AWAY if all(seat.idle for seat in seats) else ONLINE
        self._set_own(person, Present(status, tuple(sorted(set().union(*(seat.follows for seat in seats))))))

    def close(self) -> None:
        for goodbye in self._goodbyes.values():
            goodbye.cancel()

    def _went(self, person: int) -> None:
        del self._goodbyes[person]
        self._set_own(person, None)

    def _set_own(self, person: int, present: Present | None) -> None:
        known = self.own.get(person)
        if present == known:
            return
        before = self.status_of(person)
        if present:
            self.own[person] = present
        else:
            del self.own[person]
        self.untold.add(person)
        if OFFLINE in (before, self.status_of(person)):
            self.seen.add(person)
        self._tell(person, before, known, present)
        self.something_to_do.set()

    # -- the people of the other workers

    def take(self, event: PresenceChanged) -> None:
        """What another worker told; safe to repeat."""
        if event.worker == self.worker:
            return
        known = self._numbers.get(event.worker)
        if known is not None and event.number <= known:
            return
        if known is None or event.number != known + 1:
            self.unknown.add(event.worker)
            self.something_to_do.set()
            return
        self._numbers[event.worker] = event.number
        for person, status, rooms in event.people:
            self._set_other(event.worker, person, Present(status, rooms) if status != OFFLINE else None)

    def replace(self, worker: str, number: int, people: Mapping[int, Present]) -> None:
        """All people of another worker, as they were at its change `number`; older than what is known is left out."""
        if number < self._numbers.get(worker, 0):
            return
        self._numbers[worker] = number
        for person in {*self._others.get(worker, ()), *people}:
            self._set_other(worker, person, people.get(person))

    def forget(self, worker: str) -> None:
        """Its lease ran out: nobody vouches for its people any more."""
        self._numbers.pop(worker, None)
        for person in list(self._others.get(worker, ())):
            self._set_other(worker, person, None)
            if self.status_of(person) == OFFLINE:
                self.seen.add(person)
        self._others.pop(worker, None)

    def number_of(self, worker: str) -> int | None:
        """The last change of that worker that is known here."""
        return self._numbers.get(worker)

    @property
    def other_workers(self) -> set[str]:
        """Those whose people are known here."""
        return set(self._numbers)

    def on_gap(self) -> None:
        """The bus was away: the others may have told something."""
        self.gaps += 1
        self.something_to_do.set()

    def _set_other(self, worker: str, person: int, present: Present | None) -> None:
        people = self._others.setdefault(worker, {})
        known, before = people.get(person), self.status_of(person)
        if present:
            people[person] = present
            self._workers_of.setdefault(person, set()).add(worker)
        elif known:
            del people[person]
            self._workers_of[person].discard(worker)
            if not self._workers_of[person]:
                del self._workers_of[person]
        self._tell(person, before, known, present)

    def _tell(self, person: int, before: str, known: Present | None, present: Present | None) -> None:
        if self.status_of(person) != before:
            self._changed(person, {*(known.rooms if known else ()), *(present.rooms if present else ())})


def _is_outdone(seat: Seat, others: set[Seat]) -> bool:
    """Whether one of the person's other seats makes up for this one; of many, it's enough to look at one."""
    other = next(iter(others), None)
    return other is not None and (seat.idle or not other.idle) and seat.follows <= other.follows
