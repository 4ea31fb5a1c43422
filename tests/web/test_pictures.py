"""Pictures are made anew before they are given out: upright, in their sizes, without what else they carried."""

import io

from PIL import Image

from tests.conftest import Servers
from tests.house import House, Visitor
from tests.test_pictures import opened, picture
from tests.web.test_uploads import send, sent, stored, taken_in


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
    tags: list[str] = []
    for address, size in (
        (f"/files/{file}/x.webp", (3000, 1500)),
        (f"/files/{file}/preview", (640, 320)),
        (f"/files/{file}/preview?size=large", (1600, 800)),
    ):
        got = await bo.http.get(address)
        assert got.headers["content-type"] == "image/webp"
        assert opened(got.content).size == size
        tags.append(got.headers["etag"])
        for known in (tags[-1], f'"other", {tags[-1]}', f"W/{tags[-1]}"):
            again = await bo.http.get(address, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
    again = await bo.http.get(f"/files/{file}/preview", headers={"If-None-Match": f"{tags[0]}, {tags[2]}"})
    assert again.status_code == 200  # those are the other sizes
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


async def test_of_a_picture_that_is_also_something_else_only_the_picture_is_left(ana: Visitor) -> None:
    room = await ana.make_room()
    polyglot = picture("JPEG") + b"<script>alert(1)</script>PK\x03\x04"
    _, file = await sent(ana, room, polyglot, "page.html")
    for address in (f"/files/{file}/x.webp", f"/files/{file}/preview", f"/files/{file}/preview?size=large"):
        got = await ana.http.get(address)
        assert got.headers["content-type"] == "image/webp"
        assert b"script" not in got.content
        assert opened(got.content).format == "WEBP"


async def test_a_moving_picture_keeps_moving(ana: Visitor) -> None:
    frames = [Image.new("RGB", (200, 100), (shade, 0, 0)) for shade in range(0, 250, 50)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    _, file = await sent(ana, await ana.make_room(), out.getvalue(), "wave.gif")
    assert opened((await ana.http.get(f"/files/{file}/preview")).content).n_frames == 5
