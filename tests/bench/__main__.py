"""`make bench`: the measurements, side by side in one run, as a table and in var/bench/latest.json."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench import fan_out
from tests.bench.measure import BUILT
from tests.bench.stage import stage

RUNS = 3


def main() -> None:
    """Measure; `small` as an argument sees only that it works, at a tenth of the size."""
    small = "small" in sys.argv[1:]
    sockets, seconds, runs = (100, 2, 1) if small else (1000, 8, RUNS)
    with tempfile.TemporaryDirectory() as data, stage(Path(data)) as on:
        found = asyncio.run(fan_out.case(on, sockets, seconds, runs))
    cases = [
        {
            "case": f"fan-out to {sockets} sockets, CPU per delivery, against {peer}",
            "value": round(median(found["teahouse"]), 2),
            "unit": "µs",
            "ratio": round(fan_out.ratio(found, peer), 2),
            "target": target,
            "reached": fan_out.ratio(found, peer) <= target,
        }
        for peer, target in (("c loop", 1.6), ("socket.io", 0.45))
    ]
    BUILT.mkdir(parents=True, exist_ok=True)
    (BUILT / "latest.json").write_text(json.dumps({"cases": cases, "runs": found}, indent=2))
    for case in cases:
        mark = "reached" if case["reached"] else "not reached"
        print(f"{case['case']}: {case['value']} {case['unit']}, {case['ratio']} x (at most {case['target']}: {mark})")
    for name, values in found.items():
        print(f"  {name}: " + ", ".join(f"{value:.2f}" for value in sorted(values)) + " µs")


if __name__ == "__main__":
    if not os.path.exists("/proc"):
        raise SystemExit("The measurements read /proc, so they need Linux.")
    main()
