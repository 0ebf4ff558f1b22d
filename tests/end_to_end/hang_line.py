"""Runs the service with a line that hangs as soon as the file HANG exists, as a driver's endless loop would make it.

    python hang_line.py HANG run --config FILE
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from daemon.cli import main  # noqa: E402 - the path must be set first
from daemon.services import station  # noqa: E402
from daemon.services.receiver import Receiver  # noqa: E402


def run() -> None:
    hang, receive = Path(sys.argv[1]), Receiver.receive

    def hanging(receiver: Receiver, *, hurry: bool) -> None:
        if hang.exists():
            threading.Event().wait()
        receive(receiver, hurry=hurry)

    Receiver.receive = hanging  # type: ignore[method-assign]
    station.WORK_SECONDS = 1.0
    main(sys.argv[2:])


if __name__ == "__main__":
    run()
