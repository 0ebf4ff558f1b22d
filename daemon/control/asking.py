"""One asker's connection: the request as it comes, the answer as it goes, and nothing of either is waited for."""

from __future__ import annotations

import json
import socket
from typing import Any, BinaryIO

LONGEST_REQUEST = 65536
LONGEST_NUMBER = 63
"""Bits of a whole number, besides its sign: as many as SQLite keeps."""


class Asking:
    """`hear` until the request is whole, `answer` it, `tell` until all is told. Each may raise OSError, when the asker
    is gone."""

    def __init__(self, line: socket.socket, until: float) -> None:
        """`until` is how long it is borne with, in seconds of the monotonic clock."""
        line.setblocking(False)
        self.line = line
        self.until = until
        self._heard = bytearray()
        self._untold = b""

    @property
    def answered(self) -> bool:
        """Whether an answer is on its way."""
        return self._untold != b""

    def hear(self) -> bool:
        """Take in what has come; whether the request is whole. Raises ValueError when it never will be."""
        while not self._heard.endswith(b"\n"):
            try:
                chunk = self.line.recv(4096)
            except BlockingIOError:
                return False
            if not chunk or len(self._heard) > LONGEST_REQUEST:
                raise ValueError("it is cut off or too long")
            self._heard += chunk
        return True

    def request(self) -> dict[str, Any]:
        """What was heard. Raises TypeError, ValueError."""
        try:
            request = json.loads(self._heard.decode("utf-8-sig"), parse_int=_whole)
            json.dumps(request, ensure_ascii=False).encode()
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        except UnicodeEncodeError:
            raise ValueError("it holds half a character") from None
        except (UnicodeDecodeError, json.JSONDecodeError):
            raise ValueError("it is no JSON object") from None
        if not isinstance(request, dict):
            raise TypeError("it is no JSON object")
        return request

    def answer(self, answer: dict[str, Any], until: float) -> None:
        """Have an answer told. Of files, `opened` by name, it holds the names; they go beside it (SCM_RIGHTS, unix(7)),
        and are closed here."""
        self.until = until
        files: dict[str, BinaryIO] = answer.get("opened", {})
        if files:
            answer["opened"] = list(files)
        self._untold = json.dumps(answer).encode() + b"\n"
        try:
            if files:
                socket.send_fds(self.line, [b" "], [file.fileno() for file in files.values()])
        finally:
            for file in files.values():
                file.close()

    def tell(self) -> bool:
        """Send as much of the answer as the asker takes now; whether that was all."""
        try:
            self._untold = self._untold[self.line.send(self._untold):]
        except BlockingIOError:
            return False
        return not self._untold


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER or int(digits).bit_length() > LONGEST_NUMBER:  # int() refuses very many digits
        raise ValueError("it holds a number that is too large")
    return int(digits)
