"""`make bench`: every benchmark in turn, then the tables and pictures of docs/performance.md.

    python benchmarks/run_all.py            medians of three runs, under 25 minutes
    python benchmarks/run_all.py --short    one run of each, under 10 minutes
    python benchmarks/run_all.py --quick    tiny sizes in dist/quick: shows that all of it works

Each script runs by itself too. One that fails, or takes too long, is ended with all that it started; the rest goes on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import page

HERE = Path(__file__).parent
LONGEST_SECONDS, LONGEST_SHORT_SECONDS = 24 * 60, 595
ENDING_SECONDS = 60
SCRIPTS = (
    ("throughput", ("--runs", "3"), ("--runs", "1", "--seconds", "5")),
    ("intake", ("--runs", "3"), ("--runs", "1")),
    ("long_queue", (), ()),
    ("rest", (), ("--idle", "20")),
    ("growth", ("--runs", "1"), ("--runs", "1")),
    ("peers", ("--seconds", "5"), ("--runs", "1", "--seconds", "4")),
)
"""In this order: growth looks at what those before it found. The options of a full and of a short form."""


def run(name: str, options: tuple[str, ...], out: Path, seconds: float) -> bool:
    """One script; whether it came to its end."""
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    script = subprocess.Popen([sys.executable, str(HERE / f"{name}.py"), *options, "--out", str(out / f"{name}.json")])
    try:
        done = script.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        print(f"{name}: ended after {seconds:.0f} s", flush=True)
        script.terminate()
        try:
            done = script.wait(ENDING_SECONDS) == 0
        except subprocess.TimeoutExpired:
            script.kill()
            done = script.wait() == 0
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    return done


def main() -> None:
    """Measure all, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true")
    form.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    out = Path("dist/quick" if chosen.quick else "dist")
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + (LONGEST_SHORT_SECONDS if chosen.short else LONGEST_SECONDS)
    failed = []
    for name, full, short in SCRIPTS:
        options = ("--quick",) if chosen.quick else short if chosen.short else full
        if not run(name, options, out, max(1.0, end - time.monotonic())):
            failed.append(name)
    if not chosen.quick:
        page.write(out, page.PAGE, page.FIGURES)
    sys.exit(f"did not come to their end: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
