"""A scripted peer on a real pty: exact bytes in, bytes out, and every wait bounded and for an event."""

from __future__ import annotations

import os
import pty
import re
import select
import threading
import time
import tty
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from drivers import transport
from drivers.at_modem import AtModem, open_modem
from drivers.types import SubmitPdu

PATIENCE = 10.0
Reply = bytes | str | list | Callable

STANDARD = {
    "AT": "OK",
    "ATE0": "OK",
    "AT+CMEE=1": "OK",
    "AT+CGMI": "ACME\r\nOK",
    "AT+CGMM": "Model 1\r\nOK",
    "AT+CGMR": "1.0\r\nOK",
    "AT+CGSN": "490154203237518\r\nOK",
    "AT+CFUN?": "+CFUN: 1\r\nOK",
    "AT+CPIN?": "+CPIN: READY\r\nOK",
    "AT+CMGF=0": "OK",
    "AT+CMGF?": "+CMGF: 0\r\nOK",
    "AT+CSMS=1": "+CSMS: 1,1,1\r\nOK",
    "AT+CPMS=?": '+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")\r\nOK',
    'AT+CPMS="SM","SM","SM"': "+CPMS: 0,20,0,20,0,20\r\nOK",
    'AT+CPMS="SM"': "+CPMS: 0,20,0,20,0,20\r\nOK",
    'AT+CPMS="ME"': "+CPMS: 0,20,0,20,0,20\r\nOK",
    "AT+CNMI=?": "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\r\nOK",
    "AT+CNMI=2,1,0,1": "OK",
    "AT+CCID": "+CCID: 8944100000000000001\r\nOK",
    "AT+CIMI": "234100000000001\r\nOK",
    "AT+CSQ": "+CSQ: 18,99\r\nOK",
    "AT+CREG?": "+CREG: 0,1\r\nOK",
    "AT+COPS=3,0": "OK",
    "AT+COPS?": '+COPS: 0,0,"Net",2\r\nOK',
    "AT+CMGL=4": "OK",
    "AT+CSCA?": '+CSCA: "+447700900000",145\r\nOK',
    "AT+CPMS?": '+CPMS: "SM",0,20,"SM",0,20,"SM",0,20\r\nOK',
    "AT+CNMA": "OK",
}


class Peer:
    """A modem made of a table. A string is sent as lines, bytes as they are, a function is called with what was written
    and gives one of them or None; of a list each is used once, and its last for ever."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.answers: dict[str, Reply] = dict(STANDARD)
        self.otherwise: Reply = "ERROR"
        self.prompt: Reply = b"\r\n> "
        self.after_pdu: Reply = self._accept
        self.mr = 0
        self.echo = False
        self.one_byte = False
        self.at_prompt = False
        self.commands: list[str] = []
        self.pdus: list[str] = []
        self.raw = bytearray()
        self._changed = threading.Condition()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, data: bytes | str) -> None:
        if isinstance(data, str):
            data = b"".join(b"\r\n%s\r\n" % line.encode() for line in data.split("\r\n"))
        for piece in [data[at:at + 1] for at in range(len(data))] if self.one_byte else [data]:
            os.write(self.master, piece)

    def late_prompt(self) -> None:
        self.at_prompt = True
        self.say(b"\r\n> ")

    def stop(self) -> None:
        """Read nothing more, but stay plugged in."""
        os.write(self._wake_write, b"x")
        self._thread.join(PATIENCE)

    def unplug(self) -> None:
        self.stop()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = self.slave = -1

    def close(self) -> None:
        if self.master >= 0:
            self.unplug()

    def wait(self, what: Callable[[], object]) -> None:
        with self._changed:
            assert self._changed.wait_for(what, PATIENCE), f"not within {PATIENCE} s; the peer saw {self.commands[-5:]}"

    def wait_for(self, command: str, times: int = 1) -> None:
        self.wait(lambda: self.commands.count(command) >= times)

    def _accept(self, pdu):
        self.mr = self.mr % 255 + 1
        return f"+CMGS: {self.mr}\r\nOK"

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self.master, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        rest = b""
        while not any(fd == self._wake_read for fd, _ in poll.poll()):
            data = os.read(self.master, 4096)
            with self._changed:
                self.raw += data
                self._changed.notify_all()
            rest = self._written(rest + data)

    def _written(self, rest: bytes) -> bytes:
        while True:
            if self.at_prompt:
                found = re.match(rb"([^\x1a\x1b]*)([\x1a\x1b])", rest)
                if not found:
                    return rest
                rest = rest[found.end():]
                self.at_prompt = False
                if found[2] == b"\x1a":
                    self._note(self.pdus, found[1].decode())
                    self._reply(self.after_pdu, found[1].decode())
                continue
            line, end, after = rest.partition(b"\r")
            if not end:
                return rest
            rest = after
            command = line.decode("latin-1").strip("\x1b\x1a \n")
            if command:
                self._command(command)

    def _command(self, command: str) -> None:
        if self.echo:
            self.say(command.encode() + b"\r")
        self._note(self.commands, command)
        if command.startswith("AT+CMGS=") and command not in self.answers:
            if isinstance(self.prompt, bytes) and b">" in self.prompt:
                self.at_prompt = True
            self._reply(self.prompt, command)
        else:
            self._reply(self.answers.get(command, self.otherwise), command)

    def _note(self, notes: list[str], text: str) -> None:
        with self._changed:
            notes.append(text)
            self._changed.notify_all()

    def _reply(self, reply: Reply | None, written: str) -> None:
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if callable(reply):
            reply = reply(written)
        if reply is not None:
            self.say(reply)


class PinsFrom:
    """Gives what a function of the ICCID gives, and notes in order what the driver says of it."""

    def __init__(self, find):
        self._find = find
        self.notes = []

    def find(self, iccid, imei):
        return self._find(iccid)

    def trying(self, iccid, imei, pin):
        self.notes.append(("trying", iccid, imei, pin))

    def settled(self, iccid, imei, pin, *, right):
        self.notes.append(("right" if right else "wrong", iccid, imei, pin))


class News:
    """Counts the wake-ups, and waits for one."""

    def __init__(self):
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, times: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= times, PATIENCE), "nobody called on_news"


@pytest.fixture
def peer_class():
    """Makes further peers; who makes them closes them."""
    return Peer


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """Every opening waits this long for stale answers to end; on a pty they end at once."""
    monkeypatch.setattr(transport, "QUIET_SECONDS", 0.02)


@pytest.fixture
def news():
    return News()


@pytest.fixture
def opened(peer, open_at):
    """Opens our driver on the peer, and closes it at the end."""
    return partial(open_at, peer.port)


@pytest.fixture
def open_at(news):
    """Opens our driver at a port, and closes it at the end."""
    modems: list[AtModem] = []

    def open_(port, pin=None, **options) -> AtModem:
        if pin is not None:
            options["pins"] = pin if hasattr(pin, "find") else PinsFrom(pin)
        modems.append(open_modem(port, on_news=news, **{"answer_seconds": 5.0, **options}))
        return modems[-1]

    yield open_
    for modem in modems:
        modem.close()


@pytest.fixture
def pins_from():
    """Makes the driver's source of PINs from a function of the ICCID; `notes` is what the driver said of them."""
    return PinsFrom


@pytest.fixture
def until():
    """Waits until a call gives something true."""

    def wait(what: Callable[[], object]) -> object:
        deadline = time.monotonic() + PATIENCE
        turn = threading.Event()
        while not (found := what()):
            assert time.monotonic() < deadline, "it did not come about"
            turn.wait(0.002)
        return found

    return wait


@pytest.fixture
def submit_pdu():
    """A part to an invented number; `text` distinguishes them."""

    def make(last: str = "07") -> SubmitPdu:
        pdu = "0001000B915121551532F400000CC8F71D14969741F977FD" + last
        return SubmitPdu(pdu, len(pdu) // 2 - 1)

    return make


@pytest.fixture(scope="session")
def at_responses(vectors):
    return vectors("at_responses")


@pytest.fixture(scope="session")
def init_traces(at_responses) -> Path:
    """The folder with answer tables of whole modems, beside the other vectors, whose absence has been dealt with."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("OUTPOST_VECTORS", root.parent / "shared" / "vectors")) / "init_traces"
