"""A level: one write for all who stand there, each in the form that it takes."""

from app.realtime.frames import Frame
from app.realtime.listener import Outlet
from app.realtime.seat import Level, Seat


class Socket:
    person = session = 1

    def __init__(self, form: str) -> None:
        self.taken: list[object] = []
        self.outlet = Outlet(form, self.taken.append)


def test_the_same_bytes_are_written_to_all_who_take_the_same_form() -> None:
    level, frame = Level(7), Frame("<p>tea</p>" * 100)
    sockets = [Socket(form) for form in ("compressed", "plain", "compressed", "html", "plain", "compressed")]
    seats = [Seat(socket, 1, 0, 0) for socket in sockets]
    for seat in seats:
        level.add(seat)
    level.write(frame, 8)
    assert {seat.version for seat in seats} == {8}
    for socket in sockets:
        assert len(socket.taken) == 1
        assert socket.taken[0] is getattr(frame, socket.outlet.form)  # made once, and no copy of it
    level.discard(seats[0])
    level.write(frame, 9)
    assert (len(sockets[0].taken), len(sockets[2].taken)) == (1, 2)
    assert (seats[0].version, seats[2].version) == (8, 9)
