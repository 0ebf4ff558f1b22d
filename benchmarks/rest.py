"""The service at rest: from start to ready, `outpost status`, and CPU and memory while 4 modems have nothing to do.

    python benchmarks/rest.py [--modems 4] [--idle 60]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from long_queue import settle, took
from ready import start_ms
from results import Row, parser, write
from station import configure, simulator, station


def measure(modems: int, idle: float, runs: int) -> Row:
    """One station, started anew for each run; then its rest."""
    found: dict[str, Any] = {"modems": modems, "idle_s": idle}
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        folder = Path(name)
        with simulator(folder, modems, 0) as ports:
            config = configure(folder, ports, reports=True)
            found["ready_ms"] = statistics.median(start_ms(config) for _ in range(runs))
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        folder = Path(name)
        with station(folder, modems=modems, radio=0) as bench:
            status = [sys.executable, "-m", "daemon.cli", "status", "--config", str(folder / "outpost.toml")]
            found["status_ms"] = took(partial(subprocess.run, status, check=True, stdout=subprocess.DEVNULL), 5 * runs)
            settle(bench.service.pid, idle)
            before = bench.usage()
            time.sleep(idle)
            after = bench.usage()
    found["idle_cpu_percent"] = 100 * (after.cpu_seconds - before.cpu_seconds) / idle
    return found | {"resident_mib": after.resident_mib, "peak_mib": after.peak_mib}


def main() -> None:
    """Measure what the command line asks for."""
    options = parser("rest", __doc__)
    options.add_argument("--modems", type=int, default=4)
    options.add_argument("--idle", type=float, default=60, help="seconds of rest that are looked at")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.modems, chosen.idle, chosen.runs = 1, 0.5, 1
    write(chosen, [measure(chosen.modems, chosen.idle, chosen.runs)])


if __name__ == "__main__":
    main()
