"""Growth of the fan-out: what a delivery costs when more sockets listen."""

from tests.bench.fan_out import served
from tests.bench.figures import Figure
from tests.bench.growth import FLAT
from tests.bench.measure import allow_open_files
from tests.bench.memory import OTHER_FILES
from tests.bench.stage import Stage, teahouse

POSTS_PER_SECOND = 10  # what one core can bring to ten thousand


async def case(on: Stage) -> list[Figure]:
    sizes, seconds = ((20, 100), 1) if on.small else ((100, 1_000, 10_000), 8)
    allow_open_files(sizes[-1] + OTHER_FILES)
    costs = [await served(on, teahouse, size, seconds * POSTS_PER_SECOND, POSTS_PER_SECOND) for size in sizes]
    return [
        Figure(f"fan-out per delivery to {size:,} sockets, against {sizes[0]:,}", "µs", FLAT, [cost], [costs[0]])
        for size, cost in zip(sizes[1:], costs[1:], strict=True)
    ]
