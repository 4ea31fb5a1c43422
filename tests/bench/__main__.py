"""`make bench`: the measurements, side by side in one run, as a table, as JSON and as a chart in var/bench/.

`make bench CASES="latency posts"` takes those alone; `small` among them sees only that all works, at a small size.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench import (
    balance,
    busiest,
    chart,
    fan_out,
    figures,
    growth,
    latency,
    machine,
    many_sockets,
    posts,
    room_page,
    storm,
    weight,
)
from tests.bench.measure import BUILT, Missing, Void
from tests.bench.stage import Stage, prepare, stage

CASES = {
    "fan-out": fan_out,
    "busiest": busiest,
    "latency": latency,
    "posts": posts,
    "memory": many_sockets,
    "room-page": room_page,
    "storm": storm,
    "growth": growth,
    "balance": balance,
    "weight": weight,
}
SECONDS_MAX = 480  # for all cases together


def main() -> None:
    """Measure; ends with 1 if a case has no figure. A figure that is not reached is no failure of the program."""
    words = [word.replace("_", "-") for word in sys.argv[1:]]
    small = "small" in words
    names = [word for word in words if word != "small"] or list(CASES)
    if unknown := set(names) - set(CASES):
        raise SystemExit(f"There is no case {', '.join(sorted(unknown))}: there are {', '.join(CASES)}, and small.")
    found: list[dict] = []
    speeds: dict[str, float] = {}
    prepare()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as data, stage(Path(data), small) as on:
        for name in names:
            for figure in asyncio.run(measured(name, on, begun + SECONDS_MAX - time.monotonic())):
                found.append(figure)
                print(figures.line(figure), flush=True)
            speeds[name] = machine.speed()
            print(f"  {machine.line(speeds[name])}", flush=True)
    BUILT.mkdir(parents=True, exist_ok=True)
    seconds = round(time.monotonic() - begun)
    whole = {"cases": found, "small": small, "python_ms": speeds, "seconds": seconds}
    (BUILT / "latest.json").write_text(json.dumps(whole, indent=2))
    (BUILT / "latest.svg").write_text(chart.drawn(found))
    print(f"{seconds} seconds; {BUILT}/latest.json, latest.svg")
    raise SystemExit(any(not figure["audited"] for figure in found))


async def measured(name: str, on: Stage, seconds: float) -> list[dict]:
    """A case's figures, or why there are none; it can take so many seconds."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(seconds) as limit:
            return [figure.as_json() for figure in await CASES[name].case(on)]
    except TimeoutError:
        why = f"not done when all had taken {SECONDS_MAX} seconds" if limit.expired() else traceback.format_exc()
        return [figures.void(name, why)]
    except Missing as missing:
        return [figures.void(name, f"missing here: {missing}")]
    except Void as why:
        return [figures.void(name, str(why))]
    except Exception as error:
        traceback.print_exc()
        return [figures.void(name, f"{type(error).__name__}: {error}")]
    finally:
        print(f"  {name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if not os.path.exists("/proc"):
        raise SystemExit("The measurements read /proc, so they need Linux.")
    main()
