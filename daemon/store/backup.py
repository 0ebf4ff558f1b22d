"""Copies the database while it is in use, and lets nobody call a copy a backup before it has been examined."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from daemon.folders import hand_over, sync

NAME = "outpost-{when:%Y%m%dT%H%M%SZ}.db"
_SCHEDULED = re.compile(r"outpost-(\d{8}T\d{6}Z)\.db")
_TIME = "%Y%m%dT%H%M%SZ"


class BackupFailed(Exception):
    """There is no new backup; the older ones are as they were. The message says which file, why, and what to do."""


def back_up(database: Path, folder: Path, now: float, keep: int) -> Path:
    """A new backup of `database` in `folder`, examined; of the older ones the newest `keep` - 1 stay. `now` names it.

    Raises BackupFailed.
    """
    path = folder / NAME.format(when=datetime.fromtimestamp(now, UTC))
    with contextlib.suppress(PermissionError):  # told below
        if not database.exists():
            raise BackupFailed(not_there(database))
    try:
        make_folder(folder, database)
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source:
            copy(source, path, database)
        for old in scheduled(folder)[keep:]:
            old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{path} could not be made from {database}: {error}. {_advice(error, database)}") from error
    return path


def not_there(database: Path) -> str:
    """What to say of a database that does not exist."""
    return (
        f"{database} does not exist: the service has not run yet with this state_dir. Start it: systemctl start "
        "outpost; or correct state_dir in the configuration."
    )


def make_folder(folder: Path, database: Path) -> None:
    """Make a folder for backups, where there is none: for the owner of the database alone. Raises OSError."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        hand_over(folder, database)


def copy(source: sqlite3.Connection, path: Path, owned: Path) -> None:
    """Write all that `source` holds at this moment to a new file `path`, whole or not at all. Its writers go on. The
    file is for the owner of `owned` alone.

    Raises OSError; sqlite3.Error, also when the copy is found damaged.
    """
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        hand_over(unfinished, owned)
        with contextlib.closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, that can be carried
            damage = first_damage(target)
            if damage:
                raise sqlite3.DatabaseError(f"the copy is damaged: {damage}")
        sync(unfinished)
        unfinished.replace(path)
        sync(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def first_damage(conn: sqlite3.Connection) -> str:
    """What SQLite finds wrong with the whole of a database, "" when nothing. Raises sqlite3.Error when it gives up."""
    found = str(conn.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return "" if found == "ok" else " ".join(found.split())


def scheduled(folder: Path) -> list[Path]:
    """The backups in a folder, newest first."""
    return sorted((path for path in folder.glob("outpost-*.db") if _SCHEDULED.fullmatch(path.name)), reverse=True)


def choice(folder: Path, unusable: Path) -> str:
    """Which backup to restore instead of one that is unusable."""
    found = [path for path in scheduled(folder) if path.absolute() != unusable.absolute()]
    if not found:
        return f"There is no other backup in {folder}: give the whole path of one that lies elsewhere."
    return f"Backups in {folder}: {len(found)}; the newest: `outpost restore {found[0]}`."


def made_at(path: Path) -> float:
    """When a backup was made, as its name says: seconds since the epoch."""
    match = _SCHEDULED.fullmatch(path.name)
    return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC).timestamp() if match else path.stat().st_mtime


def newest_at(folder: Path) -> float | None:
    """When the newest backup was made, None when there is none."""
    found = scheduled(folder)
    return made_at(found[0]) if found else None


def before_upgrade(database: Path, version: int) -> Path:
    """Where the database lies as it was with schema `version`, once a newer Outpost has brought it up to date."""
    return database.parent / "backups" / f"before-upgrade-from-schema-{version}.db"


def way_back_to(database: Path, version: int) -> str:
    """What to do when the database is newer than the schema `version`, the newest that this program knows."""
    kept = [before_upgrade(database, older) for older in range(version, 0, -1)]
    found = next((path for path in kept if path.exists()), None)
    if found is None:
        return f"Install the newer version again: {kept[0]}, which would bring this one back, is not there."
    return (
        f"Install the newer version again; or go back: `outpost restore {found}`, as root, brings the database as it "
        "was before the upgrade, and takes over what was sent since."
    )


def unfinished_restore(database: Path) -> Path:
    """Where a restore prepares the new database. While this file exists, none may be used."""
    return database.with_name(f"{database.name}.restoring")


def way_back(database: Path) -> str:
    """What to do when the database cannot be used."""
    found = scheduled(database.parent / "backups")
    if not found:
        return (
            f"There is no backup in {database.parent / 'backups'}: give the backup's own path to `outpost restore`. "
            f"Keep {database.name} and the files beside it; nothing was changed."
        )
    return (
        f"The way out: `outpost restore {found[0]}`, the newest backup; what can still be read of the damaged file is "
        "taken over, and the file is kept. Nothing was changed."
    )


def is_damage(error: Exception) -> bool:
    """Whether SQLite says that the file itself is broken, or none of its own."""
    return "not a database" in str(error) or "malformed" in str(error)


def _advice(error: Exception, database: Path) -> str:
    if isinstance(error, PermissionError) or "unable to open" in str(error):
        return "Run it as root, or as the service's user: sudo -u outpost outpost backup"
    if is_damage(error):
        return f"The database is damaged. {way_back(database)}"
    return "Check that the folder can be made and has room, and `outpost doctor`."
