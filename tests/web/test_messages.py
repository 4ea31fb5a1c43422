"""Messages are posted: what is taken, what is refused, and that none is posted twice."""

import asyncio
from html.parser import HTMLParser
from uuid import uuid4

import asyncpg
import pytest

from app.views import BODY_LENGTH_MAX
from tests.conftest import OpenHouse, Servers, somebody_waits
from tests.house import PATIENCE_SECONDS, Visitor, articles, version


class Bodies(HTMLParser):
    """The text of every `.body`."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        if dict(attrs).get("class") == "body":
            self.inside = True
            self.texts.append("")

    def handle_endtag(self, tag):
        if tag == "div":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


def bodies(html: str) -> list[str]:
    parser = Bodies()
    parser.feed(html)
    return parser.texts


async def test_a_posted_message_is_answered_with_its_article_and_stands_in_the_room(ana: Visitor) -> None:
    room = await ana.make_room()
    message_id = str(uuid4())
    answer = await ana.post(room, "Good morning", id=message_id)
    assert answer.status_code == 200
    assert [article.id for article in articles(answer.text)] == [message_id]
    assert "room-version" not in answer.text  # the page may lack what came before this one
    page = await ana.http.get(f"/rooms/{room}")
    assert bodies(page.text)[0] == "Good morning"
    assert version(page.text) == 1


async def test_without_htmx_a_post_goes_back_to_the_room(ana: Visitor) -> None:
    room = await ana.make_room()
    answer = await ana.post(room, "Good morning", htmx=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")


async def test_without_an_id_the_server_names_the_message(ana: Visitor) -> None:
    room = await ana.make_room()
    answer = await ana.http.post(f"/rooms/{room}/messages", data={"body": "hi"}, headers={"HX-Request": "true"})
    assert len(articles(answer.text)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "x" * BODY_LENGTH_MAX,
        "🍵" * BODY_LENGTH_MAX,
        "one\ntwo\n\n  three",
        "我可以星期六早上过来帮忙翻土。",
        "<script>alert(1)</script> <hx-partial hx-target='body'> & \"quotes\" {{ braces }} %s",
        "‮right to left‬ \u200d \ufeff \x01\x1f\x7f \U0010ffff",
        " leading and trailing ",
    ],
)
async def test_any_text_is_shown_whole_but_for_the_space_around_its_lines(ana: Visitor, body: str) -> None:
    room = await ana.make_room()
    answer = await ana.post(room, body)
    assert answer.status_code == 200
    assert [text.split() for text in bodies(answer.text)] == [body.split()]


async def test_line_breaks_of_a_browser_form_count_and_come_back_as_one_character(ana: Visitor) -> None:
    room = await ana.make_room()
    body = "\r\n".join("x" * (BODY_LENGTH_MAX // 2))  # half of it letters, half line breaks
    answer = await ana.post(room, body)
    assert bodies(answer.text) == [body.replace("\r\n", "\n")]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "An empty message cannot be sent."),
        (" \n\t ", "An empty message cannot be sent."),
        ("x" * (BODY_LENGTH_MAX + 1), "This message has 8,001 characters; it can have 8,000."),
        ("a\0b", "This message contains a NUL character, which cannot be stored."),
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused_in_a_sentence(ana: Visitor, body: str, sentence: str) -> None:
    room = await ana.make_room()
    answer = await ana.post(room, body)
    assert answer.status_code == 422
    assert sentence in answer.text
    page = await ana.post(room, body, htmx=False)
    assert page.status_code == 422
    assert sentence in page.text
    assert await ana.version_of(room) == 0


async def test_a_refused_text_comes_back_in_the_composer(ana: Visitor) -> None:
    room = await ana.make_room()
    body = "y" * (BODY_LENGTH_MAX + 1)
    page = await ana.post(room, body, htmx=False)
    assert body in page.text


@pytest.mark.parametrize("message_id", ["7", "not-a-uuid", "{00000000-0000-0000-0000-000000000001}", "0" * 32])
async def test_an_id_that_is_no_uuid_is_refused(ana: Visitor, message_id: str) -> None:
    room = await ana.make_room()
    assert (await ana.post(room, "hi", id=message_id)).status_code == 422
    assert await ana.version_of(room) == 0


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/x-www-form-urlencoded", b"body=\xff\xfe"),
        ("application/x-www-form-urlencoded", b"body=%FF%FE"),
        ("application/x-www-form-urlencoded", "&".join(f"f{n}=1" for n in range(100)).encode()),
        ("application/json", b'{"body": "hi"}'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
    ],
)
async def test_a_malformed_form_is_refused(ana: Visitor, content_type: str, content: bytes) -> None:
    room = await ana.make_room()
    answer = await ana.http.post(
        f"/rooms/{room}/messages",
        content=content,
        headers={"Content-Type": content_type, "HX-Request": "true"},
    )
    assert answer.status_code in (400, 422)
    assert 'class="problem"' in answer.text
    assert await ana.version_of(room) == 0


async def test_a_multipart_form_is_read_as_well(ana: Visitor) -> None:
    room = await ana.make_room()
    parts = {"body": (None, "from a multipart form"), "id": (None, str(uuid4()))}
    answer = await ana.http.post(f"/rooms/{room}/messages", files=parts, headers={"HX-Request": "true"})
    assert bodies(answer.text) == ["from a multipart form"]


async def test_an_oversized_form_is_refused(ana: Visitor) -> None:
    room = await ana.make_room()
    answer = await ana.post(room, "x" * 1_000_000)
    assert answer.status_code == 413
    assert await ana.version_of(room) == 0


async def test_a_repeated_uuid_posts_nothing_twice_and_answers_as_the_first_time(ana: Visitor) -> None:
    room = await ana.make_room()
    message_id = str(uuid4())
    first = await ana.post(room, "once", id=message_id)
    again = await ana.post(room, "something else now", id=message_id.upper())
    assert (again.status_code, again.text) == (200, first.text)
    assert await ana.version_of(room) == 1


async def test_the_same_uuid_from_twenty_requests_at_once_is_one_message(ana: Visitor) -> None:
    room = await ana.make_room()
    message_id = str(uuid4())
    answers = await asyncio.gather(*[ana.post(room, "once", id=message_id) for _ in range(20)])
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert await ana.version_of(room) == 1


async def test_somebody_elses_uuid_is_refused_and_reveals_nothing(ana: Visitor, bo: Visitor) -> None:
    closed = await ana.make_room(visibility="closed")
    message_id = await ana.say(closed, "the secret of the closed room")
    room = await bo.make_room()
    answer = await bo.post(room, "mine", id=message_id)
    assert answer.status_code == 409
    assert "secret" not in answer.text
    assert "Ana" not in answer.text
    assert await bo.version_of(room) == 0


async def test_an_own_uuid_from_another_room_is_refused(ana: Visitor) -> None:
    first, second = await ana.make_room(), await ana.make_room()
    message_id = await ana.say(first, "here")
    assert (await ana.post(second, "there", id=message_id)).status_code == 409


async def test_posts_that_arrive_together_share_a_statement(open_house: OpenHouse, servers: Servers) -> None:
    house = await open_house()
    ana = await Visitor.at(house.url).sign_up()
    rooms = [await ana.make_room() for _ in range(3)]
    connection = await asyncpg.connect(servers.database_url)
    async with connection.transaction(), asyncio.TaskGroup() as posting:
        await connection.execute("SELECT FROM room WHERE id = any($1) FOR UPDATE", rooms)
        for n in range(60):
            posting.create_task(ana.say(rooms[n % 3], f"message {n}"))
        await somebody_waits(connection)
        # The posts began before these, and are waiting for the next statement when all of these are answered.
        await asyncio.gather(*(ana.http.get("/healthz") for _ in range(60)))
        await connection.execute("COMMIT AND CHAIN")
    transactions = await connection.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM message WHERE room = any($1)", rooms
    )
    await connection.close()
    assert transactions < 30


async def test_a_statement_locks_its_rooms_in_the_order_of_their_ids(open_house: OpenHouse, servers: Servers) -> None:
    """As every other does: so none waits for another that waits for it."""
    house = await open_house()
    ana = await Visitor.at(house.url).sign_up()
    gate, first, *others = sorted([await ana.make_room() for _ in range(8)])
    holding, looking = [await asyncpg.connect(servers.database_url) for _ in range(2)]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as posting, holding.transaction():
            await holding.execute("SELECT FROM room WHERE id = $1 FOR UPDATE", first)
            async with looking.transaction():
                await looking.execute("SELECT FROM room WHERE id = $1 FOR UPDATE", gate)
                posting.create_task(ana.say(gate, "a statement is under way"))
                await somebody_waits(looking)
                for room in [*reversed(others), first]:
                    posting.create_task(ana.say(room, "for the next one"))
                await asyncio.gather(*(ana.http.get("/healthz") for _ in range(20)))
            await somebody_waits(looking)
            async with looking.transaction():
                await looking.execute("SELECT FROM room WHERE id = any($1) FOR UPDATE NOWAIT", others)
    finally:
        await holding.close()
        await looking.close()


async def test_messages_of_one_author_stand_together_until_somebody_else_writes(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    follows = []
    for who in (ana, ana, bo, ana):
        follows.append('class="message follows"' in (await who.post(room, "x")).text)
    assert follows == [False, True, False, False]


async def test_a_room_that_was_not_joined_takes_no_message(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    assert (await bo.post(room, "hi")).status_code == 403
    assert await ana.version_of(room) == 0


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**63, 10**30, -(10**30)])
async def test_what_changed_is_answered_whatever_numbers_others_ask_with(ana: Visitor, number: int) -> None:
    room = await ana.make_room()
    await ana.say(room, "hello")
    bad, since, good = await asyncio.gather(
        ana.http.get(f"/rooms/{number}/changes?since=0"),
        ana.http.get(f"/rooms/{room}/changes?since={number}"),
        ana.http.get(f"/rooms/{room}/changes?since=0"),
    )
    assert bad.status_code == 404
    assert since.status_code == 200  # all of it, or the newest page
    assert "hello" in since.text
    assert "hello" in good.text
