"""Faces: how people look to others, by name, picture and role."""

from app.tables import Faces


async def changed() -> None:
    """Nothing that was rendered with names in it is used any longer. Comes last in the transaction of the change,
    since all such changes wait for each other here."""
    await Faces.raw("UPDATE faces SET version = version + 1")
