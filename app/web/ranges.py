"""The Range header: which bytes of a file are asked for (RFC 9110, section 14)."""

import re

_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII)


class UnsatisfiableRange(Exception):
    """The range begins behind the end of the file."""


def asked_for(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of the one range asked for; None for the whole file.

    Several ranges at once, and what is no range of bytes, are answered with the whole, as a server may.
    Raises UnsatisfiableRange.
    """
    match = _ONE_RANGE.fullmatch((header or "").strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last so many
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
        if match[2] and int(match[2]) < start:
            return None
    if start >= end:
        raise UnsatisfiableRange
    return start, end
