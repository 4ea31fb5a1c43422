"""Everything that becomes HTML, one typed function for each template.

Templates escape by default. `Html` marks what a template or `formatting` has already made, so that a finished
fragment can be placed into another one; nothing else in the program makes an `Html`.

`fragments` and `streams` are the same for everybody, `pages` are somebody's, `room` is the page that has both.
"""

from app.rendering import fragments, pages, room, static, streams

__all__ = ["fragments", "pages", "room", "static", "streams"]
