"""Numbers in a PDU: semi-octets, type of address, service centre (23.040 §9.1.2; 24.011 §8.2.5)."""

from __future__ import annotations

import re

from drivers import gsm7
from drivers.octets import MalformedPdu, Reader

INTERNATIONAL = 0x91  # international number, ISDN plan
UNKNOWN_TYPE = 0x81   # unknown type, ISDN plan: what networks want for national numbers and short codes
ALPHANUMERIC = 0xD0
MAX_DIGITS = 20

_TYPE_MASK = 0x70
_DIGITS = "0123456789*#abc"  # 23.040 §9.1.2.3; the sixteenth is filling
_FILLING = 0xF
_NUMBER = re.compile(rf"\+?[0-9]{{1,{MAX_DIGITS}}}")


def encode_address(number: str) -> bytes:
    """A destination or recipient: "+digits" is international, digits alone are of unknown type.

    Raises ValueError for anything else: no letters, spaces or signs, at most 20 digits.
    """
    kind, digits = _kind_and_digits(number)
    return bytes([len(digits), kind]) + _semi_octets(digits)


def encode_sender(sender: str) -> bytes:
    """An originating address: a number as in `encode_address`, else a name of up to 11 septets.

    Raises ValueError when it is neither.
    """
    if not sender:
        return bytes([0, UNKNOWN_TYPE])
    if _NUMBER.fullmatch(sender):
        return encode_address(sender)
    septets = gsm7.encode(sender)
    used_semi_octets = (7 * len(septets) + 3) // 4
    if used_semi_octets > MAX_DIGITS:
        raise ValueError("a sender's name has at most 11 characters")
    return bytes([used_semi_octets, ALPHANUMERIC]) + gsm7.pack(septets)


def encode_smsc(smsc: str | None) -> bytes:
    """The service centre before the TPDU; None is the one that the SIM holds.

    Raises ValueError as `encode_address` does.
    """
    if smsc is None:
        return b"\0"
    kind, digits = _kind_and_digits(smsc)
    octets = _semi_octets(digits)
    return bytes([1 + len(octets), kind]) + octets


def read_address(reader: Reader, what: str) -> str:
    """A number ("+digits" when international) or a name. Raises MalformedPdu."""
    length = reader.octet(what)
    kind = reader.octet(what)
    if length > MAX_DIGITS:
        raise MalformedPdu(f"{what} is longer than an address can be")
    octets = reader.take((length + 1) // 2, what)
    if kind & _TYPE_MASK == ALPHANUMERIC & _TYPE_MASK:
        return _name(octets, length * 4 // 7)
    return _with_plus(kind, _digits(octets, length))


def read_smsc(reader: Reader) -> str:
    """The service centre, "" when the PDU names none. Raises MalformedPdu."""
    what = "the service centre's address"
    length = reader.octet(what)
    if length == 0:
        return ""
    kind = reader.octet(what)
    return _with_plus(kind, _digits(reader.take(length - 1, what), 2 * (length - 1)))


def _name(octets: bytes, count: int) -> str:
    """Some senders count the seven spare bits behind a name of seven characters, which would read as an eighth, '@'."""
    septets = gsm7.unpack(octets, count)
    return gsm7.decode(septets[:7] if count == 8 and septets[7] == 0 else septets)


def _kind_and_digits(number: str) -> tuple[int, str]:
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"a number to text is 1 to {MAX_DIGITS} digits, with a + before them when international")
    return (INTERNATIONAL, number[1:]) if number.startswith("+") else (UNKNOWN_TYPE, number)


def _semi_octets(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes([int(padded[at + 1] + padded[at], 16) for at in range(0, len(padded), 2)])


def _digits(octets: bytes, count: int) -> str:
    nibbles = [nibble for octet in octets for nibble in (octet & 0xF, octet >> 4)]
    return "".join([_DIGITS[nibble] for nibble in nibbles[:count] if nibble != _FILLING])


def _with_plus(kind: int, digits: str) -> str:
    return f"+{digits}" if digits and kind & _TYPE_MASK == INTERNATIONAL & _TYPE_MASK else digits
