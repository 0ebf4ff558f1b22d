"""Takes numbers and texts of people out of log lines, and gives each number a tag instead."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from daemon.core.blanking import TAG, replaced
from daemon.core.chain import Head

HARDWARE_KEYS = frozenset({"sim", "iccid", "imsi", "imei"})  # of a SIM or a modem, not of a person: kept whole
HEAD_KEY = "head"  # of the record, as a Head: people compare it. Text under this key is treated as any other
SECRET_KEYS = frozenset({"text", "body", "pdu", "pin", "puk"})  # dropped whatever they hold
PERSON_KEYS = frozenset({"number", "recipient", "sender", "own_number", "msisdn"})  # a number however short

_MAX_INT = 10**9          # from here an integer may be a number too, unless its key says that it counts bytes
_TAIL_DIGITS = 3
_TAG_DIGITS = 6
_ALIKE_DIGITS = 9         # +447700900123 and 07700 900123 agree in these, and get one tag

_HARDWARE = re.compile(r"[0-9]{14,22}[Ff]?")  # IMSI, IMEI, ICCID: longer than the numbers of people

_key = secrets.token_bytes(32)


def set_key(key: bytes) -> None:
    """Take the station's own key for tags; until then they are made with a key of this run alone."""
    global _key  # noqa: PLW0603 - one key for a process, set once at the start
    _key = key


def person(number: str) -> str:
    """A number as logs show it: its last three digits and a keyed tag, "…123#9f3ac1".

    The tag is the start of an HMAC-SHA256 over the last nine digits, so that the national and international forms of a
    number agree. A name (an alphanumeric sender) and a number of three digits or fewer show the tag alone.
    """
    digits = "".join(filter(str.isdigit, number))
    tail = digits[-_TAIL_DIGITS:] if len(digits) > _TAIL_DIGITS else ""
    alike = digits[-_ALIKE_DIGITS:] or number.strip().casefold()
    return f"…{tail}#{hmac.digest(_key, alike.encode('utf-8', 'replace'), 'sha256').hex()[:_TAG_DIGITS]}"


def scrub(text: str) -> str:
    """A text without anything that may be somebody's number, or a PDU. ISO dates and times stay."""
    return replaced(text, _instead)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last step before a line is written."""
    return {key: value if key == "timestamp" else _clean(key, value) for key, value in event.items()}


def _instead(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "pdu":
        return "[pdu]"
    return person(match[0]) if kind == "number" else match[0]


def _clean(key: object, value: Any) -> Any:
    """A value that holds nothing of people. What is not known to be harmless shows its type alone."""
    if _of_no_person(key, value):
        return str(value)
    if key in SECRET_KEYS:
        return "[redacted]"
    if isinstance(value, str):
        return person(value) if key in PERSON_KEYS and value and not re.fullmatch(TAG, value) else scrub(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MAX_INT or str(key).endswith("bytes") else person(str(value))
    if isinstance(value, Mapping):
        return {scrub(str(inner)): _clean(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, item) for item in value]
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {scrub(str(value))}"
    if isinstance(value, os.PathLike | date | timedelta):
        return scrub(str(value))
    return f"[{type(value).__name__}]"


def _of_no_person(key: object, value: Any) -> bool:
    if key == HEAD_KEY:
        return isinstance(value, Head) and Head.parse(str(value)) == value
    return key in HARDWARE_KEYS and _HARDWARE.fullmatch(str(value)) is not None
