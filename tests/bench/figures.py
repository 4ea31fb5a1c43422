"""A figure: several runs, their median, and whether it reaches what it is meant to."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

NAME_WIDTH = 90


@dataclass(frozen=True)
class Figure:
    """`values` of the runs. Where it stands beside a peer, `peers` are the peer's, from the same runs and in the
    same unit, and the target is for the ratio of the two; else for the value. `above`: at least, not at most."""

    case: str
    unit: str
    target: float
    values: Sequence[float]
    peers: Sequence[float] = ()
    above: bool = False

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def ratios(self) -> list[float]:
        return [value / peer for value, peer in zip(self.values, self.peers, strict=True)] if self.peers else []

    @property
    def ratio(self) -> float | None:
        return median(self.ratios) if self.peers else None

    @property
    def judged(self) -> float:
        return self.value if self.ratio is None else self.ratio

    @property
    def reached(self) -> bool:
        return self.judged >= self.target if self.above else self.judged <= self.target

    def as_json(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "value": _rounded(self.value),
            "unit": self.unit,
            "ratio": None if self.ratio is None else _rounded(self.ratio),
            "target": self.target,
            "reached": self.reached,
            "above": self.above,
            "runs": [_rounded(value) for value in self.values],
            "peer_runs": [_rounded(value) for value in self.peers],
            "ratios": [_rounded(ratio) for ratio in self.ratios],
            "audited": True,
        }


def void(case: str, reason: str) -> dict[str, Any]:
    """A case without a figure: something was lost, doubled or refused, or something is missing here."""
    return {
        "case": case,
        "value": None,
        "unit": "",
        "ratio": None,
        "target": None,
        "reached": False,
        "audited": False,
        "void": reason,
    }


def line(found: dict[str, Any]) -> str:
    """One line of the table."""
    if not found["audited"]:
        return f"{found['case']:<{NAME_WIDTH}} void: {found['void']}"
    what = f"{found['value']:g} {found['unit']}"
    ratio = "" if found["ratio"] is None else f"{found['ratio']:.2f} ×"
    sign = "≥" if found["above"] else "≤"
    target = f"{sign} {found['target']:g}{' ×' if ratio else ''}"
    mark = "reached" if found["reached"] else "NOT REACHED"
    spreads = f"{_spread(found['runs']):<18} {ratio:>8}  {_spread(found['ratios']):<14}"
    return f"{found['case']:<{NAME_WIDTH}} {what:>16}  {spreads} {target:<9} {mark}"


def _spread(runs: Sequence[float]) -> str:
    return f"{min(runs):.3g} to {max(runs):.3g}" if len(runs) > 1 else ""


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
