"""Runs the service with little patience for silent modems, and with a /sys and /dev of the test's making.

    python run_briskly.py ROOT run --config FILE

Told by SIGHUP, as after a change of the configuration, it looks at ROOT's USB sockets again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from drivers import transport, usb

usb.ROOT = Path(sys.argv[1])  # before the modules that take these as defaults
transport.FIRST_SECONDS = transport.RESYNC_SECONDS = (0.5,)

from daemon.cli import main  # noqa: E402 - they must be set first
from daemon.core import recovery  # noqa: E402
from daemon.services import housekeeping, line  # noqa: E402
from drivers import ladder  # noqa: E402

recovery.PAUSES = (0.2,)
line.UNWELL_SECONDS = 0.5
housekeeping.LOOK_SECONDS = 1
ladder.RESTART_SECONDS = 0.2
main(sys.argv[2:])
