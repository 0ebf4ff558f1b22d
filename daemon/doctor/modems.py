"""Checks of modems and SIMs: what the kernel shows of USB, who else uses the ports, and what the service has seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daemon.core.message import SimState
from daemon.doctor.finding import Findings, bad, ok, warn
from daemon.settings import Modems
from drivers import usb
from drivers.port import MODEM_MANAGER, why_no_port, why_taken

RULES = ("etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
RULE = "70-outpost.rules"


def check_plugged(modems: Modems, root: Path) -> Findings:
    """That there is a modem, and that what looks like one is one."""
    found = usb.sticks(root) if modems.discover else []
    useless = [stick for stick in found if stick.why_not]
    for stick in useless:
        what, _, cure = stick.why_not.partition(". ")
        yield bad("modems", what, cure)
    named = [port for port in modems.ports if (root / port.lstrip("/")).exists()]
    for port in sorted({*modems.ports}.difference(named)):
        yield bad("modems", f"{port}, named in [modems] ports, does not exist",
                  "plug the modem in, or correct the path; a name under /dev/serial/by-id stays the same")  # fmt: skip
    usable = len(found) - len(useless) + len(named)
    if usable:
        yield ok("modems", f"{usable} plugged in")
    elif not useless:
        yield bad("modems", "no modem is plugged in", "plug one in, at a powered hub; `lsusb` shows whether the "
                  "machine sees it. A modem that is not found by itself goes into [modems] ports")  # fmt: skip


def check_autosuspend(root: Path) -> Findings:
    """A modem whose USB socket sleeps forgets what it was told, or comes back under another name."""
    for stick in usb.sticks(root):
        control = root / "sys/bus/usb/devices" / stick.device.place / "power/control"
        try:
            sleeps = control.read_text("utf-8").strip() == "auto"
        except OSError:
            continue
        if sleeps:
            yield warn("USB sleep", f"{stick.device.name} in socket {stick.device.place} may be put to sleep",
                       f"`echo on | sudo tee {control}` now; for each time that it is plugged in, {RULE} has to be "
                       f"installed and to name its vendor, {stick.device.vendor}")  # fmt: skip


def check_modem_manager(root: Path) -> Findings:
    """ModemManager opens each modem that it finds and talks in between."""
    if not usb.runs(MODEM_MANAGER, root):
        yield ok("ModemManager", "does not run")
    elif any((root / folder / RULE).is_file() for folder in RULES):
        yield ok("ModemManager", f"runs, and is kept away from the modems by {RULE}")
    else:
        yield bad("ModemManager", "runs, and nothing keeps it away from the modems",
                  f"install systemd/{RULE} in /etc/udev/rules.d, then `sudo udevadm control --reload`, `sudo udevadm "
                  "trigger`, `sudo systemctl restart ModemManager`; or `sudo systemctl disable --now ModemManager`"
                  )  # fmt: skip


def check_ports(modems: Modems, root: Path) -> Findings:
    """While the service does not run, nobody else may have the ports either."""
    found = usb.sticks(root) if modems.discover else []
    for port in dict.fromkeys((*modems.ports, *(port for stick in found for port in stick.ports))):
        here = str(root / port.lstrip("/")) if port in modems.ports else port
        why = why_no_port(here) or why_taken(here, root)
        if why and Path(here).exists():
            what, _, cure = why.partition(". ")
            yield bad("ports", what, cure)


def check_seen(modems: Sequence[dict[str, Any]], sims: Sequence[dict[str, Any]]) -> Findings:
    """What the running service says of each port and each SIM."""
    for modem in modems:
        what, _, cure = modem["reason"].partition(". ")
        if modem["state"] in {"lost", "unusable"}:
            yield bad("modems", f"{modem['port']}: {what or modem['state']}",
                      cure or "unplug it and plug it in again; `outpost modem probe` shows what it says")  # fmt: skip
        elif what:
            yield warn("modems", f"{modem['port']}: {what}", cure or "it is looked at again every few seconds")
    used = [sim for sim in sims if sim["state"] != SimState.ABSENT]
    for sim in used:
        yield from _check_sim(sim)
    if not used:
        yield bad("SIMs", "no SIM is in use", "put one into each modem; one that wants its PIN needs pin_file: see "
                  "`outpost modems` for what each modem says")  # fmt: skip


def _check_sim(sim: dict[str, Any]) -> Findings:
    state, iccid, reason = sim["state"], sim["iccid"], sim["reason"]
    told = f"{iccid} is {state}" + (f": {reason}" if reason else "")
    if state == SimState.BLOCKED:
        yield bad("SIMs", told, f"find out from the network why, then `outpost sim resume {iccid}`")
    elif state == SimState.LOCKED:
        yield bad("SIMs", told, "put the PIN right in its pin_file, or switch it off in a telephone; a PUK is needed "
                  f"after three wrong ones. Then `outpost sim pin-again {iccid}`")  # fmt: skip
    elif state == SimState.RESTING:
        yield warn("SIMs", told, "nothing: the rest ends by itself. If it comes again, slow down in [throttle]")
    elif state == SimState.PAUSED:
        yield warn("SIMs", told, f"`outpost sim resume {iccid}` lets it send again")
    else:
        yield ok("SIMs", told)
