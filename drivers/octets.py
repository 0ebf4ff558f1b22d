"""Reads a PDU octet by octet and says in plain words where it is broken."""

from __future__ import annotations

import re

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")


class MalformedPdu(ValueError):
    """The PDU cannot be read. The message is for people and holds nothing of the PDU."""


def from_hex(text: str) -> bytes:
    """The octets of a line of hexadecimal digits, white space around it ignored.

    Raises MalformedPdu.
    """
    line = text.strip()
    if not line:
        raise MalformedPdu("it is empty")
    if _HEX.fullmatch(line):
        return bytes.fromhex(line)
    if _HEX.fullmatch(line + "0"):
        raise MalformedPdu("it has an odd number of hexadecimal digits, so its end is missing")
    raise MalformedPdu("it holds something other than hexadecimal digits")


class Reader:
    """Walks over octets. `what` in each call names the field, for the message of MalformedPdu."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def octet(self, what: str) -> int:
        """The next octet."""
        return self.take(1, what)[0]

    def take(self, count: int, what: str) -> bytes:
        """The next `count` octets.

        Raises MalformedPdu when there are fewer.
        """
        end = self._at + count
        if end > len(self._octets):
            raise MalformedPdu(f"it ends inside {what}")
        taken = self._octets[self._at:end]
        self._at = end
        return taken
