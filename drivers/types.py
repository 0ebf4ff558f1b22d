"""The values that pass between Outpost and its modems: frozen, and free of hardware."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SimIdentity:
    """Who is throttled. `imsi` begins with MCC and MNC of the home network."""

    iccid: str
    imsi: str | None = None
    own_number: str | None = None


@dataclass(frozen=True, slots=True)
class ModemIdentity:
    """The device that a SIM sits in just now. An empty string is 'it does not say'."""

    imei: str
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""


class Registered(StrEnum):
    """`AT+CREG?` <stat> (27.007 §7.2)."""

    HOME = "home"
    ROAMING = "roaming"
    SEARCHING = "searching"
    DENIED = "denied"
    NO = "not registered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the modem is registered. `network` is the operator's name as the modem gives it; `bearer` is "GSM", "EDGE",
    "UMTS", "HSPA", "LTE" or "5G", empty when it does not say.
    """

    registered: Registered
    network: str = ""
    bearer: str = ""


@dataclass(frozen=True, slots=True)
class SubmitPdu:
    """One part, encoded. `hex` starts with the SMSC octet ("00": the SIM's own); `tpdu_octets` leaves it out,
    as `AT+CMGS=<length>` wants (27.005 §4.3)."""

    hex: str
    tpdu_octets: int


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the modem keeps a message: a memory ("SM", "ME", "SR") and an index in it."""

    memory: str
    index: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """A PDU as the modem handed it over, undecoded. `slot` is None when it came inside a URC and nothing stores it."""

    pdu: str
    slot: Slot | None


@dataclass(frozen=True, slots=True)
class Concat:
    """The concatenation header of one part (23.040 §9.2.3.24.1 and .8). `seq` counts from 1."""

    ref: int
    total: int
    seq: int
    ref_bits: int = 8


class Content(StrEnum):
    """What the user data of a deliver is. Only TEXT is shown to people as text."""

    TEXT = "text"
    DATA = "data"          # 8-bit, WAP push, MMS notice, application ports
    INDICATION = "indication"  # voicemail flags without text


@dataclass(frozen=True, slots=True)
class Deliver:
    """SMS-DELIVER (23.040 §9.2.2.1). `sender`: "+digits" if international, digits if not, letters if a name."""

    pdu: str
    sender: str
    text: str
    scts: datetime | None
    content: Content = Content.TEXT
    concat: Concat | None = None
    encoding: str = "gsm7"
    dcs: int = 0
    pid: int = 0
    smsc: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """SMS-STATUS-REPORT (23.040 §9.2.2.3). `status` is TP-ST as it stands. An impossible time reads as None."""

    pdu: str
    mr: int
    recipient: str
    status: int
    scts: datetime | None
    discharge: datetime | None


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A PDU that nobody can read. It is kept raw; `reason` is for people and holds no digits of it."""

    pdu: str
    reason: str


Received = Deliver | StatusReport | Undecodable


class RefusalClass(StrEnum):
    """Whom a refusal speaks of."""

    RECIPIENT = "recipient"
    SIM = "sim"
    TEMPORARY = "temporary"
    CONGESTION = "congestion"
    MODEM = "modem"
    MESSAGE = "message"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    ACCEPTED_BEFORE = "accepted before"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The SMSC has the part. `mr` is its TP-Message-Reference (0-255)."""

    mr: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The part was turned down and did not leave. `code` is None for a bare ERROR. `kind` is "CMS", "CME" or "ERROR".

    `meaning` is a short plain text, such as "call barred".
    """

    kind: str
    code: int | None
    cls: RefusalClass
    meaning: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The part may have left: no answer, an answer that cannot be understood, or the port went."""

    reason: str
    exchanged: str = field(default="", compare=False)
    """The last lines that passed, oldest first, redacted: ">" to the modem, "<" from it."""


Outcome = Accepted | Refused | InDoubt
