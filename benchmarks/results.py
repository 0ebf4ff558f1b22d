"""What the benchmarks share beside the station: their options, the machine, tables, and the JSON that holds it all."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import signal
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def parser(name: str, about: str | None) -> argparse.ArgumentParser:
    """The options of every benchmark. From here on SIGTERM ends it in order, and with it all that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    found = argparse.ArgumentParser(
        prog=f"benchmarks/{name}.py", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("--runs", type=int, default=3, help="of each case, in turn; the median of each figure counts")
    found.add_argument("--seconds", type=float, default=10, help="that one run should take at least")
    found.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    found.add_argument("--out", type=Path, default=Path(f"dist/{name}.json"))
    return found


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith(("model name", "Model"))), platform.machine(),
    )  # fmt: skip
    return {
        "cpu": model, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "files": _file_system(Path(tempfile.gettempdir())), "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version, "outpost": importlib.metadata.version("outpost"),
        "load": round(os.getloadavg()[0], 2), "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder lies on."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    return max((mount for mount in mounts if folder.is_relative_to(mount[0])), key=lambda mount: len(mount[0]))[1]


def medians(runs: Sequence[Row]) -> Row:
    """The median of each figure; what is no figure is as in the first run."""
    return {
        key: statistics.median(run[key] for run in runs) if isinstance(value, int | float) else value
        for key, value in runs[0].items()
    }


def in_turn(cases: Sequence[Any], runs: int, measure: Callable[[Any], Row]) -> list[Row]:
    """Each case so many times, all of them in turn so that a machine that slows down slows all of them; the medians."""
    found: list[list[Row]] = [[] for _ in cases]
    for _ in range(runs):
        for rows, case in zip(found, cases, strict=True):
            rows.append(measure(case))
    return [medians(rows) for rows in found]


def shown(value: Any) -> str:
    """A figure as tables show it: three digits that count, no more."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else "–" if value is None else str(value)


def table(rows: Sequence[Row], columns: Mapping[str, str] | None = None) -> list[str]:
    """Rows as a table of Markdown, which reads well on a terminal too. `columns` gives each key its heading."""
    columns = columns or {key: key for key in rows[0]}
    lines = [[] for _ in range(len(rows) + 2)]
    for key, heading in columns.items():
        words = any(isinstance(row.get(key), str) for row in rows)
        cells = [heading, *(shown(row.get(key)) for row in rows)]
        width = max(map(len, cells))
        cells.insert(1, "-" * width if words else "-" * max(1, width - 1) + ":")
        for line, cell in zip(lines, cells, strict=True):
            line.append(cell.ljust(width) if words else cell.rjust(width))
    return [f"| {' | '.join(line)} |" for line in lines]


def write(options: argparse.Namespace, results: list[Row] | dict[str, list[Row]]) -> None:
    """Print what was found and keep it, with the machine and the settings."""
    for name, rows in (results if isinstance(results, dict) else {"": results}).items():
        print("\n".join(([f"\n{name}:"] if name else []) + table(rows)), flush=True)
    settings = {key: value for key, value in vars(options).items() if isinstance(value, bool | int | float | str)}
    options.out.parent.mkdir(exist_ok=True)
    document = {"machine": machine(), "settings": settings, "results": results}
    options.out.write_text(json.dumps(document, indent=1) + "\n")
