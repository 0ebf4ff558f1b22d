"""Looks at one modem without a service, and says what Outpost understands of it: for people, and for bug reports."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drivers import usb
from drivers.at_modem import AtModem, open_modem
from drivers.modem import ModemError
from drivers.trace import Trace

_LINE = re.compile(r"\S+ ([<>]) (.*)")
_FOUND_IN_BUNDLE, _TRANSCRIPT_IN_BUNDLE = "findings.json", "transcript.at.txt"

Findings = dict[str, Any]


def probe(port: str) -> tuple[Findings, str]:
    """What is at this port, and the transcript of finding out. No PIN is given and no SMS read, sent or deleted.

    Where the modem cannot be used, `error` says why; what was found until then is there all the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "transcript"
        trace = Trace(file)
        found: Findings = {"port": port, "usb": _usb(port), "error": "", "why_not": ""}
        modem = None
        try:
            modem = open_modem(port, on_news=lambda: None, trace=trace)
            found |= _ask(modem)
        except ModemError as error:
            found["error"] = str(error)
        finally:
            if modem is not None:
                modem.close()
            trace.close()
        transcript = file.read_text("utf-8")
    return found | {"commands": exchanges(transcript)}, transcript


def _usb(port: str) -> dict[str, str] | None:
    folder = usb.device_of(port)
    device = next((one for one in usb.devices() if folder is not None and one.place == folder.name), None)
    if device is None:
        return None
    return {"ids": f"{device.vendor}:{device.product}", "name": device.name, "socket": device.place}


def _ask(modem: AtModem) -> Findings:
    prepared = modem.prepared()
    registration = modem.registration()
    return {
        "modem": asdict(prepared.modem),
        "sim": asdict(prepared.sim),
        "registered": registration.registered.value,
        "network": registration.network,
        "signal_dbm": modem.signal(),
        "smsc": modem.smsc(),
        "storage": {memory: {"used": used, "size": size} for memory, (used, size) in modem.rooms().items()},
        "sweeps": [memory for memory in prepared.memories if memory],
        "quirks": asdict(prepared.quirks),
        "why_not": modem.why_not(),
    }


def exchanges(transcript: str) -> list[dict[str, Any]]:
    """A transcript as commands, each with the lines that came until the next."""
    found: list[dict[str, Any]] = []
    for line in transcript.splitlines():
        if (parts := _LINE.fullmatch(line)) is None:
            continue
        if parts[1] == ">":
            found.append({"asked": parts[2], "answered": []})
        elif found:
            found[-1]["answered"].append(parts[2])
    return found


def write_bundle(file: Path, found: Findings, transcript: str) -> None:
    """A ZIP file for a bug report, without personal data. Raises OSError."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(_FOUND_IN_BUNDLE, json.dumps(impersonal(found), indent=1))
        bundle.writestr(_TRANSCRIPT_IN_BUNDLE, transcript)


def impersonal(found: Findings) -> Findings:
    """The findings without what tells one SIM, one modem or one person from others.

    Kept are the type of the modem (first 8 digits of the IMEI, 23.003 §6.2), the issuer of the SIM (first 7 of the
    ICCID, E.118) and its network (first 5 of the IMSI).
    """
    modem, sim = found.get("modem"), found.get("sim")
    kept = dict(found)
    if modem:
        kept["modem"] = modem | {"imei": _beginning(modem["imei"], 8)}
    if sim:
        kept["sim"] = {
            "iccid": _beginning(sim["iccid"], 7), "imsi": _beginning(sim["imsi"], 5),
            "own_number": "known" if sim["own_number"] else None,
        }  # fmt: skip
    kept["smsc"] = "known" if found.get("smsc") else None
    kept["port"] = Path(found["port"]).name
    kept["error"] = re.sub(r"\d{6,}", lambda number: f"[{len(number[0])} digits]", found["error"])
    return kept


def _beginning(digits: str | None, length: int) -> str | None:
    return digits and digits[:length] + "…"
