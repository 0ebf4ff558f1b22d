"""What a claim, `outpost status`, the socket's status and a start cost when 0 to 1,000,000 messages wait.

    python benchmarks/long_queue.py [--sizes 0,10000,100000,1000000]

The database is filled by the service's own store. At 0 nothing waits but the few messages that are claimed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ready import start_ms
from results import Row, parser, write
from station import TEXT, TICKS, configure, number, service

from daemon.control.client import ask
from daemon.core.batch import NewBatch, NewMessage
from daemon.store import Outbox, Sims, Store
from drivers.types import SimIdentity

SIM = "8944100000000000001"
AT_ONCE = 100_000
"""Rows of one batch at most."""
CLAIMS = 15
STATUSES = 5


def fill(database: Path, there: int, size: int) -> None:
    """Queue released batches until so many messages wait."""
    store = Store(database)
    outbox, now = Outbox(store), time.time()
    Sims(store).seen(SimIdentity(SIM, "234100000000001"), now)
    for begin in range(there, size, AT_ONCE):
        rows = range(begin, min(size, begin + AT_ONCE))
        messages = [NewMessage(row, number(n), TEXT, 1) for row, n in enumerate(rows, start=1)]
        outbox.enqueue(NewBatch("list", "list.csv", f"{begin:064x}", "benchmark", now, released=True), messages, [])
    store.close()


def claims(database: Path) -> Iterator[float]:
    """Milliseconds of each claim; what was claimed waits again afterwards, as after a crash."""
    store = Store(database)
    outbox = Outbox(store)
    for _ in range(CLAIMS):
        began = time.perf_counter()
        outbox.claim(SIM, time.time())
        yield (time.perf_counter() - began) * 1000
    outbox.recover(time.time())
    store.close()


def took(work: Callable[[], object], times: int) -> float:
    """The median in milliseconds, after a first time that does not count."""
    work()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def settle(pid: int, seconds: float = 120) -> None:
    """Wait until the service has written its pages and is at rest."""
    def used() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    end, before = time.monotonic() + seconds, used()
    while time.monotonic() < end:
        time.sleep(1)
        now = used()
        if now - before < 0.05 * TICKS:
            return
        before = now


def measure(folder: Path, there: int, size: int, *, settled: bool = True) -> Row:
    """Fill up the station's database and look at it from all sides."""
    config, database = folder / "outpost.toml", folder / "state/outpost.db"
    began = time.monotonic()
    fill(database, there, size)
    found: dict[str, Any] = {"messages": size, "build_s": time.monotonic() - began}
    if not there and not size:
        fill(database, 0, CLAIMS)
    found["claim_ms"] = statistics.median(claims(database))
    found["start_ms"] = start_ms(config)
    status = [sys.executable, "-m", "daemon.cli", "status", "--json", "--config", str(config)]
    with service(config) as process:
        while not (folder / "run/control.sock").exists():
            time.sleep(0.02)
        if settled:
            settle(process.pid)
        before = os.times().children_user + os.times().children_system
        found["status_ms"] = took(lambda: subprocess.run(status, check=True, stdout=subprocess.DEVNULL), STATUSES)
        used = os.times().children_user + os.times().children_system - before
        found["status_cpu_ms"] = used / (STATUSES + 1) * 1000
        found["socket_ms"] = took(lambda: ask(folder / "run/control.sock", {"do": "read status"}), CLAIMS)
    return found


def main() -> None:
    """Measure each size, in one database that grows."""
    options = parser("long_queue", __doc__)
    options.add_argument("--sizes", default="0,10000,100000,1000000")
    chosen = options.parse_args()
    sizes = [0, 200] if chosen.quick else sorted(map(int, chosen.sizes.split(",")))
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name:
        folder = Path(name)
        configure(folder, [], reports=True)
        (folder / "state").mkdir()
        steps = zip([0, *sizes], sizes, strict=False)
        rows = [measure(folder, there, size, settled=not chosen.quick) for there, size in steps]
    write(chosen, rows)


if __name__ == "__main__":
    main()
