"""A program of its own that opens one picture: whatever the picture does to it, nothing else is harmed.

stdin: a line of JSON (operation, sizes), then the picture. stdout: a line of JSON, then the results one after
the other. The answer is {"lengths": […], "shapes": [[width, height], …]} or {"refused": reason}.
It holds no secret, opens no file, and imports nothing of the program that started it.
"""

import io
import json
import resource
import sys
from collections.abc import Sequence
from typing import Any

MEMORY_BYTES_MAX = 640 << 20
CPU_SECONDS_MAX = 10
PIXELS_MAX = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY = 82
ORIENTATION = 0x0112


class RefusedError(Exception):
    """Why a picture is not taken: no-picture, too-many-pixels or broken."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    try:
        pictures = work(data, order["operation"], order["sizes"])
    except RefusedError as refused:
        answer: dict[str, Any] = {"refused": str(refused)}
        pictures = []
    else:
        answer = {"lengths": [len(content) for content, _ in pictures], "shapes": [shape for _, shape in pictures]}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(content for content, _ in pictures))


def work(data: bytes, operation: str, sizes: Sequence[int]) -> list[tuple[bytes, tuple[int, int]]]:
    """The picture as WebP, once for each size; the first one is opened from the bytes, so give the largest first."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # we look ourselves, and refuse instead of warning
    try:
        image: Any = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > PIXELS_MAX:
            raise RefusedError("too-many-pixels")
    except (RefusedError, MemoryError):
        raise
    except Exception:
        raise RefusedError("no-picture") from None
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1), ())
        if image.format == "JPEG":
            image.draft("RGB", (max(sizes) * 2, max(sizes) * 2))  # decodes no more than is needed
        image.load()
        if image.mode not in ("RGB", "RGBA", "L", "CMYK"):
            image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
        return [_webp(_turned(OPERATIONS[operation](image, size), turn)) for size in sizes]
    except MemoryError:
        raise RefusedError("too-many-pixels") from None
    except Exception:
        raise RefusedError("broken") from None


def square(image: Any, size: int) -> Any:
    """Cut square around the middle, `size` pixels wide."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.resize((size, size), box=(left, top, left + side, top + side), reducing_gap=3)


def fit(image: Any, size: int) -> Any:
    """The whole of it, neither side longer than `size`; never made larger."""
    scale = min(1, size / max(image.size))
    shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(shape, reducing_gap=3)


OPERATIONS = {"square": square, "fit": fit}

# How a camera says that it was held otherwise (EXIF 2.3, tag 0x0112), as names of PIL.Image.Transpose. What is
# square or fits in a square does so turned as well; so only the small picture is turned.
TURNS = {
    2: ("FLIP_LEFT_RIGHT",),
    3: ("ROTATE_180",),
    4: ("FLIP_TOP_BOTTOM",),
    5: ("TRANSPOSE",),
    6: ("ROTATE_270",),
    7: ("TRANSVERSE",),
    8: ("ROTATE_90",),
}


def _turned(image: Any, turn: Sequence[str]) -> Any:
    from PIL import Image

    for name in turn:
        image = image.transpose(Image.Transpose[name])
    return image


def _webp(image: Any) -> tuple[bytes, tuple[int, int]]:
    """A new file with the pixels and nothing else: no place, no camera, no colour profile."""
    from PIL import Image

    pixels = image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue(), clean.size


if __name__ == "__main__":
    main()
