import hashlib
import re
from pathlib import Path

import pytest

from app.settings import BadSetting, from_environment
from tests.house import REPOSITORY


def test_everything_has_a_working_default(tmp_path: Path) -> None:
    settings = from_environment({"DATA_DIR": str(tmp_path)})
    assert (settings.host, settings.port, settings.sign_up) == ("127.0.0.1", 8000, "open")
    assert settings.database_url is None
    assert settings.redis_url is None
    assert settings.limits
    assert settings.base_url == "http://127.0.0.1:8000"


def test_a_made_secret_is_kept_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first, second = (from_environment({"DATA_DIR": str(tmp_path)}) for _ in range(2))
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("WORKERS", "0"),
        ("WORKERS", "-1"),
        ("SIGN_UP", "maybe"),
        ("BASE_URL", "x"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        from_environment({"DATA_DIR": str(tmp_path), name: value})


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(BadSetting, match="DATA_DIR"):
        from_environment({"DATA_DIR": str(file / "below")})


def test_the_readme_lists_every_setting() -> None:
    code = (REPOSITORY / "app" / "settings.py").read_text()
    names = set(re.findall(r'(?:environ\.get\(|environ, )"([A-Z_]+)"', code))
    readme = (REPOSITORY / "README.md").read_text()
    assert len(names) >= 10
    assert {name for name in names if f"`{name}`" not in readme} == set()


def test_vendored_files_are_the_ones_that_were_checked_in() -> None:
    vendor = REPOSITORY / "static" / "vendor"
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (vendor / "README.md").read_text(), re.MULTILINE)
    assert {name for _, name in listed} == {path.name for path in vendor.iterdir()} - {"README.md"}
    for digest, name in listed:
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
