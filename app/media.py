"""What a file is, by its first bytes; what it is called or said to be decides nothing.

Only what is listed here is ever shown inside a page. Sources: RFC 9639 (FLAC), RFC 3533 (Ogg), RFC 9559 (Matroska,
WebM), ISO/IEC 14496-12 (`ftyp`), the MPEG audio frame header, and each picture format's own signature.
"""

from typing import Literal, NamedTuple

Kind = Literal["image", "audio", "video", "file"]

HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"


class Media(NamedTuple):
    kind: Kind
    media_type: str


FILE = Media("file", UNKNOWN)
PICTURE = Media("image", "image/webp")  # every picture is made anew as WebP

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_PICTURE_BRANDS = (b"avif", b"avis")
_AUDIO_BRANDS = (b"M4A ", b"M4B ")
_VIDEO_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"MSNV")

_PROMISED: dict[str, Kind] = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "png", "gif", "webp", "avif"), "image"),
    **dict.fromkeys(("mp3", "m4a", "wav", "flac", "ogg", "oga", "opus", "weba"), "audio"),
    **dict.fromkeys(("mp4", "m4v", "mov", "webm", "ogv"), "video"),
}


def recognised(head: bytes, name: str) -> Media:
    """What the file that begins so is. The name only tells a sound from a film where both come in the same box."""
    ending = _ending(name)
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return PICTURE
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12])
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Media("audio", "audio/wav")
    if head.startswith(b"fLaC"):
        return Media("audio", "audio/flac")
    if head.startswith(b"OggS"):
        return Media("video", "video/ogg") if b"theora" in head else Media("audio", "audio/ogg")
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]:
        return Media("audio", "audio/webm") if ending == "weba" else Media("video", "video/webm")
    if head.startswith(b"ID3") or _is_mpeg_audio(head):
        return Media("audio", "audio/mpeg")
    return FILE


def breaks_its_promise(media: Media, name: str) -> bool:
    """Whether a name says picture, sound or film, and the bytes are nothing that could be shown as one."""
    return media.kind == "file" and _ending(name) in _PROMISED


def _ending(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    return ending.lower() if stem else ""


def _by_brand(brand: bytes) -> Media:
    if brand in _PICTURE_BRANDS:
        return PICTURE
    if brand in _AUDIO_BRANDS:
        return Media("audio", "audio/mp4")
    if brand == b"qt  ":
        return Media("video", "video/quicktime")
    return Media("video", "video/mp4") if brand in _VIDEO_BRANDS else FILE


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame header of MPEG-1, 2 or 2.5, Layer III: 11 bits of sync, then no reserved value."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return (head[1] & 0x18) != 0x08 and head[2] >> 4 not in (0x0, 0xF) and (head[2] & 0x0C) != 0x0C
