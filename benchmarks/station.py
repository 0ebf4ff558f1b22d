"""A real service and the simulated network, each in a process of its own, for benchmarks to measure from outside."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CONFIG = """
[station]
name = "Benchmark"
state_dir = "state"
spool_dir = "spool"
runtime_dir = "run"
max_sims = 64
[station.authority]
holder = "benchmark"
basis = "simulated modems only"
date = 2026-01-01
[modems]
discover = false
ports = {ports}
[sending]
approval = "none"
status_reports = {reports}
[quiet_hours]
start = "00:00"
end = "00:00"
[throttle]
min_gap_seconds = 0
parts_per_minute = 0
parts_per_hour = 0
parts_per_day = 0
parts_per_month = 0
recipients_per_day = 0
"""
TEXT = "Northshire Support: free, private help for you, day or night: 0808 157 0123. Reply STOP for no more texts."


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: seconds of CPU; its memory now and its largest, both resident, in MiB."""

    cpu_seconds: float
    resident_mib: float
    peak_mib: float


class Bench:
    """One station in a folder."""

    def __init__(self, folder: Path, service: subprocess.Popen[bytes], ports: Sequence[str]) -> None:
        self.folder, self.service, self.ports = folder, service, ports
        self.spool = folder / "spool"

    def usage(self) -> Usage:
        """Of the service's process, from /proc."""
        root = Path("/proc") / str(self.service.pid)
        fields = (root / "stat").read_text().rsplit(")", 1)[1].split()
        memory = dict(line.split(":", 1) for line in (root / "status").read_text().splitlines())
        resident, peak = (int(memory[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
        return Usage((int(fields[11]) + int(fields[12])) / TICKS, resident, peak)

    def status(self) -> dict[str, Any]:
        """The newest status.json, empty before the first."""
        path = self.spool / "status.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else {}

    def wait(self, done: Any, seconds: float) -> dict[str, Any]:
        """Look at status.json until `done(status)`; the benchmark's own looking costs the service nothing."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.status()
            if status and done(status):
                return status
            if self.service.poll() is not None:
                raise RuntimeError("the service ended; see service.log")
            time.sleep(0.05)
        raise RuntimeError(f"not done in {seconds} s: {self.status().get('messages')}")

    def drop(self, rows: int, name: str = "list.csv", start: int = 0) -> None:
        """Drop a list of so many rows, each to another number."""
        write_list(self.spool / "incoming", rows, name, start)


def number(n: int) -> str:
    """The number of the n-th person."""
    return f"+447{400_000_000 + n}"


def write_list(incoming: Path, rows: int, name: str = "list.csv", start: int = 0) -> None:
    """Drop a list into incoming/ by a rename, from the person `start` on."""
    hidden = incoming / f".{name}"
    with hidden.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("to", "text"))
        table.writerows((number(start + n), TEXT) for n in range(rows))
    hidden.rename(incoming / name)


def configure(folder: Path, ports: Sequence[str], *, reports: bool) -> Path:
    """Write the configuration of a station in a folder: no limits, no quiet hours, no release. Its file."""
    config = folder / "outpost.toml"
    config.write_text(CONFIG.format(ports=json.dumps(list(ports)), reports=str(reports).lower()))
    return config


@contextmanager
def simulator(folder: Path, modems: int, radio: float) -> Iterator[list[str]]:
    """The simulated network in a process of its own, its log in network.jsonl; gives the modems' ports."""
    process = subprocess.Popen(
        [sys.executable, "-m", "drivers.simulator", "--dir", str(folder / "dev"), "--modems", str(modems),
         "--radio-delay", str(radio), "--log", str(folder / "network.jsonl")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["ports"]
    finally:
        end(process)


@contextmanager
def service(config: Path, level: str = "INFO", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The service in a process of its own, its log in service.log."""
    with (config.parent / "service.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "run", "--config", str(config), "--log-level", level],
            stderr=log, env=os.environ | environment,
        )  # fmt: skip
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End one process that was started here."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def station(
    folder: Path, *, modems: int, radio: float, reports: bool = True, level: str = "INFO"
) -> Iterator[Bench]:
    """A running station, ready with all its modems; ended by process id."""
    with simulator(folder, modems, radio) as ports:
        config = configure(folder, ports, reports=reports)
        with service(config, level) as process:
            bench = Bench(folder, process, ports)
            bench.wait(lambda s: sum(m["state"] == "ready" for m in s["modems"]) == modems, 120)
            yield bench
