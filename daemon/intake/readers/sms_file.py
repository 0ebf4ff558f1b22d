"""Reads a message file of SMS Server Tools: headers, a blank line, and the text to the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import Fault, Item, Note, Row, Unreadable, shortened
from daemon.intake.readers.source import Source
from drivers import gsm7

OTHER_FORMAT: Final = (
    "this kind of file is not taken: drop a list as .csv (with the columns to and text), .jsonl, .xlsx, .vcf or .ufdr, "
    "or a message file of SMS Server Tools"
)
_HEADER: Final = re.compile(r"([A-Za-z][A-Za-z_-]{0,40}):[ \t]*(.*)")
_MOST_HEADER: Final = 16 * 1024
_SPLIT: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
_CARRIED: Final = frozenset({"to", "flash", "priority", "validity", "alphabet"})
_REFUSED: Final[Mapping[str, str]] = {
    "binary": "binary messages", "hex": "binary messages", "text_is_pdu": "ready PDUs", "voicecall": "voice calls",
    "system_message": "system messages", "ping": "pings", "include": "texts in other files", "macro": "macros",
    "udh": "user data headers of their own", "udh-data": "user data headers of their own",
}  # fmt: skip
_NO: Final = frozenset({"", "0", "no", "false", "off"})
_YES: Final = frozenset({"1", "yes", "true", "on"})
_UNITS: Final[Mapping[str, timedelta]] = {
    "min": timedelta(minutes=1), "hou": timedelta(hours=1), "day": timedelta(days=1), "wee": timedelta(weeks=1),
    "mon": timedelta(days=30), "yea": timedelta(days=365),
}  # fmt: skip
_VALIDITY: Final = re.compile(r"(\d{1,3})(?:\s*([a-z]{3,})s?)?")
_MOST_VALIDITY: Final = 255
_TO: Final = "to"


def read(source: Source, columns: Mapping[str, str]) -> Iterator[Item]:
    """One row for each `To`. A validity counts from now, since the file does not say when it was written."""
    del columns  # its headers have names of their own
    data = source.read()
    blank = _SPLIT.search(data)
    head, body = (data[: blank.start()], data[blank.end() :]) if blank else (data, b"")
    headers = _headers(head)
    if headers is None or _TO not in {name for name, _ in headers}:
        yield Unreadable(OTHER_FORMAT)
        return
    for name, value in headers:
        if name in _REFUSED and value.lower() not in _NO:
            yield Unreadable(f"the header {name.capitalize()} asks for {_REFUSED[name]}, which are never sent", 0, name)
            return
    said = dict(headers)
    text = _text(body, said.get("alphabet", ""))
    if isinstance(text, Unreadable):
        yield text
        return
    unused = sorted({name for name, _ in headers} - _CARRIED - _REFUSED.keys())
    if unused:
        yield Note(f"headers that are not used: {', '.join(unused)}")
    cells, faults = _cells(said)
    recipients = [each for name, value in headers if name == _TO for each in re.split(r"[,;]", value)]
    for row, to in enumerate(recipients, 1):
        yield Row(row, 1, {**cells, "to": _number(to), "text": text}, faults)


def _headers(head: bytes) -> list[tuple[str, str]] | None:
    """Names in lower case with their values, None when a line is none."""
    if len(head) > _MOST_HEADER:
        return None
    found = []
    for line in head.decode("latin-1").removeprefix("\u00ef\u00bb\u00bf").splitlines():
        header = _HEADER.fullmatch(line.strip())
        if header is None:
            return None
        found.append((header[1].lower(), header[2].strip()))
    return found


def _text(body: bytes, alphabet: str) -> str | Unreadable:
    """The text: the first three letters of the alphabet's name count. Line ends behind the last line are no text."""
    match alphabet.strip().lower()[:3]:
        case "" | "iso" | "lat" | "ans" | "utf":
            encoding = encoding_of(body) if body else "utf-8"
            text = encoding if isinstance(encoding, Unreadable) else body.decode(encoding)
        case "gsm":
            text = gsm7.decode(bytes(octet & 0x7F for octet in body.rstrip(b"\r\n")))
        case "ucs":
            octets = body.removesuffix(b"\n" if len(body) % 2 else b"")
            if len(octets) % 2:
                return Unreadable("the text is cut off: UCS has two octets for each character", 0, "alphabet")
            text = octets.decode("utf-16-be", "surrogatepass")
        case _:
            name = shortened(alphabet, 20)
            return Unreadable(f"the alphabet {name} is none of ISO, GSM, UTF-8 and UCS", 0, "alphabet")
    return text if isinstance(text, Unreadable) else text.rstrip("\r\n")


def _number(to: str) -> str:
    """International digits without "+"; a leading "s" marks a short number, which is never texted."""
    digits = re.sub(r"\s", "", to)
    if re.fullmatch(r"s[0-9]+", digits, re.IGNORECASE):
        return digits[1:]
    return f"+{digits}" if digits.isascii() and digits.isdigit() and not digits.startswith("0") else to.strip()


def _cells(headers: Mapping[str, str]) -> tuple[dict[str, str], list[Fault]]:
    cells: dict[str, str] = {}
    if (flash := headers.get("flash", "").lower()) not in _NO:
        cells["flash"] = "yes" if flash in _YES else flash
    if headers.get("priority", "").lower() == "high":
        cells["priority"] = "high"
    if written := headers.get("validity", ""):
        validity = _validity(written.lower())
        if validity is None:
            reason = "not a validity: write a number from 0 to 255, or one with min, hour, day, week, month or year"
            return cells, [Fault("validity", shortened(written), reason)]
        cells["not_after"] = (datetime.now(UTC) + validity).isoformat(timespec="seconds")
    return cells, []


def _validity(written: str) -> timedelta | None:
    """A TP-Validity-Period in its relative form (23.040 §9.2.3.12.1), or a number with its unit."""
    match = _VALIDITY.fullmatch(written.strip())
    if match is None:
        return None
    number = int(match[1])
    if match[2]:
        unit = _UNITS.get(match[2][:3])
        return None if unit is None else number * unit
    if number > _MOST_VALIDITY:
        return None
    if number <= 143:
        return (number + 1) * timedelta(minutes=5)
    if number <= 167:
        return timedelta(hours=12) + (number - 143) * timedelta(minutes=30)
    return timedelta(days=number - 166) if number <= 196 else timedelta(weeks=number - 192)
