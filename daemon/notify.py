"""Tells systemd how the service is doing: the protocol of sd_notify(3), one datagram for each piece of news."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notifier:
    """Without an `address` (no systemd) it does nothing. A failure to tell never stops the service.

    `watchdog_seconds` is how long systemd waits for the next `watchdog` before it restarts the service; None: for ever.
    """

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Notifier:
        """As NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say (sd_notify(3), sd_watchdog_enabled(3))."""
        pid = environment.get("WATCHDOG_PID", "")
        period = environment.get("WATCHDOG_USEC", "")
        ours = pid in ("", str(os.getpid()))
        seconds = int(period) / 1e6 if ours and period.isascii() and period.isdigit() and int(period) else None
        return cls(environment.get("NOTIFY_SOCKET") or None, seconds)

    def ready(self, status: str) -> None:
        """Start-up, or a reload, is done."""
        self._tell("READY=1", f"STATUS={_one_line(status)}")

    def status(self, text: str) -> None:
        """One line that `systemctl status` shows."""
        self._tell(f"STATUS={_one_line(text)}")

    def reloading(self) -> None:
        """The configuration is read again; `ready` must follow."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def watchdog(self) -> None:
        """The service is alive."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self.address:
            return
        # "@name" is a socket of the abstract namespace, whose address begins with a zero byte (unix(7)).
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as tell:
            tell.setblocking(False)
            tell.sendto("\n".join(lines).encode(), address)


def _one_line(text: str) -> str:
    return " ".join(text.split())
