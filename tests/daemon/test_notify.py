"""What systemd hears, over a real datagram socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The address as NOTIFY_SOCKET gives it, and the socket behind it."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(5)
        listening.bind(path if request.param == "path" else "\0" + path)
        yield (path if request.param == "path" else "@" + path), listening


def test_each_piece_of_news_is_one_datagram(systemd: tuple[str, socket.socket]) -> None:
    address, listening = systemd
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    notifier.ready("2 SIMs")
    notifier.status("sending:\n3 of 120")
    notifier.stopping()
    notifier.watchdog()
    heard = [listening.recv(4096).decode() for _ in range(4)]
    assert heard == ["READY=1\nSTATUS=2 SIMs", "STATUS=sending: 3 of 120", "STOPPING=1", "WATCHDOG=1"]


def test_a_reload_says_when_it_began(systemd: tuple[str, socket.socket]) -> None:
    address, listening = systemd
    Notifier(address).reloading()
    first, second = listening.recv(4096).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdigit()


def test_without_systemd_nothing_happens() -> None:
    notifier = Notifier.from_environment({})
    notifier.ready("on a terminal")
    assert notifier.watchdog_seconds is None


def test_a_socket_that_is_gone_does_not_stop_the_service(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "gone")).ready("still here")


def test_a_socket_that_nobody_reads_does_not_block(systemd: tuple[str, socket.socket]) -> None:
    address, listening = systemd
    notifier = Notifier(address)
    for _ in range(5000):
        notifier.watchdog()
    assert listening.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize(("environment", "seconds"), [
    ({"WATCHDOG_USEC": "30000000"}, 30.0),
    ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),  # meant for another process
    ({"WATCHDOG_USEC": "0"}, None),
    ({"WATCHDOG_USEC": "soon"}, None),
    ({}, None),
])
def test_the_watchdog_s_period(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier.from_environment(environment).watchdog_seconds == seconds
