"""The app is at home under any ASGI server: there its sockets go by ordinary sends."""

import sys
from pathlib import Path

import pytest

from app.realtime.listener import CLOSE_NO_ACCESS
from tests.bench.stage import free_port, running
from tests.conftest import Servers
from tests.house import Visitor, clean_environment


@pytest.mark.usefixtures("house")  # whose tables are there
async def test_under_another_server_a_room_is_live_resumes_by_version_and_closes(
    servers: Servers, tmp_path: Path
) -> None:
    port = str(free_port())
    environment = clean_environment() | servers.environment() | {"PORT": port, "DATA_DIR": str(tmp_path)}
    environment |= {"PICCOLO_CONF": "app.piccolo_conf"}
    async with running([sys.executable, "-m", "tests.other_server", port], environment):
        ana, bo = [await Visitor.at(f"http://127.0.0.1:{port}").sign_up() for _ in range(2)]
        room = await ana.make_room()
        await bo.join(room)
        async with bo.listening(room) as reader:
            await reader.until(lambda r: r.events)
            for n in range(3):
                await ana.say(room, f"message {n} " + "and so on " * 50)
            await reader.until(lambda r: len(r.articles) == 3)
            stands_at = reader.version
        await ana.say(room, "missed")
        async with bo.listening(room, since=stands_at) as again:
            await again.until(lambda r: r.articles)
            await ana.say(room, "and live again")
            await again.until(lambda r: len(r.articles) == 2)
            assert again.seqs == [5, 6]
            await ana.act(f"/rooms/{room}/members/{bo.id}", action="remove")
            await again.until(lambda r: r.closed_with)
            assert again.closed_with == CLOSE_NO_ACCESS
