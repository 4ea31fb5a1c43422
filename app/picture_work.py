"""A program of its own that opens one picture: whatever the picture does to it, nothing else is harmed.

Its argument is JSON (operation, sizes), stdin an open file with the picture. stdout: a line of JSON, then the results
one after the other. The answer is {"lengths": […], "shapes": [[width, height], …]} or {"refused": reason}.
It stands behind the others in line for the processor, holds no secret, opens no file, and imports nothing of the
program that started it.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Sequence
from typing import Any

MEMORY_BYTES_MAX = 640 << 20
CPU_SECONDS_MAX = 20
NICENESS = 10
PIXELS_MAX = 50_000_000
MOVING_PIXELS_MAX = 30_000_000  # of all frames together
LOSSLESS_PIXELS_MAX = 2_000_000  # of a PNG: a screenshot keeps its sharp letters
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY = 82
ORIENTATION = 0x0112


class RefusedError(Exception):
    """Why a picture is not taken: no-picture, too-many-pixels or broken."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)
    order = json.loads(sys.argv[1])
    try:
        pictures = work(sys.stdin.buffer, order["operation"], order["sizes"])
    except RefusedError as refused:
        answer: dict[str, Any] = {"refused": str(refused)}
        pictures = []
    else:
        answer = {"lengths": [len(content) for content, _ in pictures], "shapes": [shape for _, shape in pictures]}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(content for content, _ in pictures))


def work(file: Any, operation: str, sizes: Sequence[int]) -> list[tuple[bytes, tuple[int, int]]]:
    """The picture as WebP, once for each size."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # we look ourselves, and refuse instead of warning
    try:
        image: Any = Image.open(file, formats=FORMATS)
        if image.width * image.height > PIXELS_MAX:
            raise RefusedError("too-many-pixels")
    except (RefusedError, MemoryError):
        raise
    except Exception:
        raise RefusedError("no-picture") from None
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1), ())
        if operation == "fit" and _moves(image, min(sizes)):
            return [_moving(image, min(sizes))] * len(sizes)
        if image.format == "JPEG":
            image.draft("RGB", (max(sizes) * 2, max(sizes) * 2))  # decodes no more than is needed
        image.load()
        if image.mode not in ("RGB", "RGBA", "L", "CMYK"):
            image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
        sharp = image.format == "PNG"
        return [_webp(_turned(OPERATIONS[operation](image, size), turn), sharp) for size in sizes]
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
    shape = _fitting(image, size)
    return image.resize(shape, reducing_gap=3) if shape != image.size else image


def _fitting(image: Any, size: int) -> tuple[int, int]:
    scale = min(1, size / max(image.size))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _moves(image: Any, size: int) -> bool:
    """Whether it has several frames, and not more than there is time and memory for."""
    if not getattr(image, "is_animated", False):
        return False
    width, height = _fitting(image, size)
    return bool(image.n_frames * width * height <= MOVING_PIXELS_MAX)


def _moving(image: Any, size: int) -> tuple[bytes, tuple[int, int]]:
    """All its frames, at their own pace, as one WebP."""
    frames, milliseconds = [], []
    for number in range(image.n_frames):
        image.seek(number)
        image.load()
        milliseconds.append(int(image.info.get("duration") or 100))
        frames.append(fit(image.convert("RGBA"), size))
    out = io.BytesIO()
    loop = image.info.get("loop", 1)
    frames[0].save(
        out, "WEBP", save_all=True, append_images=frames[1:], duration=milliseconds, loop=loop, quality=75, method=2
    )
    return out.getvalue(), frames[0].size


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


def _webp(image: Any, sharp: bool) -> tuple[bytes, tuple[int, int]]:
    """A new file with the pixels and nothing else: no place, no camera, no colour profile."""
    from PIL import Image

    pixels = image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    out = io.BytesIO()
    lossless = sharp and clean.width * clean.height <= LOSSLESS_PIXELS_MAX
    clean.save(out, "WEBP", quality=QUALITY, method=4, lossless=lossless)
    return out.getvalue(), clean.size


if __name__ == "__main__":
    main()
