"""The measurements work, and notice what makes a figure void. The figures themselves want a quiet machine."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import websockets

from app.realtime.frames import Frame
from tests.bench.__main__ import CASES, SECONDS_MAX, measured
from tests.bench.crowd import BODY
from tests.bench.fan_out import FRAME_BYTES
from tests.bench.measure import Client, Heard, Void, ask, check_cheaper
from tests.bench.stage import Served, Stage, free_port
from tests.conftest import Servers
from tests.house import REPOSITORY, Visitor

SMALL_SECONDS_MAX = 500  # about 80 on a quiet machine


def test_what_is_missing_is_said_and_counts_as_failed(tmp_path: Path):
    """Without Node.js there is no peer to measure beside: that is no reason to leave the case out."""
    programs = ("unshare", "true", "cc")
    for program in programs:
        if found := shutil.which(program):
            (tmp_path / program).symlink_to(found)
    done = bench(tmp_path, "posts", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "missing here: Node.js" in done.stdout
    (figure,) = json.loads((tmp_path / "bench" / "latest.json").read_text())["cases"]
    assert (figure["case"], figure["audited"], figure["reached"]) == ("posts", False, False)


@pytest.mark.timeout(SMALL_SECONDS_MAX + 60)
def test_every_case_has_figures_and_all_that_was_sent_arrived_once(tmp_path: Path):
    done = bench(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "bench" / "latest.json").read_text())["cases"]
    assert len(found) > len(CASES)
    assert all(figure["audited"] and figure["value"] > 0 for figure in found), done.stdout
    assert {"case", "value", "unit", "ratio", "target", "reached"} <= found[0].keys()
    assert (tmp_path / "bench" / "latest.svg").read_text().count("<rect") == 1 + len(found)


def bench(data: Path, *cases: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """With results of its own: those of a real run stay."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", "small", *cases],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=SMALL_SECONDS_MAX,
        check=False,
    )


async def heard_of(seqs: Sequence[int], last: int) -> Heard:
    """What the load client makes of a server that sends each of its two sockets messages with these numbers."""

    async def send(socket: websockets.ServerConnection) -> None:
        for seq in seqs:
            await socket.send(f'<article data-version="{seq}">{"and so on " * 50} t=1</article>')
        await socket.wait_closed()

    port = free_port()
    async with websockets.serve(send, "127.0.0.1", port), Client(port, "/", 2) as client:
        return await client.level(last, 1)


async def test_a_figure_stands_if_each_message_came_once():
    (await heard_of([1, 2, 3], 3)).audit(sockets=2, messages=3)


@pytest.mark.parametrize(
    "seqs", [[1, 2, 2, 3], [1, 3], [1, 3, 2], [1, 2]], ids=["doubled", "lost", "out of order", "cut off"]
)
async def test_a_lost_doubled_or_misplaced_message_makes_a_figure_void(seqs: Sequence[int]):
    heard = await heard_of(seqs, 3)
    with pytest.raises(Void, match="not everything was delivered once"):
        heard.audit(sockets=2, messages=3)


@pytest.mark.parametrize(("status", "sound"), [("200 OK", True), ("503 Service Unavailable", False)])
async def test_a_refused_request_makes_a_figure_void(status: str, sound: bool):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_body = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok"
        while await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            writer.write(with_body.encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answers = await ask(port, "GET / HTTP/1.1\r\nHost: here\r\n\r\n", connections=2, count=5)
    if sound:
        assert answers.audit(5).answered == 5
    else:
        with pytest.raises(Void, match="not every request was answered"):
            answers.audit(5)


async def test_what_is_acknowledged_and_not_stored_makes_a_figure_void(servers: Servers):
    server = Served(0, [], "", "", "SELECT 3")
    await server.audit(servers.database_url, 3)
    with pytest.raises(Void, match="4 messages were acknowledged, 3 are stored"):
        await server.audit(servers.database_url, 4)


async def test_the_plain_loop_writes_about_as_much_as_our_frames_hold(ana: Visitor):
    room = await ana.make_room()
    async with ana.listening(room) as reader:
        await reader.until(lambda r: r.frames)
        await ana.say(room, f"{BODY} t={time.monotonic_ns()}")
        frame = Frame(await reader.brings("<article", 'id="room-version"'))
    assert abs(len(frame.compressed) / FRAME_BYTES - 1) < 0.15


def test_measuring_that_takes_more_than_the_servers_makes_a_figure_void():
    check_cheaper(measuring=0.4, servers=1.0)
    with pytest.raises(Void, match=r"measuring took 1.20 s of CPU, the servers 1.00 s"):
        check_cheaper(measuring=1.2, servers=1.0)


async def test_a_case_for_which_no_time_is_left_has_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def for_ever(_: Stage) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(CASES["weight"], "case", for_ever)
    (figure,) = await measured("weight", Stage("", "", (), tmp_path), seconds=0.01)
    assert not figure["audited"]
    assert figure["void"] == f"not done when all had taken {SECONDS_MAX} seconds"
