import hypothesis
from hypothesis import strategies
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode

from app.realtime.frames import Frame


@hypothesis.given(strategies.text(max_size=300))
@hypothesis.example("x" * 125)
@hypothesis.example("x" * 126)
@hypothesis.example("x" * 65_535)
@hypothesis.example("x" * 65_536)
def test_a_shared_frame_has_the_bytes_that_a_library_would_write(text: str) -> None:
    theirs = TheirFrame(Opcode.TEXT, text.encode(), fin=True).serialize(mask=False)
    assert Frame(text).data == theirs
