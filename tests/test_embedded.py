import tempfile
from pathlib import Path

import pytest

from app.embedded import CannotStart, socket_folder


def test_a_link_left_by_a_killed_run_goes_with_what_it_points_to(tmp_path: Path) -> None:
    left = Path(tempfile.mkdtemp(prefix="teahouse-"))
    (left / "redis.sock").touch()
    (tmp_path / "run").symlink_to(left)
    with socket_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert not left.exists()
    assert not folder.exists()


def test_a_link_to_something_else_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (tmp_path / "run").symlink_to(precious)
    with socket_folder(tmp_path):
        pass
    assert (precious / "file").exists()


def test_a_folder_in_the_way_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(CannotStart, match="in the way"), socket_folder(tmp_path):
        pass
    assert (tmp_path / "run").is_dir()
