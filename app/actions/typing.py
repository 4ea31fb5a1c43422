"""Typing: tell a room that somebody presses keys. Nothing is stored, and losing one costs nothing."""

from app.realtime.events import Typing
from app.realtime.hub import Hub
from app.views import Person


def typed(person: Person, room_id: int, hub: Hub) -> None:
    hub.publish(Typing(room_id, person.id, hub.name_of(person)))
