"""`python -m drivers.simulator`: the simulated network in a process of its own, ruled by JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from drivers.simulator.simulator import Simulator

CHUNK = 65536


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m drivers.simulator",
        description="Simulated modems on ptys. Prints one JSON line when ready, then obeys JSON lines on standard "
        "input; its end stops the simulator unless --control is given.",
    )
    parser.add_argument("--dir", type=Path, required=True, help="folder for the ports ttyUSB0, ttyUSB1, …")
    parser.add_argument("--modems", type=int, default=1)
    parser.add_argument("--sims", type=Path, help="JSON list of SIMs: iccid, imsi, number, modem, pin, …")
    parser.add_argument("--script", type=Path, help="JSON list of rules: refusals, answers and reports that go wrong")
    for name, default, meaning in (
        ("radio-delay", 0.0, "from the PDU's end to the answer"),
        ("report-delay", 0.0, "from the answer to the status report"),
        ("ack-timeout", 15.0, "until an unacknowledged PDU returns"),
    ):
        parser.add_argument(f"--{name}", type=float, default=default, metavar="S", help=f"seconds {meaning}")
    parser.add_argument("--log", type=Path, help="append the network log here, as JSON lines")
    parser.add_argument("--control", type=Path, help="also obey JSON lines on this UNIX socket")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def read_json_list(path: Path) -> list[dict[str, Any]]:
    """A file with a JSON list of objects. Raises ValueError, naming the file."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{path}: expected a JSON list of objects")
    return value


class Lines:
    """JSON lines in, one JSON answer for each out, on one pair of descriptors."""

    def __init__(self, read: int, reply: Callable[[bytes], Any], obey: Callable[[Any], dict[str, Any]]) -> None:
        self._read = read
        self._reply = reply
        self._obey = obey
        self._rest = b""

    def ready(self) -> bool:
        """Take what has come. False at the end of the input."""
        data = os.read(self._read, CHUNK)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                self._reply(json.dumps(self._answer(line)).encode() + b"\n")
        return bool(data)

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            order = json.loads(line)
        except ValueError as error:
            return {"ok": False, "error": f"not a JSON line: {error}"}
        if not isinstance(order, dict):
            return {"ok": False, "error": 'a command is a JSON object with a key "do"'}
        return self._obey(order)


class Server:
    """Listens to standard input, the control socket and signals, and sleeps otherwise."""

    def __init__(self, simulator: Simulator, control: Path | None) -> None:
        self._simulator = simulator
        self._running = True
        self._selector = selectors.DefaultSelector()
        self._control = control
        self._listen_to_signals()
        if control is not None:
            self._listen(control)
        lines = Lines(sys.stdin.fileno(), partial(os.write, sys.stdout.fileno()), self._obey)
        with contextlib.suppress(PermissionError):  # a plain file or /dev/null cannot be waited for: no commands there
            self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, partial(self._on_stdin, lines))
            return
        self._running = control is not None

    def serve(self) -> None:
        """Obey until told to stop."""
        while self._running:
            for key, _ in self._selector.select():
                key.data()
        if self._control is not None:
            self._control.unlink(missing_ok=True)

    def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        if order.get("do") == "stop":  # the answer first, then the end
            self._running = False
            return {"ok": True}
        return self._simulator.command(order)

    def _on_stdin(self, lines: Lines) -> None:
        if not lines.ready():
            self._selector.unregister(sys.stdin.fileno())
            self._running = self._running and self._control is not None

    def _listen_to_signals(self) -> None:
        heard, told = socket.socketpair()
        for end in (heard, told):
            end.setblocking(False)
        signal.set_wakeup_fd(told.fileno())
        self._wakeup = (heard, told)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        self._selector.register(heard, selectors.EVENT_READ, self._on_signal)

    def _on_signal(self) -> None:
        self._wakeup[0].recv(CHUNK)
        self._running = False

    def _listen(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()
        self._selector.register(server, selectors.EVENT_READ, partial(self._on_connection, server))

    def _on_connection(self, server: socket.socket) -> None:
        client, _ = server.accept()
        lines = Lines(client.fileno(), client.sendall, self._obey)
        self._selector.register(client, selectors.EVENT_READ, partial(self._on_client, client, lines))

    def _on_client(self, client: socket.socket, lines: Lines) -> None:
        try:
            more = lines.ready()
        except OSError:
            more = False
        if not more:
            self._selector.unregister(client)
            client.close()


@contextlib.contextmanager
def _named(path: Path | None) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}" if path else str(error)) from error


@contextlib.contextmanager
def simulator_from(options: argparse.Namespace) -> Iterator[Simulator]:
    """The simulator that the command line asks for. Raises ValueError, naming the file, for wrong SIMs or rules."""
    sims = None if options.sims is None else read_json_list(options.sims)
    rules = [] if options.script is None else read_json_list(options.script)
    with _named(options.sims):
        simulator = Simulator(
            options.dir, options.modems, sims=sims, radio_delay=options.radio_delay, report_delay=options.report_delay,
            log=options.log, keep_log=False, seed=options.seed, ack_timeout=options.ack_timeout,
        )  # fmt: skip
    with simulator:
        with _named(options.script):
            simulator.script(rules)
        yield simulator


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until standard input ends, a "stop", SIGTERM or SIGINT. Gives the exit status."""
    options = parse(arguments)
    try:
        with simulator_from(options) as simulator:
            server = Server(simulator, options.control)
            _say({"ready": True, "ports": simulator.ports, "sims": simulator.iccids})
            server.serve()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
