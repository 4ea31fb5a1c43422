"""Settings: the environment, read once into one frozen object."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

STORAGE_SCHEMES = ("file", "s3", "gs", "az", "http", "https")


class BadSetting(ValueError):
    """A setting that cannot be used; its text is shown to the person who started the server."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How large a file may be, and how many a message may carry."""

    file_bytes_max: int
    files_max: int


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured; README.md lists each with its default."""

    host: str
    port: int
    workers: int
    data_dir: Path
    database_url: str | None  # None: start a private PostgreSQL
    redis_url: str | None  # None: start a private Redis
    secret_key: str
    base_url: str  # no slash at the end
    base_url_is_default: bool
    allowed_origins: frozenset[str]  # empty: the origin that the request itself was sent to
    sign_up: str  # "open" or "invited"
    limits: bool
    storage_url: str | None  # None: the folder `files` in data_dir
    file_megabytes: int
    files_per_message: int

    @property
    def uploads(self) -> UploadLimits:
        return UploadLimits(self.file_megabytes * 1_000_000, self.files_per_message)


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises BadSetting with a sentence that names the variable."""
    data_dir = Path(environ.get("DATA_DIR") or "var").absolute()
    host = environ.get("HOST") or "127.0.0.1"
    port = _number(environ, "PORT", 8000, 0, 65535)
    sign_up = environ.get("SIGN_UP") or "open"
    if sign_up not in ("open", "invited"):
        raise BadSetting(f"SIGN_UP is “{sign_up}”; it can be “open” or “invited”.")
    base_url = (environ.get("BASE_URL") or served_address(host, port)).rstrip("/")
    if urlsplit(base_url).scheme not in ("http", "https"):
        raise BadSetting(f"BASE_URL is “{base_url}”; it must begin with http:// or https://.")
    return Settings(
        host=host,
        port=port,
        workers=_number(environ, "WORKERS", min(4, os.cpu_count() or 1), 1, 64),
        data_dir=data_dir,
        database_url=environ.get("DATABASE_URL") or None,
        redis_url=environ.get("REDIS_URL") or None,
        secret_key=environ.get("SECRET_KEY") or _kept_secret(data_dir),
        base_url=base_url,
        base_url_is_default=not environ.get("BASE_URL"),
        allowed_origins=frozenset((environ.get("ALLOWED_ORIGINS") or "").replace(",", " ").split()),
        sign_up=sign_up,
        limits=(environ.get("LIMITS") or "on").lower() != "off",
        storage_url=_storage_url(environ),
        file_megabytes=_number(environ, "FILE_MEGABYTES", 50, 1, 10_000),
        files_per_message=_number(environ, "FILES_PER_MESSAGE", 10, 1, 50),
    )


def served_address(host: str, port: int) -> str:
    """The address to print: where a browser on this machine finds the server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadSetting(f"{name} is “{text}”; it must be a whole number from {least} to {most}.")
    return int(text)


def _storage_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("STORAGE_URL") or None
    if url is not None and urlsplit(url).scheme not in STORAGE_SCHEMES:
        raise BadSetting(
            f"STORAGE_URL is “{url}”; it must begin with {', '.join(f'{s}://' for s in STORAGE_SCHEMES)}."
        )
    return url


def _kept_secret(data_dir: Path) -> str:
    """A random secret that outlives a restart, in a file only its owner can read."""
    path = data_dir / "secret-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists() or not path.read_text():
            half = path.with_name(f"secret-key.{os.getpid()}")  # moved into place whole, whatever happens
            with open(half, "w", opener=_for_owner_alone) as file:
                file.write(secrets.token_urlsafe(32))
            half.rename(path)
        return path.read_text()
    except OSError as error:
        raise BadSetting(f"DATA_DIR is “{data_dir}”, which cannot be used: {error.strerror}.") from None


def _for_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
