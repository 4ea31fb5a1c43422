import io
import struct
import tempfile
import zlib
from typing import Literal

import pytest
from PIL import Image

from app import pictures
from app.errors import Invalid

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(format: str = "JPEG", size: tuple[int, int] = (600, 300), **options: object) -> bytes:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A small PNG that claims side by side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def made(operation: Literal["square", "fit"], data: bytes, sizes: list[int]) -> list[pictures.Picture]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        return await pictures.made(operation, file, sizes)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
async def test_every_kind_of_picture_becomes_a_small_square_webp(format: str) -> None:
    (small,) = await made("square", picture(format), [256])
    image = opened(small.content)
    assert (image.format, image.size, small.width, small.height) == ("WEBP", (256, 256), 256, 256)
    assert image.convert("RGB").getpixel((10, 128))[0] > 150
    assert image.convert("RGB").getpixel((245, 128))[2] > 150


async def test_one_picture_is_made_in_several_sizes_and_never_larger_than_it_is() -> None:
    large, small = await made("fit", picture(size=(1000, 500)), [2000, 400])
    assert (large.width, large.height, small.width, small.height) == (1000, 500, 400, 200)


async def test_a_picture_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: what is left in the file is on top
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    data = picture(exif=exif)
    assert opened(data).getexif().get_ifd(0x8825)
    (small,) = await made("fit", data, [300])
    image = opened(small.content)
    assert image.size == (150, 300)
    assert image.convert("RGB").getpixel((75, 20))[0] > 150
    assert not image.getexif()
    assert b"EXIF" not in small.content


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a picture"),
        (b"just words", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a picture"),
        (picture("BMP"), "not a picture"),
        (picture("PNG")[:-300], "damaged"),
        (picture("JPEG")[:1500], "damaged"),
        (bomb(60_000), "more than 50 million pixels"),
        (bomb(7_000), "damaged"),  # within the limit, but it is not there
    ],
)
async def test_what_is_no_whole_picture_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        await made("square", data, [256])


async def test_the_largest_picture_that_is_taken_fits_into_the_memory() -> None:
    (small,) = await made("square", picture("PNG", size=(10_000, 5_000)), [256])
    assert small.width == 256


async def test_what_moves_keeps_moving_unless_that_would_take_too_long() -> None:
    frames = [Image.new("RGB", (400, 200), (shade, 0, 0)) for shade in range(0, 250, 25)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    large, small = await made("fit", out.getvalue(), [1000, 100])
    image = opened(small.content)
    assert (image.format, image.n_frames, image.size) == ("WEBP", 10, (100, 50))
    assert large == small
    long = io.BytesIO()
    many = [frame.resize((1000, 1000)) for frame in frames * 4]
    many[0].save(long, "GIF", save_all=True, append_images=many[1:], duration=80)
    (still,) = await made("fit", long.getvalue(), [1000])
    assert not opened(still.content).is_animated


async def test_a_screenshot_keeps_its_letters_sharp() -> None:
    image = Image.effect_noise((300, 200), 90).convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG")
    (small,) = await made("fit", out.getvalue(), [2000])
    assert opened(small.content).convert("RGB").tobytes() == image.tobytes()
