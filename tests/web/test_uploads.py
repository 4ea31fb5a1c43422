"""Files are taken in, with a message or before it: what is taken, what is refused, and what is never posted."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from litestar.exceptions import InternalServerException

from app.errors import Invalid
from app.web.uploads import body_of
from tests.conftest import OpenHouse, Servers
from tests.house import Visitor, articles
from tests.test_pictures import bomb, picture
from tests.web.test_deleting import rows

FRAGMENT = {"HX-Request": "true"}
FILE_ID = re.compile(r'name="file" value="([0-9a-f-]{36})"')
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def upload(visitor: Visitor, room: int, data: bytes, name: str = "photo.jpg") -> httpx.Response:
    files = {"files": (name, data, "application/x-anything")}
    return await visitor.http.post(f"/rooms/{room}/files", files=files, headers=FRAGMENT)


async def taken_in(visitor: Visitor, room: int, data: bytes, name: str = "photo.jpg") -> str:
    """Upload a file that must be taken; returns its id."""
    answer = await upload(visitor, room, data, name)
    assert answer.status_code == 200, answer.text
    return FILE_ID.search(answer.text).group(1)


async def send(visitor: Visitor, room: int, *files: str, body: str = "", id: str = "") -> httpx.Response:
    data = {"id": id or str(uuid4()), "body": body, "file": list(files)}
    return await visitor.http.post(f"/rooms/{room}/messages", data=data, headers=FRAGMENT)


async def sent(visitor: Visitor, room: int, data: bytes, name: str = "photo.jpg", body: str = "") -> tuple[str, str]:
    """A message with this file; returns the ids of both."""
    file = await taken_in(visitor, room, data, name)
    answer = await send(visitor, room, file, body=body)
    assert answer.status_code == 200, answer.text
    return articles(answer.text)[0].id, file


def stored(servers: Servers, file: str) -> list[str]:
    """What lies in the storage of a file."""
    return sorted(path.name for path in (servers.files / file).glob("*"))


async def test_without_javascript_one_form_carries_text_and_several_files(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    files = [
        ("files", ("a.png", picture("PNG"), "")),
        ("files", ("notes.txt", b"two pots", "")),
        ("files", ("", b"")),
    ]
    answer = await ana.http.post(f"/rooms/{room}/messages", data={"body": "the **list**"}, files=files)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert "<strong>list</strong>" in page
    assert page.index('alt="a.webp"') < page.index("<b>notes.txt</b> <span>1 kB</span>")
    # the text field alone, as a browser sends it when no file was chosen
    empty = await ana.http.post(f"/rooms/{room}/messages", data={"body": "none"}, files=[("files", ("", b""))])
    assert empty.status_code == 303


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "empty.txt", "is empty"),
        (bomb(60_000), "bomb.png", "more than 50 million pixels"),
        (bomb(7_000), "bomb.png", "damaged"),
        (picture("JPEG")[:1500], "half.jpg", "damaged"),
        (b"<html><script>alert(1)</script>", "cat.jpg", "not what its name says"),
        (SVG, "cat.png", "not what its name says"),
        (b"MZ\x90\0 a program", "song.mp3", "not what its name says"),
        (b"GIF89a<script>alert(1)</script>", "cat.gif", "not a picture"),
    ],
)
async def test_a_dangerous_file_is_refused_with_a_sentence_and_nothing_is_kept(
    ana: Visitor, servers: Servers, data: bytes, name: str, sentence: str
) -> None:
    room = await ana.make_room()
    for answer in (
        await upload(ana, room, data, name),
        await ana.http.post(f"/rooms/{room}/messages", data={"body": "with it"}, files={"files": (name, data)}),
    ):
        assert answer.status_code == 422
        assert sentence in answer.text
    assert "with it" in answer.text  # what was typed comes back
    assert not await rows(servers, "SELECT FROM attachment WHERE room = $1", room)
    assert not await rows(servers, "SELECT FROM message WHERE room = $1 AND kind = 'text'", room)


async def test_of_several_files_all_are_sent_or_none(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    files = [("files", ("good.png", picture("PNG"))), ("files", ("bad.png", b"no picture"))]
    answer = await ana.http.post(f"/rooms/{room}/messages", data={"body": "both"}, files=files)
    assert answer.status_code == 422
    too_long = await ana.http.post(f"/rooms/{room}/messages", data={"body": "x" * 9000}, files=files[:1])
    assert too_long.status_code == 422
    assert not await rows(servers, "SELECT FROM attachment WHERE room = $1", room)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\bill.pdf", "bill.pdf"),
        ("new\r\nSet-Cookie: a=b.txt", "newSet-Cookie: a=b.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
        ("茶.txt", "茶.txt"),
        ("\u200b", "file"),
    ],
)
async def test_a_files_name_leads_nowhere_and_hides_nothing(ana: Visitor, name: str, kept: str) -> None:
    room = await ana.make_room()
    boundary = uuid4().hex
    disposition = f'form-data; name="files"; filename="{name}"'.replace("\r\n", "%0D%0A")
    body = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\nwords\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    headers = FRAGMENT | {"Content-Type": kind}
    answer = await ana.http.post(f"/rooms/{room}/files", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert f"<b>{kept}</b>" in answer.text


async def test_too_large_and_too_many_are_refused_and_the_text_comes_back(open_house: OpenHouse) -> None:
    house = await open_house(FILE_MEGABYTES="1", FILES_PER_MESSAGE="2")
    ana = await Visitor.at(house.url).sign_up("Ana")
    room = await ana.make_room()
    large = b"x" * 1_000_001
    answer = await upload(ana, room, large, "large.bin")
    assert answer.status_code == 413
    assert "A file can have 1 MB; “large.bin” has more." in answer.text
    assert (await upload(ana, room, large[:-1], "fits.bin")).status_code == 200
    for files, status, sentence in (
        ([("files", ("large.bin", large))], 413, "A file can have 1 MB"),
        ([("files", (f"{n}.txt", b"small")) for n in range(3)], 422, "A message can carry 2 files"),
    ):
        answer = await ana.http.post(f"/rooms/{room}/messages", data={"body": "my words"}, files=files)
        assert answer.status_code == status
        assert sentence in answer.text
        assert "my words" in answer.text
    endless = await ana.http.post(f"/rooms/{room}/messages", files={"files": ("huge.bin", b"x" * 9_000_000)})
    assert endless.status_code == 413
    ids = [await taken_in(ana, room, b"small", f"{n}.txt") for n in range(3)]
    answer = await send(ana, room, *ids)
    assert answer.status_code == 422
    assert "A message can carry 2 files" in answer.text
    assert (await send(ana, room, *ids[:2], ids[0])).status_code == 200


async def test_a_message_carries_only_files_that_its_author_brought_into_its_room(ana: Visitor, bo: Visitor) -> None:
    room, other = await ana.make_room(), await ana.make_room()
    await bo.join(room)
    mine, elsewhere = await taken_in(ana, room, b"mine", "a.txt"), await taken_in(ana, other, b"mine", "a.txt")
    of_bo = await taken_in(bo, room, b"his", "b.txt")
    _, posted = await sent(ana, room, b"posted", "c.txt")
    for crafted in (elsewhere, of_bo, posted, str(uuid4()), "x", "'"):
        answer = await send(ana, room, mine, crafted, body="crafted")
        assert answer.status_code == 422
        assert "attach it again" in answer.text
    assert "crafted" not in (await bo.http.get(f"/rooms/{room}")).text
    assert (await send(ana, room, mine)).status_code == 200


async def test_sending_twice_is_harmless(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    file, id_ = await taken_in(ana, room, b"once", "a.txt"), str(uuid4())
    first, second = [await send(ana, room, file, id=id_) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert f"/files/{file}/a.txt" in first.text
    assert articles(first.text) == articles(second.text)
    assert f"/files/{file}/a.txt" in second.text
    assert len(await rows(servers, "SELECT FROM message WHERE room = $1 AND kind = 'text'", room)) == 1


async def test_the_sweep_deletes_what_was_never_posted_and_leaves_the_rest(
    ana: Visitor, servers: Servers, open_house: OpenHouse
) -> None:
    room = await ana.make_room()
    _, posted = await sent(ana, room, b"posted", "a.txt")
    fresh, old, half_gone = [await taken_in(ana, room, b"not posted", f"{n}.txt") for n in range(3)]
    aged = "UPDATE attachment SET created_at = now() - interval '7 hours' WHERE id = any($1::uuid[]) RETURNING id"
    await rows(servers, aged, [posted, old])
    await rows(servers, "UPDATE attachment SET discarded_at = now() WHERE id = $1 RETURNING id", half_gone)
    house = await open_house()  # a worker sweeps when it begins
    late = await Visitor.at(house.url).sign_up()
    await late.make_room()
    while stored(servers, old) or stored(servers, half_gone):
        await late.http.get("/rooms")
    assert stored(servers, posted) == stored(servers, fresh) == ["full"]
    while await rows(servers, "SELECT FROM attachment WHERE id = any($1::uuid[])", [old, half_gone]):
        await late.http.get("/rooms")
    assert (await send(ana, room, fresh)).status_code == 200
    assert (await send(ana, room, old)).status_code == 422


async def test_uploads_are_limited(open_house: OpenHouse) -> None:
    house = await open_house(LIMITS="on")
    ana = await Visitor.at(house.url).sign_up()
    room = await ana.make_room()
    for _ in range(200):
        answer = await upload(ana, room, b"words", "a.txt")
        if answer.status_code != 200:
            break
    assert answer.status_code == 429
    assert "Please wait" in answer.text


@pytest.mark.parametrize("type", ["multipart/form-data", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("body", [b"", b"nonsense", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data; na"])
async def test_a_malformed_upload_is_refused(ana: Visitor, type: str, body: bytes) -> None:
    room = await ana.make_room()
    for address in (f"/rooms/{room}/files", f"/rooms/{room}/messages"):
        answer = await ana.http.post(address, content=body, headers=FRAGMENT | {"Content-Type": type})
        assert answer.status_code == 422, answer.text


async def test_a_browser_that_goes_in_the_middle_of_a_form_is_no_mistake_of_ours() -> None:
    class Going:
        async def stream(self) -> AsyncIterator[bytes]:
            yield b"half of it"
            raise InternalServerException("client disconnected prematurely")

    with pytest.raises(Invalid):
        _ = [piece async for piece in body_of(Going())]
