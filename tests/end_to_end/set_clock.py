"""Runs the service under a wall clock that the test sets: it is OFFSET seconds ahead of the machine's.

    python set_clock.py OFFSET run --config FILE

OFFSET is a file with a number, read at each look at the clock. The clock that counts from boot is the machine's own.
The share of delivered parts is looked at every second.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from daemon.cli import main  # noqa: E402 - the path must be set first
from daemon.clock import Clock  # noqa: E402
from daemon.services import housekeeping  # noqa: E402


def run() -> None:
    offset = Path(sys.argv[1])

    def now(_clock: Clock) -> float:
        return time.time() + float(offset.read_text() or 0)

    housekeeping.DELIVERY_SECONDS = 1
    Clock.now = now  # type: ignore[method-assign]
    main(sys.argv[2:])


if __name__ == "__main__":
    run()
