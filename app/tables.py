"""The tables. No behaviour: `actions` write them, `access` and `queries` read them."""

from piccolo.columns import (
    UUID,
    BigInt,
    Boolean,
    Bytea,
    ForeignKey,
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
    locale = Varchar(length=16, null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class LoginSession(Table, tablename="login_session"):
    id: Serial
    token_hash = Bytea(unique=True)  # SHA-256 of the token in the cookie
    person = ForeignKey(Person, on_delete=OnDelete.cascade, null=False, index=True)
    user_agent = Varchar(length=300)
    created_at = Timestamptz(default=TimestamptzNow())
    seen_at = Timestamptz(default=TimestamptzNow())


class Room(Table, tablename="room"):
    id: Serial
    name = Varchar(length=80)
    kind = Varchar(length=10, default="group")  # group | direct
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
    kind = Varchar(length=10, default="text")  # text | image | system
    body = Text()
    follows = Boolean(default=False)  # stands under the name of the message before it
    created_at = Timestamptz(default=TimestamptzNow())
    edited_at = Timestamptz(null=True, default=None)
    deleted_at = Timestamptz(null=True, default=None)
    unique_room_seq = Unique([room, seq])
