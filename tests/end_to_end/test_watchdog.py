"""The watchdog of systemd: fed while every line lives, and no longer when one hangs. systemd is a real socket here."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

HANG_LINE = Path(__file__).with_name("hang_line.py")


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """What systemd is told, by a service that is started from here."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "600000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield listening


def heard_until(listening, wanted):
    """Everything that systemd is told up to the first datagram that holds `wanted`."""
    told = []
    while not told or wanted not in told[-1]:
        told.append(listening.recv(4096).decode())
    return told


def test_a_service_that_stood_still_goes_on(station, systemd):
    station = station()
    station.start()
    heard_until(systemd, "WATCHDOG=1")
    station.signal(signal.SIGSTOP)
    systemd.settimeout(1)  # longer than it ever waits between two signs of life
    with pytest.raises(TimeoutError):
        heard_until(systemd, "nothing that it says")
    systemd.settimeout(30)
    station.signal(signal.SIGCONT)
    heard_until(systemd, "WATCHDOG=1")
    station.drop([("+447700900123", "hello")])
    station.until_counts(delivered=1)
    assert station.stop() == 0


def test_a_line_that_hangs_trips_the_watchdog(station, systemd, tmp_path):
    station = station()
    station.configure(modems={"answer_seconds": 1})
    station.start(command=[HANG_LINE, tmp_path / "hang"])
    told = heard_until(systemd, "WATCHDOG=1")
    assert told[0].startswith("READY=1\nSTATUS=")
    assert any("SIMs: 1 ready" in one for one in told + heard_until(systemd, "SIMs: 1 ready"))
    (tmp_path / "hang").touch()
    told = heard_until(systemd, "hangs")
    assert told[-1] == f"STATUS=hangs: line {station.network.ports[0]}"
    # From here on systemd hears what hangs, and no sign of life any more.
    assert [systemd.recv(4096).decode() for _ in range(3)] == [told[-1]] * 3
    assert station.said("threads hang: the watchdog is not fed any more")[0]["threads"] == [
        f"line {station.network.ports[0]}"
    ]
    station.signal(signal.SIGABRT)  # as systemd does then
    assert station.ended() == -signal.SIGABRT
    assert "in hanging" in station.log()  # where it hung
