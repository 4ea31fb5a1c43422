"""Who is remembered, for how long, and when PostgreSQL is asked again."""

from collections.abc import Sequence

import pytest

from app import access, sessions
from app.access import token_hash
from app.errors import SignedOut
from app.realtime.events import SessionEnded
from app.sessions import KNOWN_SECONDS, TRUSTED_SECONDS, WARM_SECONDS, Sessions
from app.views import Person


class Table:
    """The sessions that there are; counts how often it is asked."""

    def __init__(self) -> None:
        self.people: dict[bytes, Person] = {}
        self.asked = 0
        self.noted: list[bytes] = []

    def sign_in(self, token: str) -> None:
        number = len(self.people) + 1
        self.people[token_hash(token)] = Person(number, "Ana", session=number)

    async def people_for(self, hashes: Sequence[bytes]) -> dict[bytes, Person]:
        self.asked += 1
        return {key: self.people[key] for key in hashes if key in self.people}

    async def were_used(self, hashes: Sequence[bytes]) -> None:
        self.noted += hashes


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sessions, "monotonic", clock)
    return clock


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    table = Table()
    monkeypatch.setattr(access, "people_for", table.people_for)
    return table


async def test_whoever_posts_now_and_then_is_not_asked_for_and_whoever_reads_is(clock: Clock, table: Table) -> None:
    known = Sessions(table.were_used)
    table.sign_in("ana")
    await known.person_for("ana")
    for _ in range(5):  # longer apart than anybody is kept fresh
        for _ in range(3):
            clock.now += WARM_SECONDS
            await known._look()
        asked = table.asked
        assert (await known.person_for("ana", KNOWN_SECONDS)).id == 1
        assert table.asked == asked
        await known._look()
        assert table.asked == asked + 1  # and what is known is fresh again
    clock.now += TRUSTED_SECONDS + 1
    asked = table.asked
    await known.person_for("ana")
    assert table.asked == asked + 1


async def test_whoever_was_signed_out_is_found_out_at_the_next_look(clock: Clock, table: Table) -> None:
    known = Sessions(table.were_used)
    table.sign_in("ana")
    await known.person_for("ana")
    del table.people[token_hash("ana")]
    assert (await known.person_for("ana", KNOWN_SECONDS)).id == 1  # the statement that posts looks itself
    await known._look()
    with pytest.raises(SignedOut):
        await known.person_for("ana", KNOWN_SECONDS)


async def test_whoever_is_told_of_is_forgotten_at_once(clock: Clock, table: Table) -> None:
    known = Sessions(table.were_used)
    table.sign_in("ana")
    await known.person_for("ana")
    del table.people[token_hash("ana")]
    known.hear(SessionEnded(1))
    with pytest.raises(SignedOut):
        await known.person_for("ana", KNOWN_SECONDS)


async def test_nobody_is_remembered_who_does_not_come_again(clock: Clock, table: Table) -> None:
    known = Sessions(table.were_used)
    tokens = [f"token {number}" for number in range(3)]
    for token in tokens:
        table.sign_in(token)
        await known.person_for(token)
    clock.now += KNOWN_SECONDS
    await known._look()
    assert known._remembered == {}


async def test_among_too_many_those_who_came_last_are_remembered(
    clock: Clock, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "REMEMBERED_MAX", 2)
    known = Sessions(table.were_used)
    for token in ("ana", "bo", "cy"):
        table.sign_in(token)
    for token in ("ana", "bo", "ana", "cy"):
        await known.person_for(token)
    asked = table.asked
    for token in ("ana", "cy"):
        await known.person_for(token)
    assert table.asked == asked
    await known.person_for("bo")
    assert table.asked == asked + 1


async def test_who_is_read_is_trusted_for_a_second(clock: Clock, table: Table) -> None:
    known = Sessions(table.were_used)
    table.sign_in("ana")
    await known.person_for("ana")
    del table.people[token_hash("ana")]
    clock.now += 0.99
    assert (await known.person_for("ana")).id == 1
    clock.now += 0.01
    with pytest.raises(SignedOut):
        await known.person_for("ana")


async def test_a_use_is_noted_once_in_some_minutes(clock: Clock, table: Table) -> None:
    known = Sessions(table.were_used)
    table.sign_in("ana")
    for minute in range(12):
        await known.person_for("ana", KNOWN_SECONDS)
        await known._look()
        assert len(table.noted) == minute // 6 + 1
        clock.now += 60
