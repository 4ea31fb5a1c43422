"""The addresses of static files, which change with what is in them."""

import hashlib
from functools import cache
from pathlib import Path

from app.views import Html

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
FINGERPRINT_LENGTH = 10


def static_url(path: str) -> Html:
    """The address of a static file. It changes when any of them does, so it may be kept for ever."""
    return Html(f"/static/{fingerprint()}/{path}")


def mine_url(person: int) -> Html:
    """The address of a person's own stylesheet, which may be kept for ever as well."""
    return Html(f"/people/{person}/mine.css?{fingerprint()}")


@cache
def fingerprint() -> str:
    """One hash over all static files: modules that import each other by relative names stay together."""
    digest = hashlib.sha256((TEMPLATES / "streams" / "mine.css").read_bytes())
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(STATIC)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_LENGTH]
