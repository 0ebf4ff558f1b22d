"""How long a start takes until the service says READY=1, as systemd would hear it (sd_notify(3))."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from station import service

LONGEST_SECONDS = 120


def start_ms(config: Path) -> float:
    """From the start of the process to its word that it is ready, in milliseconds. It is ended again."""
    path = config.parent / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        heard.settimeout(LONGEST_SECONDS)
        began = time.perf_counter()
        try:
            with service(config, NOTIFY_SOCKET=str(path)):
                while b"READY=1" not in heard.recv(4096).splitlines():
                    pass
                return (time.perf_counter() - began) * 1000
        finally:
            path.unlink()
