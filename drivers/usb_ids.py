"""Which USB devices are modems, which of their interfaces takes AT commands, and which are still in storage mode: data.

Only what is listed here is ever opened without being named in the configuration: a GPS receiver or an Arduino is left
alone, and so is a bare USB-to-serial adapter, behind which anything may sit.
"""

from __future__ import annotations

from dataclasses import dataclass

AT_INTERFACES: dict[tuple[str, str], tuple[int, ...]] = {
    ("1e0e", "9001"): (2, 3),     # SIMCom SIM7500, SIM7600: 2 is AT, 3 a second
    ("2c7c", "0121"): (2, 3),     # Quectel EC21
    ("2c7c", "0125"): (2, 3),     # Quectel EC25, EG25
    ("1199", "9071"): (3,),       # Sierra MC7455
    ("1199", "9091"): (3,),       # Sierra EM7565
    ("1546", "1102"): (0, 2, 4),  # u-blox LISA, SARA-U
    ("1546", "1141"): (2, 0),     # u-blox TOBY-L2, back-compatible and medium throughput profiles
    ("1546", "1146"): (2, 0),     # u-blox TOBY-L2, fairly back-compatible profile
    ("1546", "1010"): (6,),       # u-blox TOBY-L4
    ("1bc7", "0021"): (0, 6),     # Telit HE910, UE910 (ACM)
    ("1bc7", "1003"): (0, 3),     # Telit UC864
    ("1bc7", "1004"): (0, 3),     # Telit UC864-G
    ("1bc7", "1201"): (3, 0),     # Telit LE920
    ("19d2", "0031"): (1, 3),     # ZTE MF110, MF626, MF636
    ("19d2", "0117"): (1, 2),     # ZTE MF667, MF668, MF190
    ("19d2", "0016"): (1, 2),     # ZTE MF110, K3520-Z
}
"""Vendor and product to the numbers of the interfaces that take AT commands, the best first."""

AT_CLASSES: dict[str, tuple[tuple[str, str, str], ...]] = {
    # PCUI before the modem port, which is for dialling (…/01): its URCs may go elsewhere.
    "12d1": (("ff", "01", "02"), ("ff", "02", "02"), ("ff", "03", "02"), ("ff", "02", "12"), ("ff", "01", "12")),
}
"""Vendor to class, subclass and protocol of the interfaces that take AT commands, the best first."""

MODEM_VENDORS = {
    "12d1": "Huawei", "2c7c": "Quectel", "1199": "Sierra Wireless", "1e0e": "SIMCom", "1bc7": "Telit", "19d2": "ZTE",
    "1e2d": "Cinterion", "0af0": "Option", "1c9e": "Longcheer",
}  # fmt: skip
"""Makers whose USB devices with serial ports are modems, all of them: which port takes AT commands is asked."""

AT_PROTOCOLS = frozenset(f"{number:02x}" for number in range(1, 7))
"""<bInterfaceProtocol> of a CDC-ACM interface that speaks AT commands (USB CDC PSTN 1.2, table 17: V.250, 27.007…)."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A device that is no modem just now: what it is, and what makes it one, as a sentence for people."""

    name: str
    why: str


_SWITCH = "Install the packages usb-modeswitch and usb-modeswitch-data, then unplug it and plug it in again."
_STORAGE = "the stick is in storage mode: it shows a disk with its Windows software instead of a modem. " + _SWITCH
_HILINK = (
    "the stick is a network card with web pages (HiLink) and takes no AT commands. Use one with the firmware for stick "
    "mode, or another stick."
)

NO_MODEM_YET: dict[tuple[str, str], Mode] = {
    ("12d1", "1446"): Mode("Huawei E1550, E173, E303", _STORAGE),
    ("12d1", "14fe"): Mode("Huawei E352, E353, E173s", _STORAGE),
    ("12d1", "1c0b"): Mode("Huawei E173s", _STORAGE),
    ("12d1", "1520"): Mode("Huawei K3765", _STORAGE),
    ("12d1", "1521"): Mode("Huawei K4505", _STORAGE),
    ("12d1", "1f01"): Mode("Huawei E353, E3131, E3372", _STORAGE),
    ("19d2", "2000"): Mode("ZTE MF180, MF190, MF636", _STORAGE),
    ("19d2", "0083"): Mode("ZTE MF190", _STORAGE),
    ("19d2", "0103"): Mode("ZTE MF112", _STORAGE),
    ("19d2", "1520"): Mode("ZTE MF652", _STORAGE),
    ("1c9e", "f000"): Mode("Longcheer, 4G Systems XSStick", _STORAGE),
    ("1bbb", "f000"): Mode("Alcatel X200, X060S", _STORAGE),
    ("0af0", "6971"): Mode("Option GlobeSurfer iCON", _STORAGE),
    ("1199", "0fff"): Mode("Sierra Wireless TRU-Install", _STORAGE),
    ("12d1", "14dc"): Mode("Huawei E3372, E3276, E3131 HiLink", _HILINK),
    ("12d1", "14db"): Mode("Huawei E353, E3131 HiLink", _HILINK),
}
"""Vendor and product of sticks that have to be switched, or can do no SMS by AT commands."""
