"""What a test may break: a Redis of its own."""

import contextlib
from pathlib import Path

import pytest

from app import embedded


class OwnRedis:
    """A Redis that the test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: contextlib.ExitStack | None = None

    def start(self) -> str:
        self.running = contextlib.ExitStack()
        return self.running.enter_context(embedded.redis(self.folder, self.folder)).url

    def stop(self) -> None:
        if self.running:
            self.running.close()
            self.running = None


@pytest.fixture
def own_redis(tmp_path: Path):
    with embedded.socket_folder(tmp_path) as folder:
        redis = OwnRedis(folder)
        yield redis
        redis.stop()
