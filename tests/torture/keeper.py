"""Keeps the service running as systemd does: starts it, hears its signs of life, starts it again when it has ended."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.station import Station

WATCHDOG_SECONDS = 60.0  # as in systemd/outpost.service
START_AGAIN = 1.0
SAMPLE_SECONDS = 2.0
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process holds at one moment: seconds (monotonic), MiB resident, threads, open files."""

    at: float
    mib: float
    threads: int
    files: int


@dataclass(slots=True)
class Life:
    """One run of the service. `why` it ended: "" while it runs, or when nobody asked it to end."""

    started: float
    pid: int
    ready: float = 0.0
    ended: float = 0.0
    code: int = 0
    why: str = ""
    samples: list[Sample] = field(default_factory=list)


class Keeper:
    """`look` is to be called often; between two calls nothing happens."""

    def __init__(self, station: Station, environment: Mapping[str, str]) -> None:
        self._station = station
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        address = station.folder / "notify"
        self._heard.bind(str(address))
        environment = {
            **environment, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6)),
        }  # fmt: skip
        self._prefix = ["env", *(f"{name}={value}" for name, value in environment.items())]
        self.lives: list[Life] = []
        self.hangs: list[str] = []
        """What the service said of threads that hang."""
        self.stopped = False
        self.held = False  # it is not to be started again yet
        self._fed = self._sampled = self._start_at = 0.0

    @property
    def life(self) -> Life:
        return self.lives[-1]

    @property
    def running(self) -> bool:
        return bool(self.lives) and not self.life.ended

    def look(self) -> None:
        """Take note of what has happened, and do what systemd would."""
        now = time.monotonic()
        self._listen(now)
        service = self._station.service
        if self.running and service is not None and service.poll() is not None:
            self.life.ended, self.life.code = now, service.returncode
            self._start_at = now + (0.0 if self.life.why else START_AGAIN)
        if self.running:
            self._watch(now)
        elif not self.held and now >= self._start_at:
            self._start(now)

    def _start(self, now: float) -> None:
        self._station.start(prefix=self._prefix, ready=False)
        assert self._station.service is not None
        self.lives.append(Life(now, self._station.service.pid))
        self._fed = now
        self.stopped = False

    def _listen(self, now: float) -> None:
        while True:
            try:
                told = self._heard.recv(4096).decode()
            except BlockingIOError:
                return
            if "hangs" in told:
                self.hangs.append(told)
            if told.startswith("READY=1") and self.running:
                self.life.ready = now
                self._fed = now
            if "WATCHDOG=1" in told:
                self._fed = now

    def _watch(self, now: float) -> None:
        if self.stopped or not self.life.ready:
            self._fed = now
        if now - self._fed > WATCHDOG_SECONDS:
            self.end(signal.SIGABRT, "watchdog")
        elif self.life.ready and now - self._sampled >= SAMPLE_SECONDS:
            self._sampled = now
            if (sample := _sample(self.life.pid, now)) is not None:
                self.life.samples.append(sample)

    def end(self, number: int, why: str) -> None:
        """End it by a signal, and wait for that."""
        service = self._station.service
        if self.running and service is not None and service.poll() is None:
            self.life.why = why
            service.send_signal(number)
            service.wait(30)
        self.look()

    def stop(self, *, on: bool) -> None:
        """Let it stand still, or go on (SIGSTOP, SIGCONT)."""
        service = self._station.service
        if self.running and service is not None and service.poll() is None:
            service.send_signal(signal.SIGSTOP if on else signal.SIGCONT)
        self.stopped = on

    def close(self) -> None:
        self._heard.close()


def _sample(pid: int, now: float) -> Sample | None:
    process = Path("/proc") / str(pid)
    try:
        lines = (process / "status").read_text().splitlines()
        values = dict(line.split(":", 1) for line in lines)
        files = sum(1 for _ in (process / "fd").iterdir())
        return Sample(now, int(values["VmRSS"].split()[0]) / KIB_PER_MIB, int(values["Threads"]), files)
    except (OSError, KeyError):
        return None  # it ends just now
