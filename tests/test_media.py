import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import media
from app.media import FILE, PICTURE, Media, recognised
from tests.test_pictures import picture


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_picture_is_known_by_its_bytes_whatever_it_is_called(format: str) -> None:
    head = io.BytesIO(picture(format)).read(media.HEAD_BYTES)
    assert recognised(head, "x.html") == recognised(head, "x.mp3") == PICTURE


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"ID3\x04\0", "a.mp3", Media("audio", "audio/mpeg")),
        (b"\xff\xfb\x90\x64", "a", Media("audio", "audio/mpeg")),
        (b"fLaC\0", "a", Media("audio", "audio/flac")),
        (b"OggS\0" + b"\0" * 24 + b"OpusHead", "a", Media("audio", "audio/ogg")),
        (b"OggS\0" + b"\0" * 24 + b"\x80theora", "a", Media("video", "video/ogg")),
        (b"\0\0\0\x1cftypM4A ", "a", Media("audio", "audio/mp4")),
        (b"\0\0\0\x1cftypmp42", "a", Media("video", "video/mp4")),
        (b"\0\0\0\x1cftypqt  ", "a", Media("video", "video/quicktime")),
        (b"\x1a\x45\xdf\xa3\x01\0\x42\x82\x84webm", "a.webm", Media("video", "video/webm")),
        (b"\x1a\x45\xdf\xa3\x01\0\x42\x82\x84webm", "a.weba", Media("audio", "audio/webm")),
        (b"\x1a\x45\xdf\xa3\x01\0\x42\x82\x88matroska", "a.mkv", FILE),
        (b"\0\0\0\x1cftypheic", "a.heic", FILE),
        (b"%PDF-1.7", "a.pdf", FILE),
        (b"<svg", "a.svg", FILE),
        (b"<!doctype html>", "a.html", FILE),
        (b"\xff\xfe<\0h\0", "utf-16.txt", FILE),
        (b"", "a.png", FILE),
    ],
)
def test_what_a_file_is_its_first_bytes_tell(head: bytes, name: str, expected: Media) -> None:
    assert recognised(head, name) == expected


def test_a_name_that_promises_a_picture_is_held_to_it() -> None:
    assert media.breaks_its_promise(FILE, "cat.JPG")
    assert not media.breaks_its_promise(FILE, "cat.svg")
    assert not media.breaks_its_promise(FILE, "jpg")
    assert not media.breaks_its_promise(PICTURE, "cat.mp3")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_whatever_is_sent_is_one_of_the_kinds_that_are_shown_or_a_file(head: bytes, name: str) -> None:
    kind, media_type = recognised(head, name)
    assert kind in ("image", "audio", "video", "file")
    assert media_type == "application/octet-stream" or media_type.startswith(f"{kind}/")
