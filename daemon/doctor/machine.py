"""Checks of the clock, and of the service as systemd has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from daemon.doctor.finding import Findings, bad, ok, warn

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
SET = "set it: `sudo timedatectl set-time 'YYYY-MM-DD HH:MM:SS'`; a clock module keeps it through a power cut"
SERVICE = "outpost.service"


def check_clock(now: float, newest: float | None, root: Path) -> Findings:
    """`newest` is the newest event in the database, None when it cannot be read."""
    shown = datetime.fromtimestamp(now, UTC)
    if not EARLIEST <= shown < LATEST:
        yield bad("clock", f"the clock says {shown:%Y-%m-%d %H:%M} UTC", SET)
    elif newest is not None and now < newest:
        yield bad("clock", f"the clock says {shown:%Y-%m-%d %H:%M} UTC, and the database holds an event of "
                  f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d %H:%M}: nothing is sent until then", SET)  # fmt: skip
    elif not (root / "sys/class/rtc/rtc0").exists():
        yield warn("clock", "this machine has no clock that runs on while it is off", "fit a clock module, or set the "
                   "clock after each power cut before the service sends")  # fmt: skip
    else:
        yield ok("clock", f"{shown:%Y-%m-%d %H:%M} UTC")


def check_unit(systemctl: Callable[[str], str], root: Path) -> Findings:
    """`systemctl` gives the one word that `systemctl COMMAND outpost.service` answers. Without systemd: nothing."""
    if not (root / "run/systemd/system").is_dir():
        return
    active, enabled = systemctl("is-active"), systemctl("is-enabled")
    if active == "failed":
        yield bad("service", "it has failed, and is not started again", f"`journalctl -u {SERVICE} -n 20` says why; "
                  f"put it right, then `sudo systemctl reset-failed {SERVICE}` and `sudo systemctl start {SERVICE}`"
                  )  # fmt: skip
    elif active not in {"active", "reloading", "activating"}:
        yield bad("service", f"it does not run ({active or 'unknown to systemd'})", f"`sudo systemctl start {SERVICE}`")
    else:
        yield ok("service", f"it runs ({active})")
    if enabled not in {"enabled", "enabled-runtime", "static", "alias"}:
        yield warn("service", f"it is not started when the machine starts ({enabled or 'no unit'})",
                   f"`sudo systemctl enable {SERVICE}`")  # fmt: skip
