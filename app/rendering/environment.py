"""The MiniJinja environment: templates in, HTML out."""

from functools import cache
from typing import Any

from minijinja import Environment, load_from_path

from app.rendering.static import TEMPLATES, mine_url, static_url
from app.views import Html


def render(template: str, **context: Any) -> Html:
    return Html(_environment().render_template(template, **context))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=load_from_path([str(TEMPLATES)]),
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.add_global("static", static_url)
    environment.add_global("mine", mine_url)
    return environment
