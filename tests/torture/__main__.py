"""`make torture`: a station is tormented for an hour, and a report says what it withstood."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.torture import report
from tests.torture.bench import Bench
from tests.torture.faults import KINDS
from tests.torture.run import Run

MINUTE = 60.0


def main() -> int:
    """Gives 0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long faults go on (default: 60)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats a run's faults (default: the time)")
    names = [kind.name for kind in KINDS]
    parser.add_argument("--only", action="append", choices=names, metavar="FAULT",
                        help=f"this fault alone; may be given again. One of: {', '.join(names)}")  # fmt: skip
    parser.add_argument("--report", type=Path, help="where the report goes (default: torture.md in the run's folder)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so all that was started is ended
    kinds = [kind for kind in KINDS if not options.only or kind.name in options.only]
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    say = partial(print, flush=True)
    say(f"seed {options.seed}, {options.minutes:g} minutes, in {folder}")
    bench = Bench(folder, options.seed)
    try:
        result = Run(bench, options.seed, kinds, say).go(options.minutes * MINUTE)
        found = report.facts(bench, result)
        report.write(options.report or folder / "torture.md", found)
        say(report.markdown(found))
        if result.wrong:
            bench.keeper.held = True
            bench.keeper.end(signal.SIGKILL, "its folder is copied")
            shutil.copytree(bench.disk.folder, folder / "kept", symlinks=True, ignore=shutil.ignore_patterns("bad-*"))
            say(f"Kept: {folder}. The same faults again: make torture ARGS=--seed={options.seed}")
            return 1
    finally:
        bench.close()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
