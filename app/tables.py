"""The tables. No behaviour: `actions` write them, `access` and `queries` read them."""

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    Serial,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Unique
from piccolo.table import Table


class Person(Table, tablename="person"):
    id: Serial
    email = Varchar(length=254, unique=True)  # lower case
    name = Varchar(length=60)
    password_hash = Varchar(length=200)  # argon2id, with its parameters
    is_admin = Boolean(default=False)
    avatar = Varchar(length=40, null=True, default=None)  # fingerprint of the picture in `avatar`
    banned_at = Timestamptz(null=True, default=None)
    face_version = BigInt(default=0, index=True)  # of `faces`, when name or picture changed last
    seen_at = Timestamptz(null=True, default=None)  # came online or went offline
    locale = Varchar(length=16, null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class Avatar(Table, tablename="avatar"):
    """A person's picture: square, small, WebP."""

    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False, primary_key=True)
    content = Bytea()


class Faces(Table, tablename="faces"):
    """One row. Its version grows with each change of anybody's name, picture or role, in the same transaction: what
    was rendered with them, and is kept, holds for as long as this number."""

    version = BigInt(default=0)


class LoginSession(Table, tablename="login_session"):
    id: Serial
    token_hash = Bytea(unique=True)  # SHA-256 of the token in the cookie
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False, index=True)
    user_agent = Varchar(length=300)
    created_at = Timestamptz(default=TimestamptzNow())
    seen_at = Timestamptz(default=TimestamptzNow())


class Room(Table, tablename="room"):
    id: Serial
    name = Varchar(length=80)  # empty for a direct room, which each sees under the others' names
    topic = Varchar(length=200, default="")
    kind = Varchar(length=10, default="group")  # group | direct
    direct_key = Varchar(length=400, null=True, default=None, unique=True)  # its people's ids, ascending, with commas
    visibility = Varchar(length=10, default="open")  # open | closed
    invite_code = Varchar(length=40, unique=True)
    version = BigInt(default=0)  # grows by one with each change to its messages
    last_seq = BigInt(default=0)
    last_author = ForeignKey(Person, on_delete=OnDelete.set_null, null=True, default=None)
    last_posted_at = Timestamptz(default=TimestamptzNow())
    created_at = Timestamptz(default=TimestamptzNow())


class Membership(Table, tablename="membership"):
    id: Serial
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False)
    room = ForeignKey(Room, on_delete=OnDelete.cascade, null=False, index=True)
    role = Varchar(length=10, default="member")  # admin | member
    joined_at = Timestamptz(default=TimestamptzNow())
    notify = Varchar(length=10, default="everything")  # everything | mentions | nothing
    last_read_seq = BigInt(default=0)  # what lies after it is unread; set back by "mark as unread from here"
    seen_seq = BigInt(default=0)  # how far the person ever read, for receipts; never goes back
    unique_person_room = Unique([person, room])


class Message(Table, tablename="message"):
    """`version` is that of its latest change, `posted_version` the one it came with: a page at version v
    lacks the message itself if `posted_version > v`, and only a change to it if just `version > v`."""

    id = UUID(primary_key=True, default=None)  # named by the browser
    room = ForeignKey(Room, on_delete=OnDelete.cascade, null=False)
    seq = BigInt()  # 1, 2, 3 … in its room, without gaps
    version = BigInt()
    posted_version = BigInt()
    author = ForeignKey(Person, on_delete=OnDelete.restrict, null=False)
    kind = Varchar(length=10, default="text")  # text | system
    body = Text()
    html = Text()  # of the body, rendered once when it was written
    follows = Boolean(default=False)  # stands under the name of the message before it
    files = JSONB(null=True, default=None)  # what its article shows of its attachments, in their order
    reply_to: ForeignKey["Message"] = ForeignKey(
        "self", on_delete=OnDelete.set_null, null=True, default=None
    )  # in the same room
    created_at = Timestamptz(default=TimestamptzNow())
    edited_at = Timestamptz(null=True, default=None)
    deleted_at = Timestamptz(null=True, default=None)
    unique_room_seq = Unique([room, seq])


class Attachment(Table, tablename="attachment"):
    """A file, stored under its id. It has no message until it is posted; one that is discarded is soon gone."""

    id = UUID(primary_key=True)
    room = ForeignKey(Room, on_delete=OnDelete.cascade, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False)  # who brought it
    message = ForeignKey(Message, on_delete=OnDelete.set_null, null=True, default=None, index=True)
    kind = Varchar(length=10)  # image | audio | video | file
    name = Varchar(length=200)
    media_type = Varchar(length=100)  # as it is served, by what its bytes are
    size = BigInt()  # bytes
    width = Integer(null=True, default=None)  # pixels, of an image
    height = Integer(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())
    discarded_at = Timestamptz(null=True, default=None)


class Mention(Table, tablename="mention"):
    """A message names a person of its room."""

    id: Serial
    message = ForeignKey(Message, on_delete=OnDelete.cascade, null=False)
    room = ForeignKey(Room, on_delete=OnDelete.cascade, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False)
    seq = BigInt()
    unique_message_person = Unique([message, person])


class Wording(Table, tablename="wording"):
    """How a message read before it was edited: for the room's admins, and gone with the message."""

    id: Serial
    message = ForeignKey(Message, on_delete=OnDelete.cascade, null=False, index=True)
    body = Text()
    html = Text()
    written_at = Timestamptz()  # when it was posted, or edited to read so


class Reaction(Table, tablename="reaction"):
    id: Serial
    message = ForeignKey(Message, on_delete=OnDelete.cascade, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False)
    emoji = Varchar(length=40)
    created_at = Timestamptz(default=TimestamptzNow())
    unique_message_person_emoji = Unique([message, person, emoji])


class Audit(Table, tablename="audit"):
    """Who did what to whom, and when: acts of room admins and administrators."""

    id: Serial
    actor = ForeignKey(Person, on_delete=OnDelete.set_null, null=True)
    act = Varchar(length=40)  # the name of the action
    subject = ForeignKey(Person, on_delete=OnDelete.set_null, null=True, default=None)  # whom it concerned
    room = ForeignKey(Room, on_delete=OnDelete.set_null, null=True, default=None)
    detail = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow())
