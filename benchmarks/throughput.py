"""Messages a second, the gap between an answer and the next PDU, the modem's idle share, CPU a message, and memory.

    python benchmarks/throughput.py [--modems 1,8,64] [--radio 0,0.5,2.5] [--messages N] [--no-reports]

Every figure is taken from outside: times from the network's own log, CPU and memory of the service from /proc.
"""

from __future__ import annotations

import itertools
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from results import in_turn, parser, write
from station import station
from traffic import Log, figures


def measure(case: tuple[int, float], seconds: float, messages: int | None, *, reports: bool) -> dict[str, Any]:
    """One run: so many modems, so many seconds of radio."""
    modems, radio = case
    messages = messages or how_many(modems, radio, seconds)
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        with station(Path(name), modems=modems, radio=radio, reports=reports) as bench:
            before = bench.usage()
            bench.drop(messages)
            end = "delivered" if reports else "sent"
            bench.wait(lambda s: s["messages"][end] == messages, 60 + messages * (0.05 + radio / modems))
            after = bench.usage()
        log = Log(Path(name) / "network.jsonl")
        found = {"modems": modems, "radio_s": radio, "messages": messages} | figures(log)
    cpu_ms = (after.cpu_seconds - before.cpu_seconds) * 1000 / messages
    return found | {"cpu_ms": cpu_ms, "peak_mib": after.peak_mib}


def how_many(modems: int, radio: float, seconds: float) -> int:
    """Messages that keep the modems busy for about so many seconds, four for each at least."""
    return round(200 * seconds) if not radio else modems * max(4, round(seconds / radio))


def main() -> None:
    """Measure what the command line asks for."""
    options = parser("throughput", __doc__)
    options.add_argument("--modems", default="1,8,64")
    options.add_argument("--radio", default="0,0.5,2.5")
    options.add_argument("--messages", type=int, help="for each run; by default as many as take --seconds")
    options.add_argument("--no-reports", action="store_true")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.modems, chosen.radio, chosen.messages, chosen.runs = "2", "0", 20, 1
    cases = list(itertools.product(map(int, chosen.modems.split(",")), map(float, chosen.radio.split(","))))
    work = partial(measure, seconds=chosen.seconds, messages=chosen.messages, reports=not chosen.no_reports)
    write(chosen, in_turn(cases, chosen.runs, work))


if __name__ == "__main__":
    main()
