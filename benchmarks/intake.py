"""How long a list takes from its drop to the queue, in what memory, and what a long queue costs `status` and a claim.

    python benchmarks/intake.py [--rows 100000] [--lists 10]

The service's times and memory are taken from outside: from its database and from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from station import Bench, station

from daemon.store import Outbox, Store

RADIO_SECONDS = 5.0
TURNS = 5


class Readers(threading.Thread):
    """Watches the reader processes of a service for their largest resident memory, in MiB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_mib = 0.0
        self._pid = pid
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.02):
            for tasks in Path(f"/proc/{self._pid}/task").glob("*/children"):
                try:
                    for child in tasks.read_text().split():
                        status = Path(f"/proc/{child}/status").read_text()
                        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                        self.peak_mib = max(self.peak_mib, int(peak.split()[1]) / 1024)
                except (OSError, StopIteration):
                    continue  # it ended between two looks


def queued(bench: Bench) -> int:
    with closing(sqlite3.connect(f"file:{bench.folder / 'state/outpost.db'}?mode=ro", uri=True)) as conn:
        return int(conn.execute("SELECT coalesce(sum(n), 0) FROM counts").fetchone()[0])


def take(bench: Bench, rows: int, number: int) -> float:
    """Seconds from the rename of a list into incoming/ to its rows in the queue."""
    before = queued(bench)
    bench.drop(rows, f"list-{number}.csv", start=number * rows)
    began = time.monotonic()
    while queued(bench) < before + rows:
        time.sleep(0.02)
        if time.monotonic() - began > 600:
            raise RuntimeError("not queued in 10 minutes")
    return time.monotonic() - began


def median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TURNS):
        began = time.monotonic()
        work()
        times.append((time.monotonic() - began) * 1000)
    return statistics.median(times)


def status_ms(bench: Bench) -> float:
    """One `outpost status`, the start of Python included."""
    command = [sys.executable, "-m", "daemon.cli", "status", "--json", "--config", str(bench.folder / "outpost.toml")]
    return median_ms(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def claim_ms(folder: Path) -> float:
    """One claim, on the database of a service that has stopped."""
    store = Store(folder / "state/outpost.db")
    outbox = Outbox(store)
    iccid = store.conn.execute("SELECT iccid FROM sims").fetchone()[0]

    try:
        return median_ms(lambda: outbox.claim(iccid, time.time()))
    finally:
        store.close()


def measure(rows: int, lists: int) -> dict[str, Any]:
    """One station that takes so many lists of so many rows."""
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        folder = Path(name)
        seconds = []
        with station(folder, modems=1, radio=RADIO_SECONDS, reports=False) as bench:
            readers = Readers(bench.service.pid)
            readers.start()
            empty = status_ms(bench)
            for number in range(lists):
                seconds.append(take(bench, rows, number))
                if not number:
                    first_peak = bench.usage().peak_mib
            full = status_ms(bench)
            readers.done.set()
            peak = bench.usage().peak_mib
        return {
            "rows": rows, "lists": lists, "first_s": seconds[0], "median_s": statistics.median(seconds),
            "last_s": seconds[-1], "peak_first_mib": first_peak, "peak_mib": peak, "reader_mib": readers.peak_mib,
            "status_ms": full, "status_empty_ms": empty, "claim_ms": claim_ms(folder),
        }  # fmt: skip


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--lists", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("dist/intake.json"))
    options = parser.parse_args()
    results = [measure(10, 1), measure(options.rows, options.lists)]
    print("".join(f"{column:>17}" for column in results[0]))
    for row in results:
        print("".join(f"{value:>17.4g}" for value in row.values()))
    options.out.parent.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cpus": os.cpu_count(),
        "machine": platform.machine(),
    }  # fmt: skip
    options.out.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
