"""The devices that a person is signed in on."""

from collections.abc import Sequence

from app.tables import LoginSession
from app.views import Device, Person

_DEVICES = """
SELECT id, user_agent, created_at, seen_at, id = {} AS is_current
FROM login_session WHERE person = {} ORDER BY is_current DESC, seen_at DESC
"""


async def devices(person: Person) -> Sequence[Device]:
    """The current one first, then those used last."""
    return [Device(**row) for row in await LoginSession.raw(_DEVICES, person.session, person.id)]
