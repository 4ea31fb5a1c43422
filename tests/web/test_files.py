"""Pictures and files of messages, over HTTP and on sockets."""

import io
import re
import struct
import wave
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.conftest import OpenHouse, Servers
from tests.house import House, Visitor, articles
from tests.test_pictures import bomb, opened, picture
from tests.web.test_deleting import rows

FRAGMENT = {"HX-Request": "true"}
FILE_ID = re.compile(r'name="file" value="([0-9a-f-]{36})"')
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def sound(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<h", 0) * int(8000 * seconds))
    return out.getvalue()


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


async def test_a_picture_reaches_everybody_in_two_sizes_and_keeps_its_place(
    ana: Visitor, bo: Visitor, second_house: House, servers: Servers
) -> None:
    room = await ana.make_room()
    await bo.join(room)
    elsewhere = Visitor(bo.http, second_house.url)
    async with elsewhere.listening(room) as reader:
        file = await taken_in(ana, room, picture(size=(3000, 1500)), "Holiday in Köln.jpg")
        answer = await send(ana, room, file, body="look!")
        frame = await reader.brings(f'data-file="{file}"')
    for html in (answer.text, frame, (await bo.http.get(f"/rooms/{room}")).text):
        assert f'href="/files/{file}/Holiday%20in%20K%C3%B6ln.webp"' in html
        assert f'src="/files/{file}/preview"' in html
        assert 'width="3000" height="1500"' in html
        assert "/preview 640w" in html
        assert "?size=large 1600w" in html
    for address, size in (
        (f"/files/{file}/x.webp", (3000, 1500)),
        (f"/files/{file}/preview", (640, 320)),
        (f"/files/{file}/preview?size=large", (1600, 800)),
    ):
        got = await bo.http.get(address)
        assert got.headers["content-type"] == "image/webp"
        assert opened(got.content).size == size
        again = await bo.http.get(address, headers={"If-None-Match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert (await bo.http.get(f"/files/{file}/preview?size=huge")).status_code == 404
    assert stored(servers, file) == ["full", "large", "small"]


async def test_a_picture_stands_upright_and_says_not_where_it_was_taken(ana: Visitor, servers: Servers) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    room = await ana.make_room()
    _, file = await sent(ana, room, picture(size=(400, 200), exif=exif))
    for address in (f"/files/{file}/x.webp", f"/files/{file}/preview"):
        content = (await ana.http.get(address)).content
        image = opened(content)
        assert image.size == (200, 400)
        assert not image.getexif()
    assert all(b"EXIF" not in path.read_bytes() for path in (servers.files / file).iterdir())


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


async def test_a_file_is_offered_for_download_and_sound_and_film_play_in_the_page(ana: Visitor) -> None:
    room = await ana.make_room()
    film = b"\0\0\0\x18ftypisom" + b"\0" * 100
    for data, name, element, media_type, shown in (
        (b"%PDF-1.7 ...", "bill.pdf", "download><b>bill.pdf</b>", "application/octet-stream", "attachment"),
        (sound(), "song.wav", "<audio controls", "audio/wav", "inline"),
        (film, "film.mp4", "<video controls", "video/mp4", "inline"),
    ):
        message, file = await sent(ana, room, data, name)
        page = (await ana.http.get(f"/rooms/{room}")).text
        assert element in page.partition(f'id="m-{message}"')[2]
        got = await ana.http.get(f"/files/{file}/{name}")
        assert got.content == data
        assert got.headers["content-type"] == media_type
        assert got.headers["content-disposition"] == f"{shown}; filename*=UTF-8''{name}"
        assert got.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "status", "content", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=a-b", 200, b"0123456789", None),
    ],
)
async def test_a_part_of_a_file_can_be_asked_for(
    ana: Visitor, asked: str, status: int, content: bytes, content_range: str | None
) -> None:
    _, file = await sent(ana, await ana.make_room(), b"0123456789", "ten.bin")
    got = await ana.http.get(f"/files/{file}/ten.bin", headers={"Range": asked})
    assert (got.status_code, got.content, got.headers.get("content-range")) == (status, content, content_range)
    other = {"Range": asked, "If-Range": '"another"'}
    assert (await ana.http.get(f"/files/{file}/ten.bin", headers=other)).content == b"0123456789"


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


async def test_what_could_be_dangerous_when_opened_is_only_ever_downloaded(ana: Visitor) -> None:
    room = await ana.make_room()
    for data, name in ((SVG, "drawing.svg"), (b"<!doctype html><script>alert(1)</script>", "page.html")):
        message, file = await sent(ana, room, data, name)
        page = (await ana.http.get(f"/rooms/{room}")).text.partition(f'id="m-{message}"')[2]
        assert f'<a class="file" href="/files/{file}/{name}" download>' in page
        assert f"/files/{file}/preview" not in page
        for address in (f"/files/{file}/{name}", f"/files/{file}/preview", f"/files/{file}/x.png"):
            got = await ana.http.get(address)
            assert got.headers["content-type"] == "application/octet-stream"
            assert got.headers["content-disposition"].startswith("attachment;")
            assert got.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in got.headers["content-security-policy"]


async def test_of_a_picture_that_is_also_something_else_only_the_picture_is_left(ana: Visitor) -> None:
    room = await ana.make_room()
    polyglot = picture("JPEG") + b"<script>alert(1)</script>PK\x03\x04"
    _, file = await sent(ana, room, polyglot, "page.html")
    for address in (f"/files/{file}/x.webp", f"/files/{file}/preview", f"/files/{file}/preview?size=large"):
        got = await ana.http.get(address)
        assert got.headers["content-type"] == "image/webp"
        assert b"script" not in got.content
        assert opened(got.content).format == "WEBP"


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


async def test_a_file_opens_by_the_door_of_its_message(ana: Visitor, bo: Visitor, stranger: Visitor) -> None:
    closed, open_one = await ana.make_room(visibility="closed"), await ana.make_room()
    await bo.http.post(await ana.invitation_to(closed))
    message, file = await sent(ana, closed, picture())
    _, shown = await sent(ana, open_one, picture())
    outsider = await Visitor.at(ana.url).sign_up()

    async def answers(visitor: Visitor, file: str) -> set[int]:
        addresses = (f"/files/{file}/x.webp", f"/files/{file}/preview", f"/files/{file}/preview?size=large")
        return {(await visitor.http.get(address, headers=FRAGMENT)).status_code for address in addresses}

    assert await answers(bo, file) == {200}
    assert await answers(outsider, file) == {404}
    assert await answers(outsider, str(uuid4())) == {404}
    assert await answers(outsider, "abc") == {404}
    assert await answers(outsider, shown) == {403}
    assert await answers(stranger, file) == {401}
    not_posted = await taken_in(ana, closed, picture())
    assert await answers(ana, not_posted) == {200}
    assert await answers(bo, not_posted) == {404}
    etag = (await bo.http.get(f"/files/{file}/preview")).headers["etag"]
    assert (await ana.act(f"/rooms/{closed}/members/{bo.id}", action="remove")).status_code == 200
    assert await answers(bo, file) == {404}
    assert (await bo.http.get(f"/files/{file}/preview", headers={"If-None-Match": etag})).status_code == 404
    assert await answers(ana, file) == {200}
    await ana.act(f"/messages/{message}/delete")
    assert await answers(ana, file) == {404}
    for visitor, status in ((outsider, 404), (bo, 404), (stranger, 401)):
        assert (await upload(visitor, closed, b"words", "a.txt")).status_code == status


async def test_of_a_deleted_message_nothing_is_left_on_disk_or_in_a_table(ana: Visitor, servers: Servers) -> None:
    room = await ana.make_room()
    message, file = await sent(ana, room, picture(), "secretname.jpg", body="caption")
    await ana.reply(room, message, "nice")
    assert stored(servers, file) == ["full", "large", "small"]
    answer = await ana.act(f"/messages/{message}/delete")
    assert file not in answer.text
    assert not (servers.files / file).exists()
    assert not await rows(servers, "SELECT FROM attachment WHERE id = $1", file)
    left = await rows(servers, "SELECT body, html, files FROM message WHERE id = $1", message)
    assert tuple(left[0]) == ("", "", None)
    for address in (f"/rooms/{room}", f"/rooms/{room}/changes?since=0", "/search?q=has:image", "/search?q=caption"):
        page = (await ana.http.get(address)).text
        assert file not in page
        assert "secretname" not in page


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


async def test_pictures_and_files_are_found_by_what_they_are(ana: Visitor) -> None:
    room = await ana.make_room("Picture book")
    of_picture, _ = await sent(ana, room, picture(), body="teapot")
    of_file, _ = await sent(ana, room, b"words", "notes.txt")
    alone = await ana.say(room, "teapot without")
    for query, expected in (
        ("has:image", [of_picture]),
        ("has:file", [of_file, of_picture]),
        ("teapot has:image", [of_picture]),
        ("teapot -has:image", [alone]),
        ("-has:file", [alone]),
        ("has:image -has:file", []),
    ):
        page = (await ana.http.get("/search", params={"q": f'{query} in:"Picture book"'})).text
        assert [article.id for article in articles(page)] == expected, query


async def test_a_caption_is_edited_down_to_nothing_and_an_answer_quotes_the_file(ana: Visitor) -> None:
    room = await ana.make_room()
    message, file = await sent(ana, room, picture(), "boat.jpg", body="a boot")
    answer = await ana.act(f"/messages/{message}", body="")
    assert answer.status_code == 200
    assert f'data-file="{file}"' in answer.text
    assert "boot" not in answer.text
    alone = await ana.say(room, "words")
    assert (await ana.act(f"/messages/{alone}", body="")).status_code == 422
    await ana.reply(room, message, "nice")
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert re.search(r'class="quote"[^>]*><b[^>]*>Ana</b> <span>boat.webp</span>', page)


async def test_a_moving_picture_keeps_moving(ana: Visitor) -> None:
    frames = [Image.new("RGB", (200, 100), (shade, 0, 0)) for shade in range(0, 250, 50)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    _, file = await sent(ana, await ana.make_room(), out.getvalue(), "wave.gif")
    assert opened((await ana.http.get(f"/files/{file}/preview")).content).n_frames == 5


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


async def test_a_large_file_is_never_whole_in_memory(open_house: OpenHouse) -> None:
    house = await open_house()
    ana = await Visitor.at(house.url).sign_up()
    room = await ana.make_room()
    await sent(ana, room, b"warm", "a.bin")
    [worker] = house.workers()
    before = peak_memory(worker)
    data = bytes(50_000_000)
    _, file = await sent(ana, room, data, "large.bin")
    async with ana.http.stream("GET", f"/files/{file}/large.bin") as answer:
        assert answer.headers["content-length"] == "50000000"
        assert sum([len(piece) async for piece in answer.aiter_bytes()]) == 50_000_000
    assert peak_memory(worker) - before < 40_000_000


def peak_memory(process: int) -> int:
    """The most memory it ever used at once, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


@pytest.mark.parametrize("type", ["multipart/form-data", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("body", [b"", b"nonsense", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data; na"])
async def test_a_malformed_upload_is_refused(ana: Visitor, type: str, body: bytes) -> None:
    room = await ana.make_room()
    for address in (f"/rooms/{room}/files", f"/rooms/{room}/messages"):
        answer = await ana.http.post(address, content=body, headers=FRAGMENT | {"Content-Type": type})
        assert answer.status_code == 422, answer.text
