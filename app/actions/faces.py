"""Faces: how people look to others, by name, picture and role."""

from app.tables import Faces

_CHANGED = "UPDATE faces SET version = version + 1"
_CHANGED_OF = f"""
WITH now AS ({_CHANGED} RETURNING version) UPDATE person SET face_version = now.version FROM now WHERE id = {{}}
"""


async def changed_of(person: int) -> None:
    """This person has another name or picture, of which open pages are told by its number. The same holds."""
    await Faces.raw(_CHANGED_OF, person)


async def changed() -> None:
    """Nothing that was rendered with names in it is used any longer. Comes last in the transaction of the change,
    since all such changes wait for each other here."""
    await Faces.raw(_CHANGED)
