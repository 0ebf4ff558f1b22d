"""What TP-DCS says of the user data (23.038 §4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Alphabet(StrEnum):
    """How the octets of user data are to be read."""

    GSM7 = "gsm7"
    OCTETS = "8bit"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class DataCoding:
    """TP-DCS taken apart. Class 0 is shown at once ("flash").

    `indication`: the message sets or clears a flag such as "voicemail waiting"; `discard`: its text need not be kept.
    """

    alphabet: Alphabet
    message_class: int | None = None
    compressed: bool = False
    indication: bool = False
    discard: bool = False


_GENERAL = (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM7)  # the fourth is reserved and reads as GSM7


def data_coding(dcs: int) -> DataCoding:
    """TP-DCS taken apart. Reserved values read as the default alphabet, as 23.038 §4 wants."""
    group = dcs >> 4
    if group < 0x8:  # general, and marked for automatic deletion
        return DataCoding(_GENERAL[dcs >> 2 & 3], dcs & 3 if dcs & 0x10 else None, compressed=bool(dcs & 0x20))
    if group < 0xC:
        return DataCoding(Alphabet.GSM7)
    if group < 0xF:
        alphabet = Alphabet.UCS2 if group == 0xE else Alphabet.GSM7
        return DataCoding(alphabet, indication=True, discard=group == 0xC)
    return DataCoding(Alphabet.OCTETS if dcs & 4 else Alphabet.GSM7, dcs & 3)
