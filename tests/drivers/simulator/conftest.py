"""A terminal on a simulated modem, as a service or a person with minicom would be."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from drivers import pdu
from drivers.simulator import Simulator
from drivers.types import SubmitPdu

PATIENCE = 10.0  # seconds until a test gives up; never how long anything takes


class Terminal:
    """One open port. `until` reads on until something was said; `said` is all that was."""

    def __init__(self, path: str) -> None:
        self.port = serial.Serial(path, 115200, timeout=0.05, exclusive=True)
        self._rest = b""

    def until(self, wanted: bytes) -> bytes:
        """What the modem says up to and with `wanted`."""
        end = time.monotonic() + PATIENCE
        while wanted not in self._rest:
            assert time.monotonic() < end, f"no {wanted!r}; it said {self._rest!r}"
            self._rest += self.port.read(max(1, self.port.in_waiting))
        at = self._rest.index(wanted) + len(wanted)
        said, self._rest = self._rest[:at], self._rest[at:]
        return said

    def send(self, data: bytes) -> None:
        self.port.write(data)

    def ask(self, command: str, final: str = "OK") -> list[str]:
        """The lines of an answer without its final line."""
        self.send(command.encode() + b"\r")
        said = self.until(f"\r\n{final}\r\n".encode()).decode()
        return [line for line in said.split("\r\n")[:-2] if line and line.strip() != command]

    def quiet(self) -> bool:
        """Nothing more was said than an answer to AT: by then whatever came before it would be here."""
        self.send(b"AT\r")
        return self.until(b"\r\nOK\r\n").replace(b"AT\r", b"", 1) == b"\r\nOK\r\n"

    def prompt(self, part: SubmitPdu) -> None:
        self.send(b"AT+CMGS=%d\r" % part.tpdu_octets)
        self.until(b"\r\n> ")

    def submit(self, part: SubmitPdu, answer: str = "OK") -> list[str]:
        """The lines before the final one."""
        self.prompt(part)
        self.send(part.hex.encode() + b"\x1a")
        said = self.until(f"\r\n{answer}\r\n".encode()).decode()
        return [line for line in said.split("\r\n")[:-2] if line]

    def text(self, recipient: str = "+447700900123", text: str = "Hello", *, report: bool = True) -> list[str]:
        return self.submit(part_for(recipient, text, report=report))


def part_for(recipient: str = "+447700900123", text: str = "Hello", *, report: bool = True) -> SubmitPdu:
    return pdu.encode(recipient, text, concat_ref=7, validity_hours=48, status_report=report)[0]


@pytest.fixture
def submit_pdu() -> Callable[..., SubmitPdu]:
    return part_for


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Callable[..., Simulator]]:
    """Starts a simulator, and ends it after the test."""
    with contextlib.ExitStack() as stack:

        def start(modems: int = 1, **options: Any) -> Simulator:
            return stack.enter_context(Simulator(tmp_path / "ports", modems, **options))

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., Terminal]]:
    """Opens a port, by default with echo off, numeric errors, and URCs as a service asks for them."""
    with contextlib.ExitStack() as stack:

        def open_port(path: str, *commands: str) -> Terminal:
            terminal = Terminal(path)
            stack.callback(terminal.port.close)
            for command in ("ATE0", "AT+CMEE=1", *commands):
                terminal.ask(command)
            return terminal

        yield open_port


@pytest.fixture
def wait_for() -> Callable[[Callable[[], Any]], Any]:
    """Waits until something is true, and gives it."""

    def wait(condition: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE
        while not (value := condition()):
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.005)
        return value

    return wait


@pytest.fixture
def happened() -> Callable[..., list[dict[str, Any]]]:
    """The events of one kind in a simulator's log."""

    def events(simulator: Simulator, kind: str) -> list[dict[str, Any]]:
        return [event for event in simulator.events if event["event"] == kind]

    return events
