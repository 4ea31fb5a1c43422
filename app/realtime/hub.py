"""Who listens on this worker: sockets take their seats here, and what happens is told here.

Each room keeps its own order (`realtime.live_room`). The hub brings events to rooms, looks after what no event
told, and closes sockets whose person may no longer listen.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from app.realtime.bus import Bus
from app.realtime.events import (
    Event,
    MarksMoved,
    MembershipBegan,
    MembershipEnded,
    NotifyChosen,
    PersonBanned,
    PresenceChanged,
    ProfileChanged,
    RoleChanged,
    RoomActive,
    RoomChanged,
    RoomDescribed,
    SessionEnded,
    Typing,
    TypingStopped,
    topic_of_room,
)
from app.realtime.faces import Faces
from app.realtime.followers import Followers
from app.realtime.frames import Frame
from app.realtime.greeting import Greeting
from app.realtime.listener import CLOSE_NO_ACCESS, CLOSE_SIGNED_OUT, Listener
from app.realtime.live_room import LiveRoom
from app.realtime.outside import Outside
from app.realtime.people import People
from app.realtime.presence import Presence
from app.realtime.roster import Rosters
from app.realtime.seat import Seat
from app.realtime.source import OUTSIDE, Claim, Source
from app.realtime.sweep import Sweep
from app.realtime.together import ARRIVING_SECONDS, Together
from app.rendering import fragments
from app.rendering.streams import notify_chosen, room_described
from app.views import Person

logger = logging.getLogger("teahouse")


class Hub:
    def __init__(self, bus: Bus, source: Source) -> None:
        self._bus = bus
        self._source = source
        self._also_told: list[Callable[[Event], None]] = []
        self._rooms: dict[int, LiveRoom] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._arriving: dict[Seat, set[int]] = {}  # the rooms that its person left while a seat is being taken
        self._admitted = Together(source.admitted, ARRIVING_SECONDS)
        self._holding = Together(self._read_holding, ARRIVING_SECONDS)
        self._people = People(source)
        self._followers = Followers(bus, source, self._spawn, self._carry)
        self._greeting = Greeting(source, self._followers)
        self.presence = Presence(self._presence_changed)
        self._rosters = Rosters(
            self._rooms, self._followers.of, self._people.write, self.presence.status_of, source, self._spawn
        )
        self._outside = Outside(self._spawn, self._rosters.tell_newcomer)
        self._faces = Faces(source.faces, self._people.all_seats, self._people.write, self._spawn)
        self.sweep = Sweep(
            self._rooms, self._outside, self._followers, self._faces, bus, source, self._close_lost, self.deliver
        )

    # -- for sockets

    async def join(self, listener: Listener, room_id: int, since: int, faces: int | None = None) -> Seat:
        """Seat a socket: it gets every change after `since`, the first ones from PostgreSQL; and people's new looks
        after `faces`, or from now on. In place of a room it may be OUTSIDE; then `since` means nothing.

        The person was let in at the door, but may have been sent out since; an event that said so found no
        seat to close. So access is asked for once more when the seat can be found. Raises Unavailable.
        """
        is_new = room_id != OUTSIDE and room_id not in self._rooms
        place = self._outside if room_id == OUTSIDE else self._live_room(room_id)
        seat = Seat(listener, room_id, since, self._faces.version if faces is None else faces)
        place.seats.add(seat)
        self._people.came(seat)
        left = self._arriving[seat] = set()
        try:
            if is_new:
                await self._bus.subscribe(topic_of_room(room_id))
            followed = await self._admitted.ask(seat.claim)
            if followed is None:
                self._send_out(seat)
            for each in followed or ():
                if each not in left:
                    await self._followers.add(seat, each)
        except BaseException:
            self.leave(seat)
            raise
        finally:
            del self._arriving[seat]
        if not seat.gone:
            self.presence.came(seat)
            place.begin(seat, self._greeting.greet)
        return seat

    def _live_room(self, room_id: int) -> LiveRoom:
        room = self._rooms.get(room_id)
        if room is None:
            leveled = self._rosters.tell_newcomer
            room = LiveRoom(room_id, self._source, self._spawn, self._close_lost, self._send_out, leveled)
            self._rooms[room_id] = room
        room.quiet_sweeps = 0
        return room

    def leave(self, seat: Seat) -> None:
        if seat.gone:
            return
        seat.gone = True
        self.presence.left(seat)
        self._people.left(seat)
        self._followers.leave(seat)
        self._outside.leave(seat)
        if room := self._rooms.get(seat.room):
            room.leave(seat)
            person = seat.listener.person
            if person in room.typists.now and not any(other.listener.person == person for other in room.seats):
                self.publish(TypingStopped(seat.room, person))

    def set_idle(self, seat: Seat, idle: bool) -> None:
        """The page of this seat says whether anybody is at it."""
        if not seat.gone and seat.idle != idle:
            seat.idle = idle
            self.presence.refresh(seat.listener.person)

    def sockets_of(self, person: int) -> int:
        """How many sockets this person holds on this worker."""
        return len(self._people.seats_of(person))

    def name_of(self, person: Person) -> str:
        """How somebody who came under this name is called now."""
        return self._faces.names.get(person.id, person.name)

    def _carry(self, room_id: int, html: str) -> None:
        if room := self._rooms.get(room_id):
            room.carry(html)

    async def _follow_too(self, seat: Seat, room_id: int) -> None:
        """Asked after it follows: workers overtake each other on the bus, so the end may have been told before."""
        await self._followers.add(seat, room_id)
        if not await self._holding.ask((seat.listener.session, seat.listener.person, room_id)):
            self._followers.remove(seat, room_id)
        self.presence.refresh(seat.listener.person)
        if seat.room != room_id:
            await self._greeting.greet(seat, room_id)  # what was said there before it followed is no news

    def _presence_changed(self, person: int, rooms: Iterable[int]) -> None:
        self._rosters.person_changed(person, rooms)

    # -- for actions and the bus

    def also_tell(self, tell: Callable[[Event], None]) -> None:
        """Who else on this worker hears of everything."""
        self._also_told.append(tell)

    def publish(self, event: Event) -> None:
        """Tell the listeners here at once, and the other workers soon. Call it after the commit."""
        self._bus.publish(event)
        self.deliver(event)

    def deliver(self, event: Event) -> None:
        """Tell the listeners on this worker; safe to repeat."""
        for tell in self._also_told:
            tell(event)
        match event:
            case RoomChanged():
                for key, article in event.articles:
                    fragments.keep(key, article)
                if room := self._rooms.get(event.room):
                    room.take(event)
            case Typing(room=room_id, person=person, name=name):
                if room := self._rooms.get(room_id):
                    room.typists.typed(person, name)
            case TypingStopped(room=room_id, person=person):
                if room := self._rooms.get(room_id):
                    room.typists.stopped(person)
            case RoomActive():
                self._followers.take(event)
            case RoomDescribed(about=about):
                self._followers.write(event.room, Frame(room_described(about)))
            case MarksMoved():
                self._people.tell_own_marks(event)
                if room := self._rooms.get(event.room):
                    room.receipts.take(event)
            case MembershipBegan(person=person, room=room_id):
                for seat in self._people.seats_of(person):
                    self._spawn(self._follow_too(seat, room_id))
                self._rosters.list_changed(room_id)
                self.show_rooms_soon(person)
            case MembershipEnded(person=person, room=room_id):
                for seat in self._people.seats_of(person):
                    self._followers.remove(seat, room_id)
                    if seat in self._arriving:
                        self._arriving[seat].add(room_id)
                self.presence.refresh(person)
                self._rosters.list_changed(room_id)
                self._send_out_where(person, lambda seat: seat.room == room_id)
                self.show_rooms_soon(person)
            case RoleChanged(person=person, room=room_id):
                self._rosters.person_changed(person, [room_id])
            case NotifyChosen(person=person, room=room_id, notify=chosen):
                self._people.write(self._people.seats_of(person), notify_chosen(room_id, chosen))
                self.show_rooms_soon(person)
            case PersonBanned(person=person):
                self._send_out_where(person, lambda _: True)
            case PresenceChanged():
                self.presence.take(event)
            case ProfileChanged():
                self._faces.changed()
            case SessionEnded(session=session):
                for seat in [seat for seat in self._people.all_seats() if seat.listener.session == session]:
                    self._close(seat, CLOSE_SIGNED_OUT)

    def on_gap(self) -> None:
        """The bus was away: rooms may have moved on. (Access is looked at in every sweep.)"""
        for room in self._rooms.values():
            room.fill_soon()
        self.presence.on_gap()
        for seat in self._people.all_seats():
            if not seat.catching_up:
                self._spawn(self._greeting.greet(seat))

    def show_rooms_soon(self, person: int) -> None:
        """Bring the list of rooms on all this person's pages level."""
        if self._people.seats_of(person):
            self._spawn(self._show_rooms(person))

    async def _show_rooms(self, person: int) -> None:
        await self._people.show_rooms(person)
        for seat in self._people.seats_of(person):
            self._rosters.tell_newcomer(seat)  # the list comes without its dots

    # -- background work

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.presence.close()
        self._rosters.close()
        for room in self._rooms.values():
            room.close()
        self._followers.close()
        self._faces.close()

    async def _close_lost(self, seats: Sequence[Seat]) -> None:
        """Ask PostgreSQL who of them may still listen; for one alone together with others who ask."""
        if len(seats) == 1:
            lost = set() if await self._holding.ask(seats[0].claim) else {seats[0].claim}
        else:
            lost = await self._source.lost_access([seat.claim for seat in seats])
        for seat in seats if lost else ():
            if seat.claim in lost:
                self._send_out(seat)

    async def _read_holding(self, claims: Sequence[Claim]) -> Mapping[Claim, bool]:
        lost = await self._source.lost_access(claims)
        return {claim: claim not in lost for claim in claims}

    def _send_out_where(self, person: int, chosen: Callable[[Seat], bool]) -> None:
        for seat in [seat for seat in self._people.seats_of(person) if chosen(seat)]:
            self._send_out(seat)

    def _send_out(self, seat: Seat) -> None:
        """Outside of rooms only those who are signed in no longer are sent out: by a ban, too."""
        self._close(seat, CLOSE_SIGNED_OUT if seat.is_outside else CLOSE_NO_ACCESS)

    def _close(self, seat: Seat, code: int) -> None:
        if not seat.gone:
            self.leave(seat)
            seat.listener.close(code)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("catching up failed", exc_info=error)
