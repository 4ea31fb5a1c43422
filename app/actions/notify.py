"""What a room should tell a person of."""

from app.errors import Invalid
from app.realtime.events import NotifyChosen
from app.realtime.hub import Hub
from app.tables import Membership
from app.views import Person, Room

CHOICES = ("everything", "mentions", "nothing")

_NOTIFY = "UPDATE membership SET notify = {} WHERE person = {} AND room = {}"


async def choose(person: Person, room: Room, notify: str, hub: Hub) -> None:
    """Be told of everything, of mentions only, or of nothing, on every page of theirs; raises Invalid."""
    if notify not in CHOICES:
        raise Invalid(notify="A room tells you of everything, of mentions only, or of nothing.")
    await Membership.raw(_NOTIFY, notify, person.id, room.id)
    hub.publish(NotifyChosen(person.id, room.id, notify))
