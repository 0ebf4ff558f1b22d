"""What a modem's or network's refusal means, and what a status report says: as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from drivers.types import RefusalClass

_RECIPIENT, _SIM = RefusalClass.RECIPIENT, RefusalClass.SIM
_TEMPORARY, _CONGESTION = RefusalClass.TEMPORARY, RefusalClass.CONGESTION
_MODEM, _MESSAGE = RefusalClass.MODEM, RefusalClass.MESSAGE
_UNKNOWN, _AMBIGUOUS = RefusalClass.UNKNOWN, RefusalClass.AMBIGUOUS
_ACCEPTED_BEFORE, _STORAGE = RefusalClass.ACCEPTED_BEFORE, RefusalClass.STORAGE

_Table = Mapping[int, tuple[RefusalClass, str]]

# The words are those of the specifications, so that the verbose answers of a modem find their codes here too.
_CMS: _Table = {
    # RP-cause, 24.011 annex E
    1: (_RECIPIENT, "unassigned number"),
    8: (_SIM, "operator determined barring"),
    10: (_AMBIGUOUS, "call barred"),
    17: (_TEMPORARY, "network failure"),
    21: (_AMBIGUOUS, "short message transfer rejected"),
    22: (_CONGESTION, "congestion"),
    27: (_TEMPORARY, "destination out of service"),
    28: (_SIM, "unidentified subscriber"),
    29: (_SIM, "facility rejected"),
    30: (_AMBIGUOUS, "unknown subscriber"),
    38: (_TEMPORARY, "network out of order"),
    41: (_TEMPORARY, "temporary failure"),
    42: (_CONGESTION, "congestion"),
    47: (_CONGESTION, "resources unavailable, unspecified"),
    50: (_SIM, "requested facility not subscribed"),
    69: (_SIM, "requested facility not implemented"),
    81: (_MESSAGE, "invalid short message transfer reference value"),
    95: (_MESSAGE, "invalid message, unspecified"),
    96: (_MESSAGE, "invalid mandatory information"),
    97: (_MESSAGE, "message type non-existent or not implemented"),
    98: (_MESSAGE, "message not compatible with short message protocol state"),
    99: (_MESSAGE, "information element non-existent or not implemented"),
    111: (_MESSAGE, "protocol error, unspecified"),
    127: (_AMBIGUOUS, "interworking, unspecified"),
    # TP-FCS, 23.040 §9.2.3.22
    128: (_MESSAGE, "telematic interworking not supported"),
    129: (_MESSAGE, "short message type 0 not supported"),
    130: (_MESSAGE, "cannot replace short message"),
    143: (_MESSAGE, "unspecified TP-PID error"),
    144: (_MESSAGE, "data coding scheme (alphabet) not supported"),
    145: (_MESSAGE, "message class not supported"),
    159: (_MESSAGE, "unspecified TP-DCS error"),
    160: (_MESSAGE, "command cannot be actioned"),
    161: (_MESSAGE, "command unsupported"),
    175: (_MESSAGE, "unspecified TP-command error"),
    176: (_MESSAGE, "TPDU not supported"),
    192: (_CONGESTION, "SC busy"),
    193: (_SIM, "no SC subscription"),
    194: (_TEMPORARY, "SC system failure"),
    195: (_RECIPIENT, "invalid SME address"),
    196: (_RECIPIENT, "destination SME barred"),
    197: (_ACCEPTED_BEFORE, "SM rejected-duplicate SM"),
    198: (_MESSAGE, "TP-VPF not supported"),
    199: (_MESSAGE, "TP-VP not supported"),
    208: (_STORAGE, "SIM SMS storage full"),
    209: (_STORAGE, "no SMS storage capability in SIM"),
    210: (_STORAGE, "error in MS"),
    211: (_STORAGE, "memory capacity exceeded"),
    212: (_STORAGE, "SIM application toolkit busy"),
    213: (_STORAGE, "SIM data download error"),
    255: (_AMBIGUOUS, "unspecified error cause"),
    # the modem's own, 27.005 §3.2.5
    300: (_MODEM, "ME failure"),
    301: (_TEMPORARY, "SMS service of ME reserved"),
    302: (_TEMPORARY, "operation not allowed"),
    303: (_MESSAGE, "operation not supported"),
    304: (_MESSAGE, "invalid PDU mode parameter"),
    305: (_MESSAGE, "invalid text mode parameter"),
    310: (_SIM, "SIM not inserted"),
    311: (_SIM, "SIM PIN required"),
    312: (_SIM, "PH-SIM PIN required"),
    313: (_SIM, "SIM failure"),
    314: (_TEMPORARY, "SIM busy"),
    315: (_SIM, "SIM wrong"),
    316: (_SIM, "SIM PUK required"),
    317: (_SIM, "SIM PIN2 required"),
    318: (_SIM, "SIM PUK2 required"),
    320: (_MODEM, "memory failure"),
    321: (_MODEM, "invalid memory index"),
    322: (_MODEM, "memory full"),
    330: (_SIM, "SMSC address unknown"),
    331: (_TEMPORARY, "no network service"),
    332: (_UNKNOWN, "network timeout"),
    340: (_UNKNOWN, "no +CNMA acknowledgement expected"),  # an answer to something else: it says nothing of the part
    500: (_UNKNOWN, "unknown error"),
    515: (_TEMPORARY, "modem busy"),  # beyond the specification, and the same at every make that has it
}

_CME: _Table = {  # 27.007 §9.2
    0: (_MODEM, "phone failure"),
    1: (_MODEM, "no connection to phone"),
    2: (_MODEM, "phone-adaptor link reserved"),
    3: (_TEMPORARY, "operation not allowed"),
    4: (_MESSAGE, "operation not supported"),
    5: (_SIM, "PH-SIM PIN required"),
    6: (_SIM, "PH-FSIM PIN required"),
    7: (_SIM, "PH-FSIM PUK required"),
    10: (_SIM, "SIM not inserted"),
    11: (_SIM, "SIM PIN required"),
    12: (_SIM, "SIM PUK required"),
    13: (_SIM, "SIM failure"),
    14: (_TEMPORARY, "SIM busy"),
    15: (_SIM, "SIM wrong"),
    16: (_SIM, "incorrect password"),  # a wrong PIN: tries are few, a person must act
    17: (_SIM, "SIM PIN2 required"),
    18: (_SIM, "SIM PUK2 required"),
    20: (_STORAGE, "memory full"),
    21: (_MESSAGE, "invalid index"),
    22: (_MESSAGE, "not found"),
    23: (_MESSAGE, "memory failure"),
    24: (_MESSAGE, "text string too long"),
    25: (_MESSAGE, "invalid characters in text string"),
    26: (_MESSAGE, "dial string too long"),
    27: (_MESSAGE, "invalid characters in dial string"),
    30: (_TEMPORARY, "no network service"),
    31: (_UNKNOWN, "network timeout"),
    32: (_SIM, "network not allowed - emergency calls only"),
    40: (_SIM, "network personalization PIN required"),
    41: (_SIM, "network personalization PUK required"),
    42: (_SIM, "network subset personalization PIN required"),
    43: (_SIM, "network subset personalization PUK required"),
    44: (_SIM, "service provider personalization PIN required"),
    45: (_SIM, "service provider personalization PUK required"),
    46: (_SIM, "corporate personalization PIN required"),
    47: (_SIM, "corporate personalization PUK required"),
    48: (_SIM, "hidden key required"),
    100: (_MODEM, "unknown"),
    103: (_SIM, "illegal MS"),
    106: (_SIM, "illegal ME"),
    111: (_SIM, "PLMN not allowed"),
    112: (_SIM, "location area not allowed"),
    113: (_SIM, "roaming not allowed in this location area"),
    256: (_TEMPORARY, "operation temporarily not allowed"),
    257: (_SIM, "call barred"),
    258: (_TEMPORARY, "phone is busy"),
    262: (_SIM, "SIM blocked"),
    515: (_TEMPORARY, "modem busy"),
}

# Codes from 512 on are each maker's own. The key is found in what the modem says of its manufacturer.
_WAVECOM: _Table = {
    512: (_TEMPORARY, "could not start the transfer"),
    513: (_UNKNOWN, "radio link or acknowledgement lost"),
    514: (_CONGESTION, "service centre or network busy"),
}
_SIEMENS: _Table = {512: (_TEMPORARY, "stopped by the user")}
_VENDORS: Mapping[str, _Table] = {
    "wavecom": _WAVECOM,
    "sierra": _WAVECOM,  # took over Wavecom's modems and their codes
    "siemens": _SIEMENS,
    "cinterion": _SIEMENS,
    "gemalto": _SIEMENS,
    "thales": _SIEMENS,
}
_FIRST_VENDOR_CODE = 512


def classify(
    kind: str, code: int | None, manufacturer: str = "", *, after_pdu: bool = True,
) -> tuple[RefusalClass, str]:
    """Whom a refusal speaks of, and what it says in short.

    `kind` is "CMS", "CME" or "ERROR", `code` None for a bare ERROR, `manufacturer` as the modem gives it.
    `after_pdu`: the PDU had been written. Before that nothing can have left, so what would be UNKNOWN is AMBIGUOUS.
    """
    if code is None:
        # The modem's final word that it did not do it: the part has not left, unlike after a timeout, where even the
        # modem cannot know. But it names neither recipient nor SIM.
        return _AMBIGUOUS, "refused without a reason"
    cls, meaning = _look_up(kind, code, manufacturer)
    return (_AMBIGUOUS if cls is _UNKNOWN and not after_pdu else cls), meaning


def code_of_text(text: str) -> int | None:
    """The code of a verbose answer (`AT+CMEE=2`), such as "+CMS ERROR: network timeout"; the prefix may be missing.

    Case, brackets and punctuation do not matter. None when nobody knows the text.
    """
    prefix, colon, words = text.rpartition(":")
    words = words.strip()
    if re.fullmatch(r"[0-9]{1,5}", words):
        return int(words)
    table = _CME_TEXTS if colon and "CME" in prefix.upper() else _CMS_TEXTS
    return table.get(_normal(words))


class Delivery(StrEnum):
    """What a status report says has become of a part."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    UNDELIVERED = "undelivered"


def delivery(status: int) -> Delivery:
    """The class of a TP-ST (23.040 §9.2.3.15). WAITING: the SMSC still tries, and another report follows.

    Values from 128 on are reserved and read as "service rejected", as that clause wants.
    """
    if status < 0x20:
        return Delivery.DELIVERED
    return Delivery.WAITING if status < 0x40 else Delivery.UNDELIVERED


def status_meaning(status: int) -> str:
    """TP-ST in short plain words."""
    if status in _STATUS:
        return _STATUS[status]
    if status < 0x20:
        return "complete, for a reason of the service centre's own"
    if status < 0x40:
        return "not delivered yet, still trying"
    if status < 0x60:
        return "permanent error, no more tries"
    return "temporary error, no more tries" if status < 0x80 else "service rejected"


_STATUS: Mapping[int, str] = {
    0x00: "received by the phone",
    0x01: "passed on, delivery not confirmed",
    0x02: "replaced by the service centre",
    0x20: "congestion, still trying",
    0x21: "phone busy, still trying",
    0x22: "no response from the phone, still trying",
    0x23: "service rejected, still trying",
    0x24: "quality of service not available, still trying",
    0x25: "error in the phone, still trying",
    0x40: "remote procedure error",
    0x41: "incompatible destination",
    0x42: "connection rejected by the phone",
    0x43: "not obtainable",
    0x44: "quality of service not available",
    0x45: "no interworking available",
    0x46: "validity period expired",
    0x47: "deleted by the sender",
    0x48: "deleted by the service centre",
    0x49: "message does not exist",
    0x60: "congestion, no more tries",
    0x61: "phone busy, no more tries",
    0x62: "no response from the phone, no more tries",
    0x63: "service rejected, no more tries",
    0x64: "quality of service not available, no more tries",
    0x65: "error in the phone, no more tries",
}


def _look_up(kind: str, code: int, manufacturer: str) -> tuple[RefusalClass, str]:
    if kind == "CMS" and code >= _FIRST_VENDOR_CODE:
        maker = manufacturer.casefold()
        for name, table in _VENDORS.items():
            if name in maker and code in table:
                return table[code]
    table = _CME if kind == "CME" else _CMS
    return table.get(code, (_UNKNOWN, f"{kind} error {code}, which nobody explains"))


def _normal(words: str) -> str:
    """Words alone, in one case. Specifications write "(U)SIM", "SIM" and "unassigned (unallocated) number"."""
    words = words.casefold().replace("(u)sim", "sim").replace("usim", "sim").replace("(unallocated)", "")
    return " ".join(re.findall(r"[a-z0-9]+", words))


def _by_text(table: _Table) -> Mapping[str, int]:
    return {_normal(meaning): code for code, (_, meaning) in table.items()}


_CMS_TEXTS = _by_text(_CMS)
_CME_TEXTS = _by_text(_CME)
