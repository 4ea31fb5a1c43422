"""Files of messages are given out: to whom, how, and as long as their message stands."""

import io
import re
import struct
import wave
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import OpenHouse, Servers
from tests.house import Visitor, articles
from tests.test_pictures import picture
from tests.web.test_deleting import rows
from tests.web.test_uploads import FRAGMENT, SVG, sent, stored, taken_in, upload


def sound(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<h", 0) * int(8000 * seconds))
    return out.getvalue()


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
