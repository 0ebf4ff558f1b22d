"""A transcript of what passes between us and one modem, for finding faults: numbers, texts and PDUs are masked."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path
from typing import TextIO

from drivers.lines import Answer, Event, Final, News, Prompt, name_of
from drivers.quirks import PLAIN_NEWS

MOST_BYTES = 4 * 1024 * 1024
"""When a transcript is longer it is kept once as NAME.1, and begun anew."""

_HEX = re.compile(r"\b[0-9A-Fa-f]{14,}\b")
_DIGITS = re.compile(r"\d{5,}")
_QUOTED = re.compile(r'"[^"]*"?', re.DOTALL)
_OPEN_QUOTES = frozenset({"+COPS", "+CPMS", "+CMTI", "+CDSI", "+CSCS", "+CREG", "+CGREG", "+CEREG", "+CPIN?"})
"""Names whose quoted values tell nothing of a person: memories, networks, cells."""
_OPEN_QUESTIONS = frozenset({"AT+CGMI", "AT+CGMM", "AT+CGMR"})
"""Maker, model and firmware: of the modem, not of a person."""
_LONG_NUMBER = re.compile(r"\d{10,}")
_ERROR = re.compile(r"\+?CM[ES] ERROR", re.IGNORECASE)
_COMMAND = re.compile(r"AT([+^#%*$&][A-Z0-9]+\??)", re.IGNORECASE)
_BARE_COMMAND = re.compile(r"AT[+^#%*$&]?[A-Z0-9]*(=?\?)?", re.IGNORECASE)
_OPEN_LINES = frozenset({"OK", "ERROR", ">", "COMMAND NOT SUPPORT", *PLAIN_NEWS})


class Trace:
    """One file of lines "time < text" (from the modem) and "time > text" (to it). Readable by its owner alone.

    Raises OSError at opening when the file cannot be made; a disk that fills later only ends the transcript.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: TextIO | None = self._begin()
        self._open_question = False

    @classmethod
    def in_directory(cls, directory: Path, port: str) -> Trace:
        """The transcript of `port` in `directory`, which must exist."""
        return cls(directory / f"{Path(port).name}.at.txt")

    def sent(self, text: str) -> None:
        """A command on its way to the modem. A PDU or a PIN in it is not written."""
        self._open_question = text in _OPEN_QUESTIONS
        self._write(">", redact(text))

    def received(self, event: Event) -> None:
        """What the modem said. Its numbers, texts and PDUs are not written."""
        if isinstance(event, Prompt):
            self._write("<", ">")
        elif isinstance(event, News):
            self._write("<", " | ".join(redact(line) for line in event.lines))
        elif isinstance(event, Answer) and self._open_question:
            self._write("<", _LONG_NUMBER.sub(lambda found: f"[{len(found[0])} digits]", event.text))
        elif isinstance(event, Answer | Final):
            self._write("<", redact(event.text))

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _begin(self) -> TextIO:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", buffering=1)

    def _write(self, direction: str, text: str) -> None:
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        with self._lock:
            if self._file is None:
                return
            try:
                self._file.write(f"{stamp}.{int(now % 1 * 1000):03d}Z {direction} {text}\n")
                if self._file.tell() > MOST_BYTES:
                    self._file.close()
                    self._path.replace(self._path.with_name(self._path.name + ".1"))
                    self._file = self._begin()
            except OSError:
                self._file = None


class Traces:
    """One transcript for each port, in a folder that must exist. It goes on when the port is opened again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._open: dict[str, Trace] = {}

    def of(self, port: str) -> Trace | None:
        """The transcript of `port`; None where it cannot be written, for no modem stands still for that."""
        with self._lock:
            if port not in self._open:
                try:
                    self._open[port] = Trace.in_directory(self._directory, port)
                except OSError:
                    return None
            return self._open[port]


def redact(text: str) -> str:
    """A line without PDUs, numbers of five digits and more, PINs and texts; what is left shows its kind and length."""
    command = _COMMAND.match(text)
    name = command[1].upper() if command else name_of(text)
    if _ERROR.match(text):
        return text
    if not name and text.upper() not in _OPEN_LINES and not _BARE_COMMAND.fullmatch(text):
        return f"[{len(text)} {_kind(text)}]"
    if name not in _OPEN_QUOTES:
        text = _QUOTED.sub(lambda found: _masked(found[0].strip('"')), text)
    if name == "+CPIN" and command:
        text = "AT+CPIN=[PIN]"
    text = _HEX.sub(lambda found: f"[{len(found[0])} hex digits]", text)
    return _DIGITS.sub(lambda found: f"[{len(found[0])} digits]", text).replace("\n", " / ")


def _masked(quoted: str) -> str:
    return f'"[{len(quoted)} {_kind(quoted)}]"' if quoted else '""'


def _kind(text: str) -> str:
    if re.fullmatch(r"\+?\d+", text):
        return "digits"
    return "hex digits" if _HEX.fullmatch(text) else "characters"
