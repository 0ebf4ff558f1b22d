"""User data of a PDU with its header: text and concatenation in, octets out, and back (23.040 §9.2.3.24)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from drivers import gsm7
from drivers.alphabet import Encoding
from drivers.data_coding import Alphabet, DataCoding, data_coding
from drivers.octets import MalformedPdu, Reader
from drivers.types import Concat, Content

MAX_OCTETS = 140
MAX_SEPTETS = 160


class _Element(IntEnum):
    """Information elements that matter here; all others are passed over by their length (23.040 §9.2.3.24)."""

    CONCAT_8 = 0x00
    SPECIAL_INDICATION = 0x01
    PORTS_8 = 0x04
    PORTS_16 = 0x05
    CONCAT_16 = 0x08
    SINGLE_SHIFT = 0x24
    LOCKING_SHIFT = 0x25


@dataclass(frozen=True, slots=True)
class UserData:
    """What came. `data` holds the octets behind the header, except for plain GSM 7-bit text, where it is empty.

    UCS-2 text has them too: a sender may cut a surrogate pair between two parts, and each half alone reads as U+FFFD.
    """

    text: str
    content: Content
    concat: Concat | None
    encoding: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    octets: int  # its length octet included
    concat: Concat | None = None
    ports: bool = False
    indication: bool = False
    single: int = 0
    locking: int = 0


_NO_HEADER = _Header(0)


def encode_user_data(text: str, encoding: Encoding, concat: Concat | None) -> bytes:
    """TP-UDL and TP-UD of one part.

    Raises ValueError when it does not fit, or is not in the alphabet.
    """
    header = _concat_header(concat) if concat else b""
    if encoding is Encoding.UCS2:
        octets = header + text.encode("utf-16-be")
        length = len(octets)
    else:
        septets = gsm7.encode(text)
        octets = header + gsm7.pack(septets, _fill_bits(len(header)))
        length = _septets_of(len(header)) + len(septets)
    if len(octets) > MAX_OCTETS:
        raise ValueError("the text is too long for one part")
    return bytes([length]) + octets


def read_user_data(reader: Reader, dcs: int, *, has_header: bool) -> UserData:
    """TP-UDL and TP-UD. What follows them is left unread.

    Raises MalformedPdu.
    """
    coding = data_coding(dcs)
    in_septets = coding.alphabet is Alphabet.GSM7 and not coding.compressed
    length = reader.octet("the length of the text")
    if length > (MAX_SEPTETS if in_septets else MAX_OCTETS):
        raise MalformedPdu("its text is longer than a part can hold")
    octets = reader.take((length * 7 + 7) // 8 if in_septets else length, "the text")
    header = _read_header(octets) if has_header and octets else _NO_HEADER
    if in_septets:
        text, data = _read_septets(octets, length, header), b""
    else:
        data = octets[header.octets:]
        is_text = coding.alphabet is Alphabet.UCS2 and not coding.compressed
        text = data.decode("utf-16-be", "replace") if is_text else ""
    content = _content(coding, header, text)
    if content is Content.DATA and in_septets:
        data = octets[header.octets:]
    return UserData(text, content, header.concat, coding.alphabet.value, data)


def _content(coding: DataCoding, header: _Header, text: str) -> Content:
    if header.ports or coding.compressed or coding.alphabet is Alphabet.OCTETS:
        return Content.DATA
    if coding.discard or (not text and (coding.indication or header.indication)):
        return Content.INDICATION
    return Content.TEXT


def _read_septets(octets: bytes, length: int, header: _Header) -> str:
    count = length - _septets_of(header.octets)
    if count <= 0:
        return ""
    septets = gsm7.unpack(octets[header.octets:], count, _fill_bits(header.octets))
    return gsm7.decode(septets, locking=header.locking, single=header.single)


def _read_header(octets: bytes) -> _Header:
    size = 1 + octets[0]
    if size > len(octets):
        raise MalformedPdu("the header of its text is longer than the text")
    concat = None
    ports = indication = False
    single = locking = 0
    for element, value in _elements(octets[1:size]):
        match element, len(value):
            case (_Element.CONCAT_8, 3) | (_Element.CONCAT_16, 4):
                concat = _concat(value) or concat
            case (_Element.PORTS_8, 2) | (_Element.PORTS_16, 4):
                ports = True
            case _Element.SPECIAL_INDICATION, 2:
                indication = True
            case _Element.SINGLE_SHIFT, 1:
                single = value[0]
            case _Element.LOCKING_SHIFT, 1:
                locking = value[0]
    return _Header(size, concat, ports, indication, single, locking)


def _elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that are whole; one that runs over the end of the header is dropped."""
    at = 0
    while at + 2 <= len(octets):
        end = at + 2 + octets[at + 1]
        if end > len(octets):
            return
        yield octets[at], octets[at + 2:end]
        at = end


def _concat(value: bytes) -> Concat | None:
    """A concatenation element, None where 23.040 §9.2.3.24.1 wants it ignored: no parts, or a part beyond the last."""
    *ref, total, seq = value
    if not 1 <= seq <= total:
        return None
    return Concat(int.from_bytes(ref), total, seq, 8 * len(ref))


def _concat_header(concat: Concat) -> bytes:
    wide = concat.ref_bits == 16
    element = _Element.CONCAT_16 if wide else _Element.CONCAT_8
    value = concat.ref.to_bytes(2 if wide else 1) + bytes([concat.total, concat.seq])
    return bytes([2 + len(value), element, len(value)]) + value


def _septets_of(header_octets: int) -> int:
    """Septets that a header takes up, the filling behind it included."""
    return (header_octets * 8 + 6) // 7


def _fill_bits(header_octets: int) -> int:
    return -header_octets * 8 % 7
