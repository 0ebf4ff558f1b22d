"""Messages a second, the gap between an answer and the next PDU, the modem's idle share, CPU a message, and memory.

    python benchmarks/throughput.py [--modems 1,8] [--radio 0,0.5] [--messages N] [--runs 3] [--no-reports]

Every figure is taken from outside: times from the network's own log, CPU and memory from /proc.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from station import station

Submit = tuple[float, float, float]
"""When its command came, when its PDU ended, and when the modem answered: monotonic seconds."""
HEADER = ("modems", "radio s", "messages", "msg/s", "idle %", "gap p50 ms", "p95", "p99", "CPU ms/msg", "peak MiB")


def measure(modems: int, radio: float, messages: int, *, reports: bool) -> dict[str, Any]:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        with station(Path(name), modems=modems, radio=radio, reports=reports) as bench:
            before = bench.usage()
            bench.drop(messages)
            end = "delivered" if reports else "sent"
            bench.wait(lambda s: s["messages"][end] == messages, 60 + messages * (0.02 + radio / modems))
            after = bench.usage()
        submits: dict[str, list[Submit]] = defaultdict(list)
        asked: dict[str, tuple[float, float]] = {}
        for event in bench.events():
            if event["event"] == "submit":
                asked[event["iccid"]] = (event["t_command"], event["t"])
            elif event["event"] == "answer":
                submits[event["iccid"]].append((*asked[event["iccid"]], event["t"]))
    return figures(modems, radio, messages, submits) | {
        "cpu_ms": (after.cpu_seconds - before.cpu_seconds) * 1000 / messages,
        "peak_mib": after.peak_mib,
    }


def figures(modems: int, radio: float, messages: int, submits: dict[str, list[Submit]]) -> dict[str, Any]:
    gaps, idle, span = [], 0.0, 0.0
    first = min(times[0][0] for times in submits.values())
    last = max(times[-1][2] for times in submits.values())
    for times in submits.values():
        between = [later[1] - earlier[2] for earlier, later in itertools.pairwise(times)]
        gaps += between
        idle += sum(between)
        span += times[-1][2] - times[0][1]
    cuts = statistics.quantiles(gaps, n=100)
    return {
        "modems": modems, "radio_s": radio, "messages": messages, "per_second": messages / (last - first),
        "idle_percent": 100 * idle / span, "gap_p50_ms": cuts[49] * 1000, "gap_p95_ms": cuts[94] * 1000,
        "gap_p99_ms": cuts[98] * 1000,
    }  # fmt: skip


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of each figure."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modems", default="1,8")
    parser.add_argument("--radio", default="0,0.5")
    parser.add_argument("--messages", type=int, help="for each run; by default as many as take some ten seconds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-reports", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("dist/throughput.json"))
    options = parser.parse_args()
    results = []
    print("".join(f"{column:>12}" for column in HEADER))
    for modems in map(int, options.modems.split(",")):
        for radio in map(float, options.radio.split(",")):
            messages = options.messages or (2000 if not radio else max(20, int(10 / radio)) * modems)
            runs = [measure(modems, radio, messages, reports=not options.no_reports) for _ in range(options.runs)]
            results.append(medians(runs))
            row = results[-1]
            print("".join(f"{row[key]:>12.4g}" for key in row), flush=True)
    options.out.parent.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cpus": os.cpu_count(),
        "machine": platform.machine(), "runs": options.runs, "status_reports": not options.no_reports,
    }  # fmt: skip
    options.out.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
