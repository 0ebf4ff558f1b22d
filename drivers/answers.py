"""What the lines of modems' answers mean: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from drivers.lines import is_hex, name_of, octets_over
from drivers.types import Registered

_SOLICITED = re.compile(r"\+C[G5E]*REG\s*:\s*(?:\d\s*,\s*(\d{1,3})|0\d\d\s*,\s*(\d{3,4}))\s*(?:,|$)", re.IGNORECASE)
_STATES = {
    0: Registered.NO, 1: Registered.HOME, 2: Registered.SEARCHING, 3: Registered.DENIED, 4: Registered.UNKNOWN,
    5: Registered.ROAMING, 6: Registered.HOME, 7: Registered.ROAMING, 8: Registered.NO, 9: Registered.HOME,
    10: Registered.ROAMING, 11: Registered.NO,
}
_COPS = re.compile(r'\+COPS\s*:\s*\d\s*,\s*\d\s*,\s*"?([^",]*)', re.IGNORECASE)
_ACT = re.compile(r'\+COPS\s*:\s*\d\s*,\s*\d\s*,\s*(?:"[^"]*"|[^",]*)\s*,\s*(\d{1,2})\s*$', re.IGNORECASE)
_BEARERS = {
    0: "GSM", 1: "GSM", 2: "UMTS", 3: "EDGE", 4: "HSPA", 5: "HSPA", 6: "HSPA", 7: "LTE", 8: "GSM", 9: "LTE", 10: "5G",
    11: "5G", 12: "5G", 13: "5G",
}
_FIRST_ROOM = re.compile(r':\s*(?:"?[A-Z]{2}(?:_P)?"?\s*,\s*)?(\d+)(?:\s*,\s*(\d+))?')
_CNUM = re.compile(r'\+CNUM\s*:\s*[^,]*,\s*"?(\+?\d+)', re.IGNORECASE)
_MEMORY = re.compile(r'"?\b([A-Z]{2}(?:_P)?)\b"?')
_COMMA_OUTSIDE = re.compile(r",(?![^(]*\))")
_ROOM = re.compile(r'"?([A-Z]{2})"?\s*,\s*(\d+)\s*,\s*(\d+)', re.IGNORECASE)
_CSCA = re.compile(r'\+CSCA\s*:\s*"?(\+?\d{3,}[0-9A-F]*)', re.IGNORECASE)
_CMTI = re.compile(r'\+C(?:MT|DS)I\s*:\s*"?(\w*)"?\s*,\s*(\d+)', re.IGNORECASE)
_CMGL = re.compile(r"\+CMGL\s*:\s*(\d+)\s*(?:,\s*(\d*).*)?$", re.IGNORECASE)
_CMGR = re.compile(r"\+CMGR\s*:\s*(?:(\d*)\s*,.*|\d+\s*)", re.IGNORECASE)
_CMGS = re.compile(r"\+CMGS\s*:\s*(\d+)", re.IGNORECASE)
_HEX_DIGITS = re.compile(r"[0-9A-F]+", re.IGNORECASE)
_CRSM = re.compile(r'\+CRSM\s*:\s*144\s*,\s*0\s*,\s*"?([0-9A-F]+)"?', re.IGNORECASE)
_ICCID = re.compile(r"(?<![0-9A-Z])[89][0-9A-F]{17,20}(?![0-9A-Z])", re.IGNORECASE)
_OUTBOUND_STATES = frozenset({"2", "3"})  # <stat> "stored unsent" and "stored sent" (27.005 §3.1)


def registered(lines: Iterable[str]) -> Registered | None:
    """<stat> of an answer to AT+CREG?, +CGREG? or +CEREG? (27.007 §7.2). A URC of the same name has one field less."""
    for line in lines:
        if found := _SOLICITED.match(line):
            return _STATES.get(int(found[1] or found[2]), Registered.UNKNOWN)
    return None


def network_name(lines: Iterable[str]) -> str:
    """The operator in an answer to AT+COPS? (27.007 §7.3), empty when there is none."""
    return next((found[1].strip() for line in lines if (found := _COPS.match(line))), "")


def bearer(lines: Iterable[str]) -> str:
    """What carries the connection, by <AcT> of an answer to AT+COPS? (27.007 §7.3); empty when it is not said."""
    for line in lines:
        if found := _ACT.match(line):
            return _BEARERS.get(int(found[1]), "")
    return ""


def own_number(lines: Iterable[str]) -> str | None:
    """The first number in an answer to AT+CNUM (27.007 §7.1)."""
    return next((found[1] for line in lines if (found := _CNUM.match(line))), None)


def serial_digits(lines: Iterable[str], least: int = 14, most: int = 16) -> str:
    """The first number of that many digits: an IMEI or IMSI, behind whatever a modem writes before it."""
    pattern = re.compile(rf"(?<!\d)\d{{{least},{most}}}(?!\d)")
    return next((found[0] for line in lines if (found := pattern.search(line))), "")


def smsc(lines: Iterable[str]) -> str:
    """The service centre's number in an answer to AT+CSCA? (27.005 §3.3.1), empty when there is none.

    Modems with another character set give it as hexadecimal UCS-2.
    """
    return next((found[1] for line in lines if (found := _CSCA.match(line))), "")


def plain_text(lines: Sequence[str], name: str) -> str:
    """The first line of an answer without its "+NAME:" and quotes."""
    text = lines[0] if lines else ""
    if name_of(text) == name:
        text = text.partition(":")[2]
    return text.strip().strip('"').strip()


def iccid(lines: Iterable[str]) -> str:
    """The ICCID in any answer that gives one (ITU-T E.118: it begins with 89), empty when there is none.

    Some modems give it as it lies on the SIM, with the digits of each octet swapped.
    """
    for line in lines:
        for found in _ICCID.findall(line.partition(":")[2] if ":" in line else line):
            digits = found.upper().rstrip("F")
            if not digits.startswith("89"):
                digits = swapped(found).upper().rstrip("F")
            if digits.startswith("89") and 18 <= len(digits) <= 20:
                return str(digits)
    return ""


def iccid_of_file(lines: Iterable[str]) -> str:
    """The ICCID in an answer to AT+CRSM=176,12258,0,0,10: EF-ICCID, digits swapped (51.011 §10.1.1)."""
    for line in lines:
        if found := _CRSM.match(line):
            digits = swapped(found[1]).upper().rstrip("F")
            return digits if digits.startswith("89") else ""
    return ""


def swapped(digits: str) -> str:
    """Each pair of digits turned round; a last one without a partner stays."""
    return "".join(digits[at + 1:at + 2] + digits[at] for at in range(0, len(digits), 2))


def memories(lines: Iterable[str]) -> list[list[str]]:
    """The memories that AT+CPMS=? offers for reading, writing and receiving (27.005 §3.2.2): three lists, maybe empty.

    Tolerates what modems make of it: one pair of brackets too many, no brackets, no quotes.
    """
    for line in lines:
        if name_of(line) != "+CPMS":
            continue
        said = line.partition(":")[2].strip()
        if "(" not in said:
            flat = _MEMORY.findall(said)
            third = max(1, len(flat) // 3)
            return [flat[at:at + third] for at in range(0, len(flat), third)][:3]
        if said.startswith("((") and said.endswith("))"):
            said = said[1:-1]
        return [_MEMORY.findall(place) for place in _COMMA_OUTSIDE.split(said)]
    return []


def room(lines: Iterable[str]) -> tuple[int, int] | None:
    """(slots in use, slots in all) of the first memory in an answer to AT+CPMS="…" (27.005 §3.2.2)."""
    for line in lines:
        if name_of(line) == "+CPMS" and (found := _FIRST_ROOM.search(line)):
            return int(found[1]), int(found[2] or 0)
    return None


def rooms(lines: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Memory to slots in use and slots in all, of an answer to AT+CPMS? (27.005 §3.2.2)."""
    for line in lines:
        if name_of(line) == "+CPMS":
            return {name.upper(): (int(used), int(size)) for name, used, size in _ROOM.findall(line)}
    return {}


def values_offered(text: str) -> list[set[int]]:
    """A test answer such as "+CNMI: (0-2),(0,1,3),2" as one set of values for each place (27.007 §5.4)."""
    places: list[set[int]] = []
    for group, single in re.findall(r"\(([^()]*)\)|(\d+)", text.partition(":")[2]):
        places.append({
            value
            for low, high in re.findall(r"(\d+)(?:\s*-\s*(\d+))?", group or single)
            for value in range(int(low), min(int(high or low), 255) + 1)
        })
    return places


def hint(line: str) -> tuple[str, int] | None:
    """(memory, index) of +CMTI or +CDSI (27.005 §3.4.1). The memory is empty when it is not named."""
    found = _CMTI.match(line)
    if found is None:
        return None
    return found[1].upper() if found[1].isalpha() else "", int(found[2])


def reference(line: str) -> int | None:
    """The MR of +CMGS (27.005 §3.5.1), whatever stands behind it."""
    found = _CMGS.match(line)
    return int(found[1]) & 0xFF if found else None


def listed(lines: Iterable[str], *, outbound: bool = False) -> list[tuple[int, str]]:
    """(index, PDU) of every inbound message in an answer to AT+CMGL=4 (27.005 §4.1); with `outbound` of every one.

    What stands between two headers belongs to the first, be it garbage: the index of the next stays right. A header
    that is glued to the PDU before it counts as one.
    """
    entries: list[tuple[str, re.Match[str], list[str]]] = []
    for line in lines:
        before, glued, header = line.rpartition("+CMGL:")
        if before and entries:
            entries[-1][2].append(before)
        found = _CMGL.match(glued + header)
        if found:
            entries.append((line, found, []))
        elif entries and not glued:
            entries[-1][2].append(line)
    return [
        (int(found[1]), pdu) for header, found, body in entries
        if (pdu := _inbound(header, "" if outbound else found[2], body)) is not None
    ]


def one_read(lines: Sequence[str]) -> str | None:
    """The PDU in an answer to AT+CMGR (27.005 §4.2), None when the slot is empty or holds an outbound message."""
    for at, line in enumerate(lines):
        if found := _CMGR.match(line):
            return _inbound(line, found[1], lines[at + 1:])
    return None


def _inbound(header: str, state: str | None, body: Sequence[str]) -> str | None:
    """The PDU among the lines behind a header, or what stands in its place. A URC may have torn it in two."""
    pieces = [line for line in body if _HEX_DIGITS.fullmatch(line)]
    whole = [pdu for pdu in (*pieces, "".join(pieces)) if octets_over(header, pdu) == 0]
    pdu = whole[0] if whole else next((line for line in reversed(body) if is_hex(line)), "".join(body))
    return None if state in _OUTBOUND_STATES and _is_submit(pdu) else pdu


def _is_submit(pdu: str) -> bool:
    """TP-MTI of the octet behind the SMSC is 01: SMS-SUBMIT (23.040 §9.2.3.1)."""
    if not is_hex(pdu):
        return False
    at = 2 * (1 + int(pdu[:2], 16))
    return pdu[at:at + 2] != "" and int(pdu[at:at + 2], 16) & 3 == 1
