"""What each make of modem needs, as data: read by set-up, and never the only thing that set-up relies on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """The habits of one make. `signs` are looked for, in small letters, in what the modem says of its maker and model.

    `at_start` are commands sent before anything else is asked, `with_sim` when the SIM is ready; a refusal of either is
    no fault. `cnmi_modes` is the order of the first value of `AT+CNMI`. `memories` is the order in which a memory for
    arriving messages is looked for. `restart` makes a modem that answers nothing start anew; empty: nothing does.
    """

    make: str
    signs: tuple[str, ...]
    at_start: tuple[str, ...] = ()
    with_sim: tuple[str, ...] = ()
    cnmi_modes: tuple[int, ...] = (2, 1)
    memories: tuple[str, ...] = ("SM", "ME", "MT")
    acknowledge: str = "AT+CNMA"
    packed_ussd: bool = False
    restart: str = "AT+CFUN=1,1"  # full functionality after a reset (27.007 §8.2)
    slow_sms: bool = False  # SMS commands fail until the modem says that SMS are ready


HUAWEI = Quirks(
    "Huawei",
    ("huawei", "brovi"),
    at_start=("AT^CURC=0",), with_sim=("AT^PORTSEL=1",), cnmi_modes=(1, 2), packed_ussd=True,
)
ZTE = Quirks("ZTE", ("zte", "qualcomm"), at_start=("AT+CPMS?",), cnmi_modes=(1, 2))  # CPMS? ends a flood of +ZUSIMR:2
SIMCOM_LTE = Quirks("SIMCom", ("sim7", "a7670", "a7672"), cnmi_modes=(1, 2), slow_sms=True)
SIMCOM = Quirks("SIMCom", ("simcom", "sim800", "sim900"), slow_sms=True)
QUECTEL_SERIAL = Quirks("Quectel", ("m66", "m95", "m26", "uc15", "uc20", "ug95"), slow_sms=True)
QUECTEL = Quirks("Quectel", ("quectel",), cnmi_modes=(1, 2))
SIERRA = Quirks("Sierra", ("sierra",))
WAVECOM = Quirks("Wavecom", ("wavecom",), restart="AT+CFUN=1")  # it has no second parameter: 1 alone resets
TELIT = Quirks("Telit", ("telit",), slow_sms=True)
UBLOX = Quirks("u-blox", ("u-blox",))
CINTERION = Quirks("Cinterion", ("siemens", "cinterion", "gemalto", "thales"), acknowledge="AT+CNMA=1")
STANDARD = Quirks("", ())

MAKES = (HUAWEI, ZTE, SIMCOM_LTE, SIMCOM, QUECTEL_SERIAL, QUECTEL, SIERRA, WAVECOM, TELIT, UBLOX, CINTERION)
"""The narrower before the wider: the first whose sign is found is taken."""

CNMI_TARGETS = ((1, 0, 1), (1, 0, 2), (1, 0, 0))
"""<mt>,<bm>,<ds> of `AT+CNMI` (27.005 §3.4.1): reports inside a URC, then stored and announced, then none at all.
Inside a URC comes first because some modems store a report in "SR" and announce it as one in "SM"."""

ICCID_QUERIES = ("AT+CCID", "AT^ICCID?", "AT+QCCID", "AT+ICCID", "AT+CCID?")
"""Ways to ask for the ICCID, most common first; `AT+CRSM` on EF-ICCID is the last resort."""

RESTART_WORDS = ("RDY", "SMS READY", "CALL READY", "SMS DONE", "PB DONE", "+CPIN: READY", "#QSS: 3", "+READY")
"""What modems say unasked after they have started, in capitals: all that was set before is then lost."""

PLAIN_NEWS = (
    "RING", "NO CARRIER", "NO ANSWER", "NO DIALTONE", "BUSY", "CONNECT", "HANGUP", "NORMAL POWER DOWN", "OVER-VOLTAGE",
    "UNDER-VOLTAGE", "DST:", "RDY", "SMS READY", "CALL READY", "SMS DONE", "PB DONE", "MODEM:",
)
"""Beginnings, in capitals, of lines without a "+NAME:" that modems send unasked."""

NEWS_NAMES = frozenset({
    "+CMTI", "+CMT", "+CDSI", "+CDS", "+CBM", "+CBMI", "+CREG", "+CGREG", "+CEREG", "+C5GREG", "+CUSD", "+CRING",
    "+CLIP", "+CCWA", "+CGEV", "+CIEV", "+CTZV", "+CTZE", "+CTZDST", "+NITZ", "+PSUTTZ", "+CSSI", "+CSSU", "+COLP",
    "+CFUN", "+CPIN", "+CMGS", "+CMSS", "+QIND", "+QUSIM", "+QNITZ", "+WIND", "+ZUSIMR", "+ZPASR", "+ZDONR", "+ZPSTM",
    "+ZEND", "+STIN", "+PACSP0", "+PACSP1", "+UUSIMSTAT", "^RSSI", "^HCSQ", "^BOOT", "^MODE", "^DSFLOWRPT", "^CSNR",
    "^SRVST", "^SIMST", "^STIN", "^NWTIME", "^EONS", "^ORIG", "^CONF", "^CONN", "^CEND", "^CCIN", "^LWURC",
    "^NDISSTAT", "^SYSSTART", "#STN", "#QSS", "#NITZ",
})
"""Names of what modems send unasked. Needed only where an answer may carry a name other than its command's."""


def quirks_of(manufacturer: str, model: str) -> Quirks:
    """The habits of a modem by what it says of itself; of a standard one when nobody knows it."""
    said = f"{manufacturer} {model}".lower()
    return next((make for make in MAKES if any(sign in said for sign in make.signs)), STANDARD)
