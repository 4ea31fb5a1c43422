"""The page of a room is put together from what is kept; it is always what a fresh one would be."""

import asyncio
import re

import asyncpg
import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Servers
from tests.house import House, Visitor, all_articles, version
from tests.web.test_receipts import receipts
from tests.web.test_unread import read

MESSAGE_ID = re.compile(r'name="id" value="([0-9a-f-]{36})"')
PERSON = re.compile(r'<li id="person-(\d+)".*? class="name" href="/people/\d+">([^<]+)</a>( <small class="role")?')
PEOPLE = """
SELECT p.id, p.name, m.role = 'admin' AS is_admin, m.seen_seq FROM membership m JOIN person p ON p.id = m.person
WHERE m.room = $1 ORDER BY lower(p.name), p.id
"""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["post", "reply", "edit", "delete", "react", "rename", "read", "role", "leave", "join"]),
        st.integers(0, 2),
        st.integers(0, 9),
    ),
    min_size=4,
    max_size=14,
)


class Story:
    """Three people in one room, and what they do in it; each act may be refused."""

    def __init__(self, people: list[Visitor], room: int) -> None:
        self.people = people
        self.room = room
        self.messages: list[str] = []

    async def take(self, act: str, who: int, number: int) -> None:
        visitor = self.people[who]
        if act == "post":
            await self._said(await visitor.post(self.room, f"message {number}"))
        elif act == "rename":
            await visitor.http.post("/me", data={"name": f"{['Ana', 'Bo', 'Cy'][who]} {number}"})
        elif act == "read":
            if who in (0, 1):  # they stay in the room
                async with visitor.listening(self.room) as reader:
                    await read(reader, number)
                    await (await reader.socket.ping())
        elif act == "role":
            action = ("make-admin", "make-member")[number % 2]
            await self.people[0].http.post(f"/rooms/{self.room}/members/{visitor.id}", data={"action": action})
        elif act in ("leave", "join"):
            if who == 2:
                await visitor.http.post(f"/rooms/{self.room}/{act}")
        elif self.messages:
            message = self.messages[number % len(self.messages)]
            if act == "reply":
                fields = {"body": "a reply", "reply_to": message}
                await self._said(await visitor.act(f"/rooms/{self.room}/messages", **fields))
            elif act == "edit":
                await visitor.act(f"/messages/{message}", body=f"edited {number}")
            elif act == "react":
                await visitor.act(f"/messages/{message}/reactions", emoji="👍🎉"[number % 2])
            elif act == "delete":
                await visitor.act(f"/messages/{message}/delete")

    async def _said(self, answer: httpx.Response) -> None:
        self.messages += [article.id for article in all_articles(answer.text)]


async def page_anywhere(visitor: Visitor, room: int) -> str:
    """The page on a connection of its own: any of the workers may answer."""
    async with httpx.AsyncClient(base_url=visitor.url, cookies=visitor.http.cookies, timeout=20) as http:
        return (await http.get(f"/rooms/{room}")).text


async def check(visitor: Visitor, room: int, connection: asyncpg.Connection) -> None:
    """Messages as the history has them, which is never kept; people and receipts as they are in the tables."""
    for _ in range(3):
        page = await page_anywhere(visitor, room)
        history = (await visitor.http.get(f"/rooms/{room}/messages")).text
        assert history.strip() in page
        assert version(page) == await connection.fetchval("SELECT version FROM room WHERE id = $1", room)
        people = await connection.fetch(PEOPLE, room)
        shown = [(int(id), name, bool(role)) for id, name, role in PERSON.findall(page)]
        assert shown == [(row["id"], row["name"], row["is_admin"]) for row in people]
        assert receipts(page) == {row["id"]: row["seen_seq"] for row in people if row["seen_seq"]}
        titles = dict(re.findall(r'data-read-by="(\d+)" data-seq="\d+" title="([^"]+)"', page))
        assert titles == {str(row["id"]): row["name"] for row in people if row["seen_seq"]}


async def test_the_page_equals_a_fresh_one_after_any_interleaving(house: House, servers: Servers) -> None:
    people = [await Visitor.at(house.url).sign_up(name) for name in ("Ana", "Bo", "Cy")]
    connection = await asyncpg.connect(servers.database_url)
    loop = asyncio.get_running_loop()

    async def tell(steps: list[tuple[str, int, int]], together: bool) -> None:
        room = await people[0].make_room()
        for visitor in people[1:]:
            await visitor.join(room)
        story = Story(people, room)
        if not together:
            for step in steps:
                await story.take(*step)
                if step[0] != "read":  # marks are written a moment after they were sent
                    await check_soon(people[1], room, connection)
        else:
            looking = [page_anywhere(people[n % 2], room) for n in range(2 * len(steps))]
            pages = (await asyncio.gather(*[story.take(*step) for step in steps], *looking))[len(steps) :]
            for page in pages:
                found = all_articles(page)
                assert [article.seq for article in found] == [*range(1, len(found) + 1)]
                assert all(article.version <= version(page) for article in found)
        await check_soon(people[1], room, connection)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS, st.booleans())
    def any_story(steps: list[tuple[str, int, int]], together: bool) -> None:
        asyncio.run_coroutine_threadsafe(tell(steps, together), loop).result(240)

    try:
        await asyncio.to_thread(any_story)
    finally:
        await connection.close()


async def check_soon(visitor: Visitor, room: int, connection: asyncpg.Connection) -> None:
    """A mark may still be written meanwhile: the page and the tables meet, or this fails."""
    try:
        await check(visitor, room, connection)
    except AssertionError:
        await check(visitor, room, connection)


async def test_a_new_name_is_on_every_workers_page_at_once(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    original = await ana.say(room, "hello")
    await bo.reply(room, original, "hello yourself")
    for name in ("Anna", "Anne"):
        for _ in range(4):
            await page_anywhere(bo, room)
        await ana.http.post("/me", data={"name": name})
        for _ in range(4):
            page = await page_anywhere(bo, room)
            # joined nowhere, wrote once, is quoted once, is one of the people
            assert page.count(f'<b class="author">{name}</b>') == 1
            assert f">{name}</b> <span>hello</span>" in page
            assert (ana.id, name) in [(int(id), shown) for id, shown, _ in PERSON.findall(page)]


async def test_a_page_that_has_not_changed_is_not_sent_again(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.say(room, "hello")

    async def look(visitor: Visitor, tag: str = "") -> httpx.Response:
        return await visitor.http.get(f"/rooms/{room}", headers={"If-None-Match": tag} if tag else {})

    first = await look(bo)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = await look(bo, tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await look(bo, f'"other", {tag}')).status_code == 304
    assert (await look(bo, '"other"')).status_code == 200
    # What is new for each page is no change of it.
    second = await look(bo)
    assert second.headers["etag"] == tag
    assert MESSAGE_ID.findall(first.text) != MESSAGE_ID.findall(second.text)
    # Nobody else gets it, and everything that is shown counts.
    assert (await look(ana, tag)).status_code == 200
    assert (await bo.http.get("/rooms/1", headers={"If-None-Match": tag})).status_code != 304
    for change in (
        lambda: ana.say(room, "more"),
        lambda: ana.http.post("/me", data={"name": "Anna"}),
        lambda: bo.http.post("/me", data={"name": "Bob"}),
        lambda: bo.http.post("/theme", data={"theme": "dark"}),
        lambda: bo.http.post(f"/rooms/{room}/notify", data={"notify": "nothing"}),
        lambda: bo.make_room(),
        lambda: ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-admin"}),
        lambda: ana.http.post(
            f"/rooms/{room}/settings", data={"name": "Other", "topic": "tea", "visibility": "open"}
        ),
    ):
        await change()
        changed = await look(bo, tag)
        assert changed.status_code == 200
        assert changed.headers["etag"] != tag
        tag = changed.headers["etag"]
    await bo.http.post("/sign-out")
    assert (await look(bo, tag)).status_code == 303


async def test_a_slice_of_history_that_has_not_changed_is_not_sent_again(ana: Visitor) -> None:
    room = await ana.make_room()
    message = await ana.say(room, "hello")
    first = await ana.http.get(f"/rooms/{room}/messages")
    headers = {"If-None-Match": first.headers["etag"]}
    assert (await ana.http.get(f"/rooms/{room}/messages", headers=headers)).status_code == 304
    await ana.act(f"/messages/{message}/reactions", emoji="👍")
    assert (await ana.http.get(f"/rooms/{room}/messages", headers=headers)).status_code == 200


async def test_a_page_is_the_same_compressed_and_plain(ana: Visitor) -> None:
    room = await ana.make_room("茶 & <tea>")
    await ana.say(room, "**tea** 茶 🍵 " * 200)
    compressed = await ana.http.get(f"/rooms/{room}", headers={"Accept-Encoding": "gzip"})
    plain = await ana.http.get(f"/rooms/{room}", headers={"Accept-Encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.num_bytes_downloaded < len(compressed.content) / 3
    assert "content-encoding" not in plain.headers
    assert compressed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert MESSAGE_ID.sub("", compressed.text) == MESSAGE_ID.sub("", plain.text)
    assert "<!--" not in plain.text


async def test_what_is_written_on_a_page_that_was_sent_before_comes_back(ana: Visitor) -> None:
    room = await ana.make_room()
    id = MESSAGE_ID.findall((await ana.http.get(f"/rooms/{room}")).text)[0]
    for _ in range(2):
        assert (await ana.post(room, "first\nline", id, htmx=False)).status_code == 303
    again = await ana.post(room, "second", id, htmx=False)
    assert again.status_code == 409
    assert ">\nsecond</textarea>" in again.text
    fresh = MESSAGE_ID.findall(again.text)[0]
    assert fresh != id
    assert (await ana.post(room, "second", fresh, htmx=False)).status_code == 303
    assert [article.seq for article in all_articles((await ana.http.get(f"/rooms/{room}")).text)] == [1, 2]
