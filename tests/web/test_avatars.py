import io
import re

import httpx
import pytest
from PIL import Image

from tests.house import House, Visitor
from tests.test_pictures import bomb, opened, picture


async def send(visitor: Visitor, data: bytes, file: str = "me.jpg", **fields: str) -> httpx.Response:
    return await visitor.http.post("/me", data=fields, files={"avatar": (file, data, "image/jpeg")})


async def avatar_address(visitor: Visitor) -> str:
    """Where the picture is that the visitor's own pages show; empty if they show an initial."""
    page = (await visitor.http.get("/me")).text
    found = page.partition(f'src="/people/{visitor.id}/avatar?v=')[2].partition('"')[0]
    return f"/people/{visitor.id}/avatar?v={found}" if found else ""


async def test_a_picture_stands_beside_messages_and_in_lists_and_is_kept_for_ever(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    await ana.say(room, "hello")
    assert (await send(ana, picture())).status_code == 303
    address = await avatar_address(ana)
    answer = await bo.http.get(address)
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert opened(answer.content).size == (256, 256)
    assert (await bo.http.get(f"/people/{ana.id}/avatar?v=other")).headers["cache-control"] == "private, no-cache"
    for page in (f"/rooms/{room}", f"/rooms/{room}/messages", f"/rooms/{room}/members", f"/people/{ana.id}"):
        assert f'src="{address}"' in (await bo.http.get(page)).text


async def test_another_picture_has_another_address_and_none_brings_back_the_initial(ana: Visitor) -> None:
    await send(ana, picture())
    first = await avatar_address(ana)
    await send(ana, picture(size=(300, 300)), file="anything.txt")  # the bytes decide
    assert await avatar_address(ana) not in ("", first)
    await ana.http.post("/me", data={"remove-picture": "yes"})
    assert await avatar_address(ana) == ""
    answer = await ana.http.get(first)
    assert (answer.headers["content-type"], ">A</text>" in answer.text) == ("image/svg+xml", True)


async def test_the_place_where_it_was_taken_is_gone_and_it_stands_upright(ana: Visitor) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    await send(ana, picture(size=(400, 400), exif=exif))
    content = (await ana.http.get(await avatar_address(ana))).content
    assert b"EXIF" not in content
    image = opened(content).convert("RGB")
    assert image.getpixel((128, 10))[0] > 150  # red was left, and is on top
    assert image.getpixel((128, 245))[2] > 150


async def test_name_and_picture_change_together_or_not_at_all(ana: Visitor) -> None:
    assert (await send(ana, b"no picture", file="x.png", name="Anna")).status_code == 422
    assert 'value="Ana"' in (await ana.http.get("/me")).text
    assert (await send(ana, picture(), name="")).status_code == 422
    assert await avatar_address(ana) == ""


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "me.svg", "not a picture"),
        (b"MZ\x90\0 a program", "me.jpg", "not a picture"),
        (b"", "me.jpg", "not a picture"),
        (picture("PNG")[:-300], "me.png", "damaged"),
        (bomb(60_000), "me.png", "more than 50 million pixels"),
    ],
)
async def test_what_is_no_picture_is_refused_and_nothing_changes(
    ana: Visitor, data: bytes, name: str, sentence: str
) -> None:
    await send(ana, picture())
    before = await avatar_address(ana)
    answer = await send(ana, data, name)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert await avatar_address(ana) == before


@pytest.mark.parametrize("length", [10_000_001, 12_000_000])
async def test_more_than_ten_megabytes_are_refused(ana: Visitor, length: int) -> None:
    assert (await send(ana, b"x" * length)).status_code == 413
    assert await avatar_address(ana) == ""


async def test_no_file_chosen_says_so(ana: Visitor) -> None:
    answer = await ana.http.post("/me", data={"other": "x"})
    assert (answer.status_code, "Please choose a picture first." in answer.text) == (422, True)


async def test_only_people_who_are_signed_in_see_pictures(ana: Visitor, stranger: Visitor) -> None:
    await send(ana, picture())
    assert (await stranger.http.get(await avatar_address(ana))).status_code == 303
    assert (await ana.http.get("/people/2147483647/avatar")).status_code == 404


@pytest.mark.parametrize(
    ("name", "initial"), [("ana", "A"), ("小明", "小"), ("\u2060\u3164 bo", "B"), ("ßen", "S"), ("🦊", "🦊")]
)
async def test_without_a_picture_the_first_letter_that_can_be_seen_stands_on_a_colour_of_ones_own(
    house: House, name: str, initial: str
) -> None:
    first = await Visitor.at(house.url).sign_up(name)
    second = await Visitor.at(house.url).sign_up(name)
    portraits = []
    for visitor in (first, second):
        assert f">{initial}</text>" in (await visitor.http.get(f"/people/{visitor.id}/avatar")).text
        page = (await visitor.http.get("/me")).text
        portraits.append(re.search(rf'class="portrait (hue-\d+) large" data-of="{visitor.id}"[^>]*>([^<]*)<', page))
    assert [portrait.group(2) for portrait in portraits] == [initial, initial]
    assert portraits[0].group(1) != portraits[1].group(1)  # of namesakes, too


async def test_an_initial_that_means_something_in_xml_is_escaped(house: House) -> None:
    odd = await Visitor.at(house.url).sign_up("<script>")
    answer = await odd.http.get(f"/people/{odd.id}/avatar")
    assert "&lt;</text>" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert io.BytesIO(answer.content).read(4) == b"<svg"
