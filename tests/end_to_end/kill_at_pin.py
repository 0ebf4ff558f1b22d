"""Runs the service, and kills it when the SIM's PIN has been written and before its answer is read.

    python kill_at_pin.py run --config FILE
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from daemon.cli import main
from drivers.wire import Wire

PATIENCE_MS = 10_000
write = Wire.write


def write_and_die(wire: Wire, data: bytes) -> None:
    write(wire, data)
    if data.startswith(b"AT+CPIN="):
        answered = select.poll()
        answered.register(wire._fd, select.POLLIN)
        answered.poll(PATIENCE_MS)  # the SIM has had it
        os.kill(os.getpid(), signal.SIGKILL)


Wire.write = write_and_die  # type: ignore[method-assign]
main(sys.argv[1:])
