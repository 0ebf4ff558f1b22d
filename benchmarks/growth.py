"""What grows with the work, and how fast: each thing as its work grows tenfold, with the slope.

    python benchmarks/growth.py

The slope is that of the line in log-log: 1 is in proportion to the work, 0 is not at all. Sending is measured here,
with one modem and no radio delay; intake and a long queue come from the JSON of their own benchmarks, beside --out.
"""

from __future__ import annotations

import json
import math
from functools import partial
from itertools import pairwise
from pathlib import Path

from results import Row, in_turn, parser, write
from throughput import measure

TEXTS = (100, 1_000, 10_000)
FROM_OTHERS = (
    ("intake", "rows", "median_s", "taking a list"),
    ("long_queue", "messages", "claim_ms", "a claim"),
    ("long_queue", "messages", "status_ms", "outpost status"),
    ("long_queue", "messages", "socket_ms", "status by the socket"),
    ("long_queue", "messages", "start_ms", "a start"),
)
"""Benchmark, what grows, the figure, and what it is in words."""


def steps(what: str, grows: str, points: list[tuple[float, float]]) -> list[Row]:
    """From each point to the next: how many times the work and the cost, and the slope."""
    return [
        {"what": what, "grows": grows, "from": int(before[0]), "to": int(after[0]), "times": after[1] / before[1],
         "slope": math.log(after[1] / before[1]) / math.log(after[0] / before[0])}
        for before, after in pairwise(points)
    ]  # fmt: skip


def from_others(folder: Path) -> list[Row]:
    """What the other benchmarks found, where they have run."""
    found = []
    for name, grows, figure, what in FROM_OTHERS:
        path = folder / f"{name}.json"
        if path.exists():
            rows = json.loads(path.read_text())["results"]
            found += steps(what, grows, [(row[grows], row[figure]) for row in rows if row[grows]])
    return found


def main() -> None:
    """Measure sending, and put the rest beside it."""
    chosen = parser("growth", __doc__).parse_args()
    if chosen.quick:
        chosen.runs = 1
    texts = (5, 20) if chosen.quick else TEXTS
    sent = [in_turn([(1, 0.0)], chosen.runs, partial(measure, seconds=0, messages=n, reports=True))[0] for n in texts]
    sending = steps("sending", "messages", [(row["messages"], row["messages"] / row["per_second"]) for row in sent])
    write(chosen, {"sending": sent, "growth": sending + from_others(chosen.out.parent)})


if __name__ == "__main__":
    main()
