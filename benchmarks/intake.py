"""How long a list takes from its drop to the queue, and in what memory of the service and of its reader.

    python benchmarks/intake.py [--sizes 1000,10000,100000]

The service's times and memory are taken from outside: from its database and from /proc.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from results import Row, parser, write
from station import Bench, station

RADIO_SECONDS = 5.0


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


def measure(rows: int, lists: int) -> Row:
    """One station that takes so many lists of so many rows, one after the other."""
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        folder = Path(name)
        with station(folder, modems=1, radio=RADIO_SECONDS, reports=False) as bench:
            readers = Readers(bench.service.pid)
            readers.start()
            seconds = [take(bench, rows, n) for n in range(lists)]
            readers.done.set()
            peak = bench.usage().peak_mib
    return {
        "rows": rows, "lists": lists, "median_s": statistics.median(seconds), "last_s": seconds[-1],
        "rows_per_second": rows / statistics.median(seconds), "peak_mib": peak, "reader_mib": readers.peak_mib,
    }  # fmt: skip


def main() -> None:
    """Measure what the command line asks for."""
    options = parser("intake", __doc__)
    options.add_argument("--sizes", default="1000,10000,100000", help="rows of a list")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.sizes, chosen.runs = "20", 1
    write(chosen, [measure(rows, chosen.runs) for rows in map(int, chosen.sizes.split(","))])


if __name__ == "__main__":
    main()
