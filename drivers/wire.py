"""The bytes of one port: written with a bound, read by one thread that waits on the port, and its end told at once."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
import time
from collections.abc import Callable

import serial

from drivers.modem import PortLost
from drivers.port import open_port

WRITE_SECONDS = 10.0
CLOSE_SECONDS = 2.0
_CHUNK = 4096


class Wire:
    """One serial port. `on_bytes` and `on_gone` are called from the reading thread; `on_gone` once, at any end.

    Its argument is True when nobody here closed the port.
    """

    def __init__(
        self, port: str, baudrate: int, on_bytes: Callable[[bytes], None], on_gone: Callable[[bool], None]
    ) -> None:
        self.port = port
        self._baudrate = baudrate
        self._on_bytes = on_bytes
        self._on_gone = on_gone
        self._gone = threading.Event()
        self._telling = threading.Lock()
        self._closing = False
        self._why_gone = "it was closed"
        self._wake_read, self._wake_write = -1, -1
        self._serial: serial.Serial | None = None
        self._fd = -1
        self._reader: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """The port is open, and was there at the last look."""
        return self._serial is not None and not self._gone.is_set()

    def open(self) -> None:
        """Take the port for ourselves alone and start reading it. Raises PortLost."""
        self._serial = open_port(self.port, self._baudrate)
        self._fd = self._serial.fileno()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._reader = threading.Thread(target=self._read_until_gone, name=f"read {self.port}", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Give the port back. Never raises."""
        if self._serial is None:
            return
        self._closing = True
        os.write(self._wake_write, b"x")
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(CLOSE_SECONDS)
        self._tell_gone("it was closed")
        self._fd = -1  # the number may soon belong to another port
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()
        self._serial = None
        os.close(self._wake_read)
        os.close(self._wake_write)

    def pause(self, seconds: float) -> None:
        """Wait, but not for a port that is gone. Raises PortLost."""
        if self._gone.wait(seconds):
            raise self.lost()

    def lost(self) -> PortLost:
        """What to raise when the port is gone, with the reason."""
        return PortLost(f"{self.port}: the modem's port is gone: {self._why_gone}. Plug the modem in again, or wait.")

    def write(self, data: bytes) -> None:
        """Raises PortLost when the port is gone or takes nothing for ten seconds."""
        if not self.alive:
            raise self.lost()
        deadline = time.monotonic() + WRITE_SECONDS
        while data:
            try:
                data = data[os.write(self._fd, data):]
            except BlockingIOError:
                self._wait_writable(deadline)
            except OSError as error:
                self._tell_gone(os.strerror(error.errno or errno.EIO))
                raise self.lost() from None

    def _wait_writable(self, deadline: float) -> None:
        poll = select.poll()  # not select(): it fails above descriptor 1023
        poll.register(self._fd, select.POLLOUT)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise PortLost(
                f"{self.port}: the port took nothing for {WRITE_SECONDS:g} seconds. "
                f"Unplug the modem and plug it in again."
            )

    def _read_until_gone(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        why = "it was closed"
        try:
            while not any(fd == self._wake_read for fd, _ in poll.poll()):
                try:
                    data = os.read(self._fd, _CHUNK)
                except BlockingIOError:
                    continue
                if not data:
                    why = "it was unplugged"
                    break
                self._on_bytes(data)
        except OSError as error:
            why = os.strerror(error.errno or errno.EIO)
        finally:
            self._tell_gone(why)

    def _tell_gone(self, why: str) -> None:
        with self._telling:
            if self._gone.is_set():
                return
            self._why_gone = why
            self._gone.set()
        self._on_gone(not self._closing)
