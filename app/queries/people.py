"""Questions about accounts that pages ask before anybody is signed in."""

from app.tables import Person


async def nobody_yet() -> bool:
    """Whether the next account is the first one."""
    return not await Person.raw("SELECT FROM person LIMIT 1")
