"""The whole examination of a station: every check in the order in which a person would put things right."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from daemon.access import ADMINS, OPERATORS
from daemon.control.client import Denied, NoDaemon, answers, ask
from daemon.doctor import database, disks, folders, machine, modems
from daemon.doctor.finding import Finding, Findings, bad, ok
from daemon.settings import Modems, Settings, SettingsError, load
from daemon.store import DatabaseUnusable, Outbox, Store, Views
from drivers.usb import ROOT

TOOL_SECONDS = 20.0
"""How long systemctl or smartctl may take."""


def examine(config: Path, now: float, root: Path = ROOT) -> list[Finding]:
    """Look at everything. `root` is where /sys, /proc, /run and /etc of the machine are found."""
    return [*_examine(config, now, root)]


def _examine(config: Path, now: float, root: Path) -> Findings:
    try:
        settings = load(config)
    except SettingsError as error:
        for fault in error.problems:
            yield bad("configuration", f"{config}: {fault}", f"`sudoedit {config}`; the example beside the docs "
                      "explains each key")  # fmt: skip
        yield from _machine(Modems(), root)
        return
    yield ok("configuration", f"{config} can be used")
    station = settings.station
    members = _members()
    yield from folders.check_groups(members, settings.sending.approval)
    yield from folders.check_folders(settings, _number_of(OPERATORS))
    if members and not os.access(station.state_dir, os.W_OK):
        yield from folders.check_user(folders.user_name(os.geteuid()), _session(), members)
    yield from folders.check_access(station.state_dir)
    yield from folders.check_word_lists(settings.replies.triage_dir)
    for name, folder in (("state", station.state_dir), ("spool", station.spool_dir)):
        yield from disks.check_media(name, folder, root)
    yield from disks.check_one_spool(station.spool_dir)
    yield from disks.check_room(station.state_dir, station.spool_dir)
    yield from disks.check_health(station.state_dir, root, _smart)
    yield from _machine(settings.modems, root)
    yield from _database(settings, now, root)


def _machine(ports: Modems, root: Path) -> Findings:
    yield from machine.check_unit(_systemctl, root)
    yield from modems.check_modem_manager(root)
    yield from modems.check_plugged(ports, root)
    yield from modems.check_autosuspend(root)


def _database(settings: Settings, now: float, root: Path) -> Findings:
    """What the database tells, as far as this user may read it."""
    running = answers(settings.station.control_socket)
    if not running:
        yield from modems.check_ports(settings.modems, root)
    path = settings.station.database
    if not os.access(path.parent, os.R_OK | os.X_OK):
        yield from machine.check_clock(now, None, root)
        with contextlib.suppress(NoDaemon, Denied):
            status = ask(settings.station.control_socket, {"do": "read status"})
            yield from modems.check_seen(status["modems"], status["sims"])
        return
    yield from database.check_wal(path)
    yield from database.check_backups(settings, now)
    try:
        with contextlib.closing(Store(path, read_only=True)) as store:
            damage = store.damage()
            yield from database.check_database(path, damage)
            yield from machine.check_clock(now, None if damage else Outbox(store).newest_event(), root)
            if running and not damage:
                views = Views(store)
                yield from modems.check_seen(views.modems(), views.sims())
    except DatabaseUnusable as error:
        what, _, cure = str(error).partition(". ")
        yield bad("database", what, cure or "`sudo systemctl start outpost`")
        yield from machine.check_clock(now, None, root)


def _members() -> dict[str, frozenset[str]]:
    """Who is in each of the two groups, as far as they exist: those named there, and those whose own group it is."""
    found = {}
    for name in (OPERATORS, ADMINS):
        with contextlib.suppress(KeyError):
            group = grp.getgrnam(name)
            own = (user.pw_name for user in pwd.getpwall() if user.pw_gid == group.gr_gid)
            found[name] = frozenset((*group.gr_mem, *own))
    return found


def _number_of(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _session() -> frozenset[str]:
    """The groups of this process, by name."""
    return frozenset(group.gr_name for group in grp.getgrall() if group.gr_gid in {os.getegid(), *os.getgroups()})


def _systemctl(command: str) -> str:
    return _said("systemctl", command, machine.SERVICE).strip()


def _smart(disk: str) -> str | None:
    """None without smartctl, or for whoever may not ask the disk."""
    return _said("smartctl", "-H", f"/dev/{disk}") or None


def _said(program: str, *arguments: str) -> str:
    """What a program prints; "" where it is missing, or does not answer."""
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=TOOL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
