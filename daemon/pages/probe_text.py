"""What a probe of one modem found, as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def probe_lines(found: dict[str, Any]) -> Iterator[str]:
    """The findings, then each command with its answer."""
    for name, value in _facts(found):
        yield f"{name:<12}{value}"
    yield ""
    for exchange in found["commands"]:
        yield f"{exchange['asked']:<28}{' | '.join(exchange['answered']) or 'no answer'}".rstrip()


def _facts(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "port", found["port"]
    if found["usb"]:
        yield "USB", f"{found['usb']['name']} ({found['usb']['ids']}) at socket {found['usb']['socket']}"
    if "modem" in found:
        yield from _modem_facts(found)
    trouble = found["error"] or found["why_not"]
    yield "can send", f"no: {trouble}" if trouble else "yes"


def _modem_facts(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    modem, sim, quirks = found["modem"], found["sim"], found["quirks"]
    yield "modem", " ".join(filter(None, (modem["manufacturer"], modem["model"], modem["firmware"])))
    yield "IMEI", modem["imei"] or "not told"
    yield "ICCID", sim["iccid"] or "not told"
    yield "IMSI", sim["imsi"] or "not told"
    yield "own number", sim["own_number"] or "not told"
    yield "network", f"{found['registered']} {found['network']}".strip()
    yield "signal", "not known" if found["signal_dbm"] is None else f"{found['signal_dbm']} dBm"
    yield "SMSC", found["smsc"] or "not told"
    yield "storage", ", ".join(f"{name} {room['used']}/{room['size']}" for name, room in found["storage"].items())
    yield "quirks", quirks["make"] or "none: treated as a standard modem"
