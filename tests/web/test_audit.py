"""Every act of room admins and administrators leaves a row, which administrators read."""

import re

import asyncpg

from tests.conftest import Servers
from tests.house import House, Visitor
from tests.web.test_ban import make_administrator

ROW = re.compile(r'<li data-act="([^"]+)">(.*?)</li>', re.DOTALL)
PART = re.compile(r'class="(actor|subject|room-name|detail)">(.*?)</')


async def audited(reader: Visitor, query: str = "") -> list[tuple[str, ...]]:
    """(act, who, whom, where, detail), as the page shows them: the newest first."""
    page = await reader.http.get(f"/audit{query}")
    assert page.status_code == 200
    rows = []
    for act, sentence in ROW.findall(page.text):
        parts = dict(PART.findall(sentence))
        rows.append((act, *(parts.get(name, "") for name in ("actor", "subject", "room-name", "detail"))))
    return rows


async def test_every_act_is_written_down_and_what_changed_nothing_is_not(
    ana: Visitor, bo: Visitor, house: House, servers: Servers
) -> None:
    root = await Visitor.at(house.url).sign_up("Root")
    await make_administrator(servers, root)
    room = await ana.make_room("Garden")
    await ana.say(room, "the text of a message")
    settings = {"name": "Tea", "topic": "Leaves", "visibility": "closed"}
    for _ in range(2):  # the second time nothing changes, or it is refused
        await ana.http.post(f"/rooms/{room}/settings", data=settings)
        await ana.http.post(f"/rooms/{room}/members", data={"person": bo.id})
        await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "make-admin"})
    await bo.http.post(f"/rooms/{room}/members/{ana.id}", data={"action": "make-member"})
    await ana.http.post(f"/rooms/{room}/members/{bo.id}", data={"action": "remove"})  # refused
    await bo.http.post(f"/rooms/{room}/invitation")
    await bo.http.post(f"/rooms/{room}/members/{ana.id}", data={"action": "remove"})
    for act in ("ban", "ban", "unban", "unban"):
        await root.http.post(f"/people/{ana.id}/{act}")
    rows = await audited(root)
    assert rows[:10] == [
        ("unban", "Root", "Ana", "", ""),
        ("ban", "Root", "Ana", "", ""),
        ("remove", "Bo", "Ana", "Tea", ""),
        ("renew-link", "Bo", "", "Tea", ""),
        ("make-member", "Bo", "Ana", "Tea", ""),
        ("make-admin", "Ana", "Bo", "Tea", ""),
        ("add", "Ana", "Bo", "Tea", ""),
        ("visibility", "Ana", "", "Tea", "closed"),
        ("topic", "Ana", "", "Tea", "Leaves"),
        ("rename", "Ana", "", "Tea", "Garden → Tea"),
    ]
    assert "the text of a message" not in (await root.http.get("/audit")).text


async def test_it_is_written_down_who_became_admin_without_being_made_one(
    ana: Visitor, bo: Visitor, house: House, servers: Servers
) -> None:
    root = await Visitor.at(house.url).sign_up("Root")
    await make_administrator(servers, root)
    room = await ana.make_room("Cellar")
    await bo.join(room)
    for visitor in (ana, bo):
        await visitor.http.post(f"/rooms/{room}/leave")
    await ana.join(room)
    assert [row for row in await audited(root) if row[3] == "Cellar"][:2] == [
        ("make-admin", "Ana", "Ana", "Cellar", ""),  # the first to come into a room that all have left
        ("make-admin", "Ana", "Bo", "Cellar", ""),  # by leaving it to him
    ]


async def test_the_book_is_read_by_administrators_alone(ana: Visitor, stranger: Visitor) -> None:
    await ana.make_room()
    answer = await ana.http.get("/audit")
    assert answer.status_code == 403
    assert "Only administrators of this server can do this." in answer.text
    assert (await stranger.http.get("/audit")).headers["location"].startswith("/sign-in")


async def test_fifty_acts_stand_on_a_page_and_the_next_one_continues_without_gap(
    ana: Visitor, servers: Servers
) -> None:
    await make_administrator(servers, ana)
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(
        "INSERT INTO audit (actor, act, detail) SELECT $1, 'numbered', n::text FROM generate_series(1, 120) n", ana.id
    )
    await connection.close()
    shown, query = [], ""
    while len(shown) < 120:
        page = (await ana.http.get(f"/audit{query}")).text
        rows = await audited(ana, query)
        assert len(rows) <= 50
        shown += [row[4] for row in rows if row[0] == "numbered"]
        query = "?" + re.search(r'href="/audit\?(before=\d+)"', page).group(1) if "Older" in page else ""
    assert shown == [str(n) for n in range(120, 0, -1)]
    for odd in ("?before=-1", "?before=0", "?before=99999999999999"):
        assert (await ana.http.get(f"/audit{odd}")).status_code == 200


async def test_a_deletion_by_an_admin_reads_the_same_whenever_it_was_written_down(
    ana: Visitor, bo: Visitor, servers: Servers
) -> None:
    await make_administrator(servers, ana)
    room = await ana.make_room("Garden")
    await bo.join(room)
    message = await bo.say(room, "rude words")
    await ana.act(f"/messages/{message}/delete")
    connection = await asyncpg.connect(servers.database_url)  # as it was called before
    await connection.execute(
        "INSERT INTO audit (actor, act, room, detail) VALUES ($1, 'delete message', $2, 'earlier')", ana.id, room
    )
    await connection.close()
    assert [row for row in await audited(ana) if row[3] == "Garden"][:2] == [
        ("delete-message", "Ana", "", "Garden", "earlier"),
        ("delete-message", "Ana", "Bo", "Garden", message),
    ]
    page = (await ana.http.get("/audit")).text
    assert " ".join(re.sub("<[^>]+>", "", ROW.findall(page)[0][1]).split()).startswith(
        "Ana deleted a message in Garden"
    )
    assert "rude words" not in page
