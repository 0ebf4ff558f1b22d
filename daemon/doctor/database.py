"""Checks of the database and its backups."""

from __future__ import annotations

from pathlib import Path

from daemon.core.spans import HOUR
from daemon.doctor.finding import Findings, bad, ok, warn
from daemon.settings import Settings
from daemon.store.backup import newest_at, way_back
from daemon.store.wal import log_of

MIB = 1 << 20
LONG_WAL, HUGE_WAL = 64 * MIB, 1024 * MIB
LATE = 2
"""A backup that is so many times as old as it should be did not come."""
BY_HAND_HOURS = 7 * 24
"""How old the newest may be where backups are made by hand alone."""


def check_database(path: Path, damage: str) -> Findings:
    """`damage` is what SQLite finds wrong with the file, "" for nothing."""
    if damage:
        yield bad("database", f"{path} is damaged: {damage}", f"`sudo systemctl stop outpost`. {way_back(path)}")
    else:
        yield ok("database", f"{path} is whole")


def check_wal(database: Path) -> Findings:
    """The write-ahead log grows while some program keeps an old picture of the database open."""
    wal = log_of(database)
    size = wal.stat().st_size if wal.exists() else 0
    told = f"{wal} has {size // MIB} MiB"
    cure = f"`sudo fuser -v {database}` names who holds the database open: end all but the service, then restart that"
    if size >= HUGE_WAL:
        yield bad("database log", told, cure)
    elif size >= LONG_WAL:
        yield warn("database log", told, cure)
    else:
        yield ok("database log", told)


def check_backups(settings: Settings, now: float) -> Findings:
    """That there is a backup, and how old it is."""
    folder = settings.backup_folder
    newest = newest_at(folder)
    every = settings.backup.every_hours
    cure = "`sudo outpost backup` makes one now and says what keeps it from being made"
    if newest is None:
        yield warn("backup", f"there is none in {folder}", cure)
        return
    hours = (now - newest) / HOUR
    if hours > (every or BY_HAND_HOURS) * LATE or hours < 0:
        age = "of the future" if hours < 0 else f"{hours / 24:.0f} days old" if hours > 48 else f"{hours:.0f} hours old"
        yield warn("backup", f"the newest in {folder} is {age}", cure)
    else:
        yield ok("backup", f"the newest in {folder} is {hours:.0f} hours old")
