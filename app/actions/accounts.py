"""Accounts: sign up, sign in, sign out."""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence

from asyncpg import UniqueViolationError

from app import passwords
from app.access import is_id, token_hash
from app.errors import Invalid, NotAllowed, NotThere
from app.realtime.events import SessionEnded
from app.realtime.hub import Hub
from app.tables import LoginSession
from app.tables import Person as PersonTable
from app.views import Person
from app.views.text import first_visible

NAME_LENGTH_MAX = 60
EMAIL_LENGTH_MAX = 254
USER_AGENT_LENGTH_MAX = 300
TOKEN_BYTES = 32

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
WRONG_PAIR = "Wrong email or password."
WRONG_PASSWORD = "This is not your current password."
BANNED = "This account was banned by an administrator of this server. It cannot sign in."

FIRST_ACCOUNT_LOCK = 7001

_SIGN_UP = """
INSERT INTO person (email, name, password_hash, is_admin)
SELECT {}, {}, {}, first.yes FROM (SELECT NOT EXISTS (SELECT FROM person) AS yes) AS first
WHERE first.yes OR {}
RETURNING id
"""


_OPEN_SESSION = """
INSERT INTO login_session (token_hash, person, user_agent)
SELECT {}, id, {} FROM person WHERE id = {} AND password_hash = {} AND banned_at IS NULL FOR SHARE
RETURNING id
"""

# Of two devices that change it at once, one does: otherwise each would sign out the other.
_NEW_PASSWORD = """
UPDATE person SET password_hash = {} WHERE id = {} AND password_hash = {} AND banned_at IS NULL
    AND EXISTS (SELECT FROM login_session WHERE id = {})
RETURNING id
"""
_END_OTHERS = "DELETE FROM login_session WHERE person = {} AND id <> {} RETURNING id"


async def sign_up(name: str, email: str, password: str, allowed: bool, user_agent: str) -> tuple[int, str]:
    """Create an account; returns its person's id and a session's token. The first one administers the server.

    `allowed` says whether anybody but the first may. Raises Invalid, or NotAllowed.
    """
    name, email = clean_name(name), email.strip().lower()
    problems = _problems(name, email, password)
    if problems:
        raise Invalid(**problems)
    password_hash = await passwords.hash_password(password)
    try:
        async with PersonTable._meta.db.transaction():
            # A statement sees what was committed before it began, so the lock needs one of its own.
            await PersonTable.raw("SELECT pg_advisory_xact_lock({})", FIRST_ACCOUNT_LOCK)
            rows = await PersonTable.raw(_SIGN_UP, email, name, password_hash, allowed)
    except UniqueViolationError:
        raise Invalid(email="There is already an account with this email. You can sign in below.") from None
    if not rows:
        raise NotAllowed("You need an invitation link to make an account.")
    person = int(rows[0]["id"])
    return person, await open_session(person, password_hash, user_agent)


async def sign_in(email: str, password: str, user_agent: str) -> str:
    """Start a session with email and password; returns its token.

    Raises Invalid without saying which is wrong, and NotAllowed for a banned account to whoever knows its password.
    """
    email = email.strip().lower()
    rows = await PersonTable.raw("SELECT id, password_hash, banned_at FROM person WHERE email = {}", _storable(email))
    fits = await passwords.verify(rows[0]["password_hash"] if rows else None, password)
    if not fits:
        raise Invalid(password=WRONG_PAIR)
    if rows[0]["banned_at"]:
        raise NotAllowed(BANNED)
    return await open_session(rows[0]["id"], rows[0]["password_hash"], user_agent)


async def open_session(person: int, password_hash: str, user_agent: str) -> str:
    """Start a login session; returns its token, which is kept nowhere but in the browser's cookie.

    The password may have been changed while it was verified, or the account banned, which signs out everywhere:
    so the session starts only while the hash is still this one, and there is no ban. Raises Invalid.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    agent = _storable(user_agent)[:USER_AGENT_LENGTH_MAX]
    if not await LoginSession.raw(_OPEN_SESSION, token_hash(token), agent, person, password_hash):
        raise Invalid(password=WRONG_PAIR)
    return token


async def sign_out(person: Person, hub: Hub) -> None:
    """End the session that asks; its sockets close on every worker."""
    await LoginSession.raw("DELETE FROM login_session WHERE id = {}", person.session)
    hub.publish(SessionEnded(person.session))


async def end_session(person: Person, session: int, hub: Hub) -> None:
    """Sign out one of the person's devices; raises NotThere if it is none of theirs."""
    rows: list[dict[str, int]] = []
    if is_id(session):
        rows = await LoginSession.raw(
            "DELETE FROM login_session WHERE id = {} AND person = {} RETURNING id", session, person.id
        )
    if not rows:
        raise NotThere
    hub.publish(SessionEnded(session))


async def end_other_sessions(person: Person, hub: Hub) -> None:
    """Sign out everywhere but here."""
    _tell_of_end(await LoginSession.raw(_END_OTHERS, person.id, person.session), hub)


def _tell_of_end(sessions: Sequence[Mapping[str, int]], hub: Hub) -> None:
    for session in sessions:
        hub.publish(SessionEnded(session["id"]))


def valid_name(name: str) -> str:
    """The name as it is kept; raises Invalid."""
    name = clean_name(name)
    if problem := _problem_of_name(name):
        raise Invalid(name=problem)
    return name


async def change_password(person: Person, current: str, password: str, hub: Hub) -> None:
    """Take another password, which signs out every other device; raises Invalid."""
    rows = await PersonTable.raw("SELECT password_hash FROM person WHERE id = {}", person.id)
    if not await passwords.verify(rows[0]["password_hash"] if rows else None, current):
        raise Invalid(current=WRONG_PASSWORD)
    if problem := _problem_of_password(password):
        raise Invalid(password=problem)
    password_hash = await passwords.hash_password(password)
    known_hash = rows[0]["password_hash"]
    async with PersonTable._meta.db.transaction():
        if not await PersonTable.raw(_NEW_PASSWORD, password_hash, person.id, known_hash, person.session):
            raise Invalid(current=WRONG_PASSWORD)
        ended = await LoginSession.raw(_END_OTHERS, person.id, person.session)
    _tell_of_end(ended, hub)


def clean_name(name: str) -> str:
    """A name as it is kept: normalised (NFC), one line, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def _problems(name: str, email: str, password: str) -> dict[str, str]:
    problems = {}
    if problem := _problem_of_name(name):
        problems["name"] = problem
    if not EMAIL.fullmatch(email) or len(email) > EMAIL_LENGTH_MAX or "\0" in email:
        problems["email"] = "This does not look like an email address."
    if problem := _problem_of_password(password):
        problems["password"] = problem
    return problems


def _problem_of_name(name: str) -> str:
    if not first_visible(name) or "\0" in name:
        return "Please enter a name that others can see."
    if len(name) > NAME_LENGTH_MAX:
        return f"This name has {len(name)} characters; it can have {NAME_LENGTH_MAX}."
    return ""


def _problem_of_password(password: str) -> str:
    if len(password) < passwords.LENGTH_MIN:
        return f"Please choose a password of at least {passwords.LENGTH_MIN} characters."
    if len(password) > passwords.LENGTH_MAX:
        return f"This password is longer than {passwords.LENGTH_MAX} characters."
    return ""


def _storable(text: str) -> str:
    return text.replace("\0", "")
