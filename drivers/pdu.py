"""Texts to SMS-SUBMIT, and what a modem hands over to values (23.040 §9.2.2); for the simulator, the other way too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drivers import address_field, time_field
from drivers.alphabet import Encoding, encoding_of, split
from drivers.data_coding import data_coding
from drivers.octets import MalformedPdu, Reader, from_hex
from drivers.types import Concat, Content, Deliver, Received, StatusReport, SubmitPdu, Undecodable
from drivers.user_data import encode_user_data, read_user_data

SIMULATED_SMSC = "+447785016005"
MAX_PARTS = 255

# First octet (23.040 §9.2.3.1 and its neighbours). The message type depends on the direction.
_TYPE = 0x03
_DELIVER, _SUBMIT, _STATUS_REPORT = 0, 1, 2
_RESERVED = 3                # is to be read as a deliver
_NO_MORE_MESSAGES = 0x04
_VALIDITY_FORMAT = 0x18
_RELATIVE_VALIDITY = 0x10
_WANTS_REPORT = 0x20
_HAS_HEADER = 0x40
_TYPE_0 = 0x40  # TP-PID: to be acknowledged and not shown (23.040 §9.2.3.9)
_VALIDITY_OCTETS = {0x00: 0, 0x08: 7, 0x10: 1, 0x18: 7}

_DCS = {Encoding.GSM7: 0x00, Encoding.UCS2: 0x08}
_FLASH_DCS = {Encoding.GSM7: 0x10, Encoding.UCS2: 0x18}  # class 0: shown at once


@dataclass(frozen=True, slots=True)
class Submitted:
    """SMS-SUBMIT as it was written (23.040 §9.2.2.2).

    `validity` is TP-VP as it stands: empty, one octet when relative, seven when not.
    """

    pdu: str
    recipient: str
    text: str
    concat: Concat | None
    mr: int
    status_report: bool
    validity: bytes
    dcs: int
    flash: bool
    encoding: str = "gsm7"
    content: Content = Content.TEXT
    pid: int = 0
    smsc: str = ""
    data: bytes = b""

    @property
    def validity_seconds(self) -> int | None:
        """How long the SMSC tries, None when the PDU leaves that to it or names a moment instead."""
        return time_field.decode_relative_validity(self.validity[0]) if len(self.validity) == 1 else None


def encode(
    recipient: str,
    text: str,
    *,
    concat_ref: int,
    validity_hours: float | None,
    status_report: bool,
    flash: bool = False,
    smsc: str | None = None,
) -> list[SubmitPdu]:
    """The parts of one message, in the cheapest encoding that holds all of `text`.

    `recipient` and `smsc` are "+digits" or digits; `smsc` None is the SIM's own. `concat_ref` (0-65535) is used for
    more than one part; above 255 it takes 16 bits, and a part holds less. `validity_hours` None leaves it to the SMSC;
    else it is rounded down to what TP-VP can say, from 5 minutes to 63 weeks. TP-MR is 0: the modem sets it.
    Raises ValueError for a bad number, more than 255 parts, or a text with half a surrogate pair.
    """
    ref_bits = 8 if concat_ref <= 0xFF else 16
    if not 0 <= concat_ref <= 0xFFFF:
        raise ValueError("a concatenation reference is from 0 to 65535")
    texts = split(text, ref_bits)
    if len(texts) > MAX_PARTS:
        raise ValueError(f"the text makes {len(texts)} parts; a message has at most {MAX_PARTS}")
    encoding = encoding_of(text)
    first = _SUBMIT | (_WANTS_REPORT if status_report else 0) | (_HAS_HEADER if len(texts) > 1 else 0)
    validity = b""
    if validity_hours is not None:
        first |= _RELATIVE_VALIDITY
        validity = bytes([time_field.encode_relative_validity(validity_hours * 3600)])
    dcs = (_FLASH_DCS if flash else _DCS)[encoding]
    front = bytes([first, 0]) + address_field.encode_address(recipient) + bytes([0, dcs]) + validity
    centre = address_field.encode_smsc(smsc)
    parts = []
    for seq, part in enumerate(texts, start=1):
        concat = Concat(concat_ref, len(texts), seq, ref_bits) if len(texts) > 1 else None
        tpdu = front + encode_user_data(part, encoding, concat)
        parts.append(SubmitPdu(_hex(centre + tpdu), len(tpdu)))
    return parts


def decode(pdu_hex: str, *, tpdu_only: bool = False) -> Received:
    """What a modem handed over. Never raises: what cannot be read is an Undecodable.

    `tpdu_only`: no SMSC octet stands in front.
    """
    try:
        reader = Reader(from_hex(pdu_hex))
        smsc = "" if tpdu_only else address_field.read_smsc(reader)
        first = reader.octet("the message type")
        kind = first & _TYPE
        if kind == _STATUS_REPORT:
            return _read_status_report(pdu_hex, reader)
        if kind in {_DELIVER, _RESERVED}:
            return _read_deliver(pdu_hex, reader, smsc, has_header=bool(first & _HAS_HEADER))
        return Undecodable(pdu_hex, "it is a message that was stored for sending")
    except MalformedPdu as fault:
        return Undecodable(pdu_hex, str(fault))


def is_status_report(pdu_hex: str) -> bool:
    """Whether an inbound PDU is a status report, by its first octet (23.040 §9.2.3.1)."""
    try:
        reader = Reader(from_hex(pdu_hex))
        address_field.read_smsc(reader)
        return reader.octet("the message type") & _TYPE == _STATUS_REPORT
    except MalformedPdu:
        return False


def decode_submit(pdu_hex: str, *, tpdu_only: bool = False) -> Submitted:
    """A PDU that was, or would be, handed to a modem for sending.

    Raises ValueError with a reason in plain words.
    """
    reader = Reader(from_hex(pdu_hex))
    smsc = "" if tpdu_only else address_field.read_smsc(reader)
    first = reader.octet("the message type")
    if first & _TYPE != _SUBMIT:
        raise MalformedPdu("it is no message for sending")
    mr = reader.octet("the message reference")
    recipient = address_field.read_address(reader, "the recipient's number")
    pid = reader.octet("the protocol identifier")
    dcs = reader.octet("the data coding scheme")
    validity = reader.take(_VALIDITY_OCTETS[first & _VALIDITY_FORMAT], "the validity period")
    user = read_user_data(reader, dcs, has_header=bool(first & _HAS_HEADER))
    return Submitted(
        pdu_hex, recipient, user.text, user.concat, mr, bool(first & _WANTS_REPORT), validity, dcs,
        flash=data_coding(dcs).message_class == 0, encoding=user.encoding, content=user.content, pid=pid, smsc=smsc,
        data=user.data,
    )


def encode_deliver(
    sender: str, text: str, scts: datetime, *, concat: Concat | None = None, smsc: str = SIMULATED_SMSC,
) -> str:
    """One part of an inbound message, as a network would send it: hexadecimal, SMSC first.

    Raises ValueError when it does not fit one part, or the sender or time cannot be written.
    """
    first = _DELIVER | _NO_MORE_MESSAGES | (_HAS_HEADER if concat else 0)
    encoding = encoding_of(text)
    return _hex(
        address_field.encode_smsc(smsc) + bytes([first]) + address_field.encode_sender(sender)
        + bytes([0, _DCS[encoding]]) + time_field.encode_timestamp(scts) + encode_user_data(text, encoding, concat),
    )


def encode_status_report(
    mr: int, recipient: str, scts: datetime, discharge: datetime, status: int, *, smsc: str = SIMULATED_SMSC,
) -> str:
    """A status report, as a network would send it: hexadecimal, SMSC first. `status` is TP-ST.

    Raises ValueError when a field cannot be written.
    """
    return _hex(
        address_field.encode_smsc(smsc) + bytes([_STATUS_REPORT | _NO_MORE_MESSAGES, mr])
        + address_field.encode_address(recipient) + time_field.encode_timestamp(scts)
        + time_field.encode_timestamp(discharge) + bytes([status]),
    )


def _read_deliver(pdu: str, reader: Reader, smsc: str, *, has_header: bool) -> Deliver:
    sender = address_field.read_address(reader, "the sender's number")
    pid = reader.octet("the protocol identifier")
    dcs = reader.octet("the data coding scheme")
    scts = time_field.decode_timestamp(reader.take(time_field.TIMESTAMP_OCTETS, "the service centre's time"))
    user = read_user_data(reader, dcs, has_header=has_header)
    content = Content.INDICATION if pid == _TYPE_0 else user.content
    return Deliver(pdu, sender, user.text, scts, content, user.concat, user.encoding, dcs, pid, smsc, user.data)


def _read_status_report(pdu: str, reader: Reader) -> StatusReport:
    """Optional fields behind TP-ST are left unread: nothing in them changes what the report says."""
    mr = reader.octet("the message reference")
    recipient = address_field.read_address(reader, "the recipient's number")
    scts = time_field.decode_timestamp(reader.take(time_field.TIMESTAMP_OCTETS, "the service centre's time"))
    discharge = time_field.decode_timestamp(reader.take(time_field.TIMESTAMP_OCTETS, "the discharge time"))
    return StatusReport(pdu, mr, recipient, reader.octet("the status"), scts, discharge)


def _hex(octets: bytes) -> str:
    return octets.hex().upper()
