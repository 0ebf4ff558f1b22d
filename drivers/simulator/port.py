"""A modem's serial port: a pty behind a stable name, which can vanish, return, and mistreat the bytes."""

from __future__ import annotations

import os
import re
import select
import termios
import tty
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from drivers.simulator.at import PROMPT

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from drivers.simulator.faults import Transport
    from drivers.simulator.loop import Loop
    from drivers.simulator.timers import Timers

CHUNK = 65536
BACKLOG = 65536  # octets kept for a terminal that does not read; what comes then is lost, as with a real stick
BYTE_GAP = 0.001  # seconds between pieces that must arrive apart
NOISE = (b"^RSSI: 18", b"^RSSI:21", b'^HCSQ:"GSM",41', b"^BOOT:27710117,0,0,0,75", b"^MODE: 3,3", b"+ZUSIMR:2")

_LINE_START = re.compile(rb"(?<=\n)(?=[^\r\n])")


class Port:
    """One pty. `receive` gets what the terminal writes; `link` is the path that the terminal opens."""

    def __init__(
        self, link: Path, loop: Loop, timers: Timers, transport: Transport, random: random.Random
    ) -> None:
        self.link = link
        self.receive: Callable[[bytes], None] = lambda _data: None
        self._loop = loop
        self._timers = timers
        self._transport = transport
        self._random = random
        self._master = self._slave = -1
        self._out = bytearray()
        self._paced: deque[bytes] = deque()
        self._generation = 0

    @property
    def plugged(self) -> bool:
        """Whether the port exists just now."""
        return self._master >= 0

    def plug(self) -> None:
        """Make the port appear under its name."""
        # Our own hold on the terminal's side keeps the pty alive while nobody else has it open.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        self._loop.watch(self._master, self._on_event)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Make the port vanish: the name goes, and whoever has it open sees it hang up."""
        self._generation += 1
        self._out.clear()
        self._paced.clear()
        self.link.unlink(missing_ok=True)
        self._loop.forget(self._master)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def _on_event(self, event: int) -> None:
        if event & select.EPOLLOUT:
            self._write_backlog()
        if event & select.EPOLLIN:
            try:
                data = os.read(self._master, CHUNK)
            except BlockingIOError:
                return
            if not self._transport.dead:
                self.receive(data)

    # -- to the terminal

    def send(self, data: bytes) -> None:
        """Write what the modem says, with whatever fault is on."""
        faults = self._transport
        if not self.plugged or faults.dead or faults.hung:
            return
        if faults.noise:
            data = self._noisy(data, faults.noise)
        if faults.garbage:
            data = b"\xff\xfe\x00" + data
        if not (faults.one_byte or faults.split_crlf or faults.late or self._paced):
            self._put(data)
            return
        pieces = [data[i : i + 1] for i in range(len(data))] if faults.one_byte else [data]
        if faults.split_crlf:
            pieces = [half for piece in pieces for half in re.split(rb"(?<=\r)(?=\n)", piece)]
        if faults.late:
            self._timers.after(faults.late, partial(self._pace, pieces, self._generation))
        else:
            self._pace(pieces, self._generation)

    def _noisy(self, data: bytes, where: str) -> bytes:
        noise = self._random.choice(NOISE)
        if where == "bytes" and len(data) > 1:
            cut = self._random.randrange(1, len(data))
            return data[:cut] + b"\r\n" + noise + b"\r\n" + data[cut:]
        noisy = _LINE_START.sub(noise + b"\r\n\r\n", data)
        if where == "prompt" and data.endswith(PROMPT):
            noisy += b"\r\n" + noise + b"\r\n"
        return noisy

    def _pace(self, pieces: list[bytes], generation: int) -> None:
        if generation != self._generation:
            return
        idle = not self._paced
        self._paced.extend(pieces)
        if idle:
            self._next_piece(generation)

    def _next_piece(self, generation: int) -> None:
        if generation != self._generation or not self._paced:
            return
        self._put(self._paced[0])
        self._timers.after(BYTE_GAP, partial(self._piece_done, generation))

    def _piece_done(self, generation: int) -> None:
        if generation == self._generation:
            self._paced.popleft()
            self._next_piece(generation)

    def _put(self, data: bytes) -> None:
        if self._out:
            if len(self._out) + len(data) <= BACKLOG:
                self._out += data
            return
        rest = data[self._written(data) :]
        if rest:
            self._out += rest
            self._loop.watch_room(self._master, wanted=True)

    def _write_backlog(self) -> None:
        del self._out[: self._written(self._out)]
        if not self._out:
            self._loop.watch_room(self._master, wanted=False)

    def _written(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
