"""The only doors to data: who asks, and which room they may enter.

Every page, fragment, command and socket comes through here. A closed room answers somebody outside it exactly
like one that does not exist.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.errors import NotAllowed, NotAMember, NotThere, SignedOut
from app.realtime.source import OUTSIDE, Claim
from app.tables import Attachment, LoginSession, Membership, Message, Room
from app.tables import Person as PersonTable
from app.views import FilePlace, MessagePlace, Person, Profile, RoomCard
from app.views import Room as RoomView

INT4_MAX = 2**31 - 1

_WHO = """
    SELECT p.id, p.name, p.is_admin, p.avatar, s.id AS session
    FROM login_session s JOIN person p ON p.id = s.person
    WHERE s.token_hash = t.token_hash AND p.banned_at IS NULL
    OFFSET 0
"""
"""Who is signed in with the `token_hash` of a row `t`. Here and below, OFFSET has PostgreSQL go by its indexes, once
for each row: left to choose, it reads whole tables of people and memberships as long as they are small."""

_PEOPLE_FOR = (
    f"SELECT t.token_hash, who.* FROM unnest({{}}::bytea[]) AS t (token_hash) CROSS JOIN LATERAL ({_WHO}) AS who"
)

MAY_WRITE = """(
    SELECT true
    FROM membership m JOIN login_session s ON s.person = m.person JOIN person p ON p.id = m.person
    WHERE m.person = t.author AND m.room = t.room AND s.id = t.session AND p.banned_at IS NULL
)"""
"""Whether the `author` of a row `t`, signed in by `session`, may write in `room`: the door as part of a statement,
for posting, which has no time for a question of its own. (No EXISTS, which PostgreSQL may answer by reading all
memberships.)"""

ROOM_FOR = """
SELECT r.id, r.kind, r.topic, r.visibility, r.invite_code, r.last_seq, m.role, m.notify, m.last_read_seq,
       CASE WHEN r.kind = 'group' THEN r.name ELSE (
           SELECT string_agg(p.name, ', ' ORDER BY p.id) FROM membership o JOIN person p ON p.id = o.person
           WHERE o.room = r.id AND o.person IS DISTINCT FROM m.person
       ) END AS name,
       CASE WHEN m.role IS NOT NULL OR r.visibility = 'open' OR {}
            THEN (SELECT count(*) FROM membership WHERE room = r.id) ELSE 0 END AS people
FROM room r LEFT JOIN membership m ON m.room = r.id AND m.person = {}
WHERE r.id = {}
"""

_MESSAGE_FOR = """
SELECT g.id, g.room, g.seq, g.author, g.kind, g.deleted_at IS NOT NULL AS deleted,
       g.edited_at IS NOT NULL AS edited, g.files IS NOT NULL AS has_files, r.visibility, m.role
FROM message g JOIN room r ON r.id = g.room LEFT JOIN membership m ON m.room = g.room AND m.person = {}
WHERE g.id = {}
"""

_FILE_FOR = """
SELECT a.id, a.kind, a.name, a.media_type, a.size, a.person, a.message, r.visibility, m.role
FROM attachment a JOIN room r ON r.id = a.room LEFT JOIN membership m ON m.room = a.room AND m.person = {}
WHERE a.id = {} AND a.discarded_at IS NULL
"""

_PROFILE = "SELECT id, name, avatar, seen_at, banned_at IS NOT NULL AS banned FROM person WHERE id = {}"

_SHARED_ROOMS = """
SELECT r.id, r.name, r.visibility
FROM room r JOIN membership a ON a.room = r.id JOIN membership b ON b.room = r.id
WHERE r.kind = 'group' AND a.person = {} AND b.person = {}
ORDER BY lower(r.name), r.id
"""

_MAY_LISTEN = """(
    EXISTS (SELECT FROM login_session WHERE id = t.session OFFSET 0)
    AND EXISTS (SELECT FROM person WHERE id = t.person AND banned_at IS NULL OFFSET 0)
    AND (t.room = {} OR EXISTS (SELECT FROM membership m WHERE m.person = t.person AND m.room = t.room OFFSET 0))
)"""
"""Whether the `person` of a row `t`, signed in by `session`, may listen in `room`, or outside of rooms."""

_CLAIMS = "unnest({}::int[], {}::int[], {}::int[]) AS t (session, person, room)"

_LOST = f"SELECT t.session, t.person, t.room FROM {_CLAIMS} WHERE NOT {_MAY_LISTEN}"

_ADMITTED = f"""
SELECT t.session, t.person, t.room, array(SELECT m.room FROM membership m WHERE m.person = t.person OFFSET 0) AS rooms
FROM {_CLAIMS} WHERE {_MAY_LISTEN}
"""

_AT_THE_DOOR = f"""
SELECT t.token_hash, t.room, who.*,
       EXISTS (SELECT FROM membership m WHERE m.person = who.id AND m.room = t.room OFFSET 0) AS is_member
FROM unnest({{}}::bytea[], {{}}::bigint[]) AS t (token_hash, room) CROSS JOIN LATERAL ({_WHO}) AS who
"""


def is_id(number: int) -> bool:
    """Whether PostgreSQL can be asked for a person, a room or a session with this number."""
    return 0 < number <= INT4_MAX


def nearest_id(number: int) -> int:
    """The number, or the nearest to it that PostgreSQL can compare with ids: for the place where a list goes on."""
    return max(0, min(number, INT4_MAX))


def uuid_of(text: str) -> UUID | None:
    """The id of a message or a file; None for all that is not written as ours are (upper case may be)."""
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def token_hash(token: str) -> bytes:
    """How a session's token is kept: it is long and random, so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


async def person_for(token: str | None) -> Person:
    """Who holds this session token; raises SignedOut."""
    if not token:
        raise SignedOut
    people = await people_for([token_hash(token)])
    if not people:
        raise SignedOut
    return people.popitem()[1]


async def people_for(hashes: Sequence[bytes]) -> dict[bytes, Person]:
    """Who holds the session tokens with these hashes; those that nobody is signed in with are missing."""
    rows = await LoginSession.raw(_PEOPLE_FOR, hashes)
    return {row.pop("token_hash"): Person(**row) for row in rows}


async def room_for(person: Person, room_id: int) -> RoomView:
    """A room that the person is in; raises NotThere, or NotAMember for an open one."""
    room = await visible_room_for(person, room_id)
    _check_inside(room.role, room.visibility)
    return room


async def administered_room_for(person: Person, room_id: int) -> RoomView:
    """A group whose admin the person is; raises NotAllowed for its other members, and what `room_for` raises."""
    room = await room_for(person, room_id)
    if room.is_direct:
        raise NotAllowed("This is a conversation between fixed people. It has no admins and no settings.")
    if not room.is_admin:
        raise NotAllowed("Only admins of this room can do this.")
    return room


def administrator(person: Person) -> Person:
    """The person, if they administer the whole server; raises NotAllowed."""
    if not person.is_admin:
        raise NotAllowed("Only administrators of this server can do this.")
    return person


async def visible_room_for(person: Person, room_id: int) -> RoomView:
    """A room that the person is in or could walk into; raises NotThere for any other."""
    rows: list[dict[str, Any]] = []
    if is_id(room_id):
        rows = await Room.raw(ROOM_FOR, False, person.id, room_id)
    return visible(RoomView(**rows[0]) if rows else None)


def visible(room: RoomView | None) -> RoomView:
    """What ROOM_FOR found, if its person may know of it; raises NotThere."""
    if room is None:
        raise NotThere
    _check_visible(room.role, room.visibility)
    return room


async def message_for(person: Person, message_id: str) -> MessagePlace:
    """A message of a room that the person is in; raises NotThere, or NotAMember for one of an open room."""
    rows: list[dict[str, Any]] = []
    if (name := uuid_of(message_id)) is not None:
        rows = await Message.raw(_MESSAGE_FOR, person.id, name)
    if not rows:
        raise NotThere
    row = rows[0]
    _check_inside(row["role"], row["visibility"])
    return MessagePlace(
        id=row["id"],
        room=row["room"],
        seq=row["seq"],
        author=row["author"],
        kind=row["kind"],
        deleted=row["deleted"],
        is_mine=row["author"] == person.id,
        is_admin=row["role"] == "admin",
        edited=row["edited"],
        has_files=row["has_files"],
    )


async def file_for(person: Person, file_id: str) -> FilePlace:
    """A file of a message that the person may read, or one they brought themselves and have not posted yet.

    Raises NotThere, or NotAMember for one of an open room.
    """
    rows: list[dict[str, Any]] = []
    if (name := uuid_of(file_id)) is not None:
        rows = await Attachment.raw(_FILE_FOR, person.id, name)
    if not rows or (rows[0]["message"] is None and rows[0]["person"] != person.id):
        raise NotThere
    row = rows[0]
    _check_inside(row["role"], row["visibility"])
    return FilePlace(id=row["id"], kind=row["kind"], name=row["name"], media_type=row["media_type"], size=row["size"])


def _check_inside(role: str | None, visibility: str) -> None:
    """Raises NotThere for who stands outside of a closed room, NotAMember outside of an open one."""
    _check_visible(role, visibility)
    if role is None:
        raise NotAMember


def _check_visible(role: str | None, visibility: str) -> None:
    """Raises NotThere for who stands outside of a closed room."""
    if role is None and visibility != "open":
        raise NotThere


async def room_behind(code: str) -> RoomView:
    """The room that an invitation link leads to; raises NotThere. The code is the permission."""
    rows = []
    if "\0" not in code:
        rows = await Room.raw(ROOM_FOR.replace("r.id = {}", "r.invite_code = {} AND r.kind = 'group'"), True, 0, code)
    if not rows:
        raise NotThere("This invitation is no longer valid. Ask for a new one.")
    return RoomView(**rows[0])


async def profile_for(viewer: Person, person_id: int) -> Profile:
    """Anybody's card, for anybody who is signed in; raises NotThere for nobody's."""
    rows = []
    if is_id(person_id):
        rows = await PersonTable.raw(_PROFILE, person_id)
    if not rows:
        raise NotThere("There is nobody here by this number.")
    shared = [] if person_id == viewer.id else await Room.raw(_SHARED_ROOMS, viewer.id, person_id)
    return Profile(**rows[0], rooms=[RoomCard(**row) for row in shared])


async def is_member(person: Person, room_id: int) -> bool:
    if not is_id(room_id):
        return False
    return bool(await Membership.raw("SELECT FROM membership WHERE person = {} AND room = {}", person.id, room_id))


async def lost_access(claims: Sequence[Claim]) -> set[Claim]:
    """Of these (session, person, room), the ones that may listen no longer."""
    rows = await Membership.raw(_LOST, *_columns(claims), OUTSIDE)
    return {(row["session"], row["person"], row["room"]) for row in rows}


async def admitted(claims: Sequence[Claim]) -> Mapping[Claim, Sequence[int] | None]:
    """The same for sockets that arrive: all rooms of the person where they may listen, None where they may not."""
    rows = await Membership.raw(_ADMITTED, *_columns(claims), OUTSIDE)
    return dict.fromkeys(claims) | {(row["session"], row["person"], row["room"]): row["rooms"] for row in rows}


async def at_the_door(asking: Sequence[tuple[bytes, int]]) -> Mapping[tuple[bytes, int], tuple[Person, bool] | None]:
    """Of sockets that arrive with (hash of a session's token, room): who it is, and whether they are in the room;
    None for somebody signed out."""
    rows = await LoginSession.raw(_AT_THE_DOOR, [token for token, _ in asking], [room for _, room in asking])
    found: dict[tuple[bytes, int], tuple[Person, bool] | None] = dict.fromkeys(asking)
    for row in rows:
        person = Person(row["id"], row["name"], row["is_admin"], row["session"], row["avatar"])
        found[row["token_hash"], row["room"]] = person, row["is_member"]
    return found


def _columns(claims: Sequence[Claim]) -> tuple[list[int], list[int], list[int]]:
    return [session for session, _, _ in claims], [person for _, person, _ in claims], [room for _, _, room in claims]
