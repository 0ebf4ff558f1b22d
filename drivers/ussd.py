"""USSD over AT: what a +CUSD line says (27.007 §7.15), and its text by its data coding scheme (23.038 §5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers import gsm7

_CUSD = re.compile(r'\+CUSD\s*:\s*(\d+)\s*(?:,\s*"(.*?)"\s*(?:,\s*(\d+))?)?', re.IGNORECASE | re.DOTALL)
_HEX = re.compile(r"(?:[0-9A-F]{2})+", re.IGNORECASE)
_TERMINATED, _OTHER_CLIENT = 2, 3


@dataclass(frozen=True, slots=True)
class UssdAnswer:
    """`ends` is True when it may only announce the end of the session, and the network's words may still follow."""

    text: str
    ends: bool


def answer_of(line: str) -> UssdAnswer | None:
    """What a +CUSD line says, None when it is none."""
    found = _CUSD.match(line)
    if found is None:
        return None
    status = int(found[1])
    return UssdAnswer(decode(found[2] or "", int(found[3] or 15)), status in {_TERMINATED, _OTHER_CLIENT})


def decode(text: str, dcs: int) -> str:
    """The text that a modem gives by this scheme: plain, packed 7-bit in hexadecimal digits, or UCS-2 in them.

    Modems mislabel: UCS-2 under a 7-bit scheme is known by its zero octets, plain hexadecimal digits by their reading.
    """
    if len(text) < 4 or not _HEX.fullmatch(text):
        return text
    octets = bytes.fromhex(text)
    if _is_ucs2(dcs) or _looks_ucs2(octets):
        return octets.decode("utf-16-be", "replace")
    if all(0x20 <= octet < 0x7F or octet in b"\r\n" for octet in octets) and not text.isdecimal():
        return octets.decode("ascii")
    return text if text.isdecimal() else gsm7.decode(gsm7.unpack_ussd(octets))


def packed(code: str) -> str:
    """A code as hexadecimal digits of packed 7-bit octets, as some Huawei modems want it. Raises ValueError."""
    return gsm7.pack_ussd(gsm7.encode(code)).hex().upper()


def _is_ucs2(dcs: int) -> bool:
    return dcs == 0x11 or (dcs & 0xC0 == 0x40 and dcs & 0x0C == 0x08)  # 23.038 §5


def _looks_ucs2(octets: bytes) -> bool:
    """At least half of the leading octets zero, or the same small value: letters of one script."""
    if len(octets) % 2 or len(octets) < 4:
        return False
    high = octets[::2]
    return sum(octet in {0x00, 0x04} for octet in high) * 4 >= len(high) * 3
