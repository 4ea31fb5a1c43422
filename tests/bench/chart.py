"""The figures as a picture: how each stands to its target, in colours that can be read on light and on dark."""

from collections.abc import Sequence
from html import escape
from typing import Any

ROW, TOP, LEFT, WIDTH, BAR_MAX = 30, 56, 470, 1040, 400
TARGET_AT = BAR_MAX / 2  # a bar that ends here just reaches its target; twice as bad is the most that is drawn
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1c1917 }
.small { font-size: 12px; fill: #57534e }
.sheet { fill: #fffdf8 }
.good { fill: #2f7d4f }
.bad { fill: #b4532a }
.target { stroke: #1c1917; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #f5f5f4 }
  .small { fill: #a8a29e }
  .sheet { fill: #1c1917 }
  .good { fill: #5fb583 }
  .bad { fill: #e08a5b }
  .target { stroke: #f5f5f4 }
}
"""


def drawn(found: Sequence[dict[str, Any]]) -> str:
    """`found` as `Figure.as_json` and `void` give it."""
    height = TOP + ROW * len(found) + 16
    rows = "".join(_row(figure, TOP + ROW * place) for place, figure in enumerate(found))
    line = LEFT + TARGET_AT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>Each figure against its target</title><style>{STYLE}</style>"
        f'<rect class="sheet" width="{WIDTH}" height="{height}"/>'
        f'<text x="16" y="28">Each figure against its target: a shorter bar is better</text>'
        f'<text class="small" x="{line}" y="44" text-anchor="middle">target</text>'
        f'{rows}<path class="target" d="M{line} {TOP - 4}V{height - 12}"/></svg>'
    )


def _row(figure: dict[str, Any], y: int) -> str:
    name = (
        f'<text class="small" x="{LEFT - 12}" y="{y + 16}" text-anchor="end">{escape(_short(figure["case"]))}</text>'
    )
    if not figure["audited"]:
        return f'{name}<text class="small" x="{LEFT}" y="{y + 16}">void</text>'
    judged = figure["value"] if figure["ratio"] is None else figure["ratio"]
    share = figure["target"] / judged if figure["above"] and judged else judged / figure["target"]
    width = max(1.0, min(share * TARGET_AT, BAR_MAX))
    kind = "good" if figure["reached"] else "bad"
    ratio = "" if figure["ratio"] is None else f" · {figure['ratio']:.2f} ×"
    what = f"{figure['value']:g} {figure['unit']}{ratio}"
    return (
        f'{name}<rect class="{kind}" x="{LEFT}" y="{y + 2}" width="{width:.1f}" height="20" rx="3"/>'
        f'<text class="small" x="{LEFT + max(width, TARGET_AT) + 8:.0f}" y="{y + 16}">{escape(what)}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) < 74 else f"{name[:72]}…"
