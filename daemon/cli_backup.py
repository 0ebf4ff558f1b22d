"""The commands for the database as a whole: copy it, and put a copy back."""

from __future__ import annotations

import time
from pathlib import Path

import click

from daemon.cli_shared import config_option, fail, print_lines, settings_of

# Modules that only one command needs are imported by that command: the others must answer at once.


@click.command()
@config_option
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Another folder, such as one on a stick.")
def backup(config: Path, folder: Path | None) -> None:
    """Copy the database, also while the service sends, and examine the copy. For root or the service's user."""
    from daemon.store.backup import BackupFailed, back_up

    settings = settings_of(config)
    try:
        path = back_up(settings.station.database, folder or settings.backup_folder, time.time(), settings.backup.keep)
    except BackupFailed as error:
        fail(str(error))
    click.echo(f"{path}: the database as it is now, examined and found whole.")


@click.command()
@click.argument("backup", type=click.Path(path_type=Path, readable=False))
@config_option
def restore(backup: Path, config: Path) -> None:
    """Put a backup in the database's place, while the service is stopped. Nothing is sent twice.

    What the backup cannot know is in doubt, unless the database that is replaced can be read and tells. It is kept.
    """
    from daemon.folders import CannotStart
    from daemon.pages.text import restored_lines
    from daemon.store import DatabaseUnusable, StoreFull
    from daemon.store.backup import choice
    from daemon.store.restore import BackupUnusable
    from daemon.store.restore import restore as put_back

    settings = settings_of(config)
    database = settings.station.database
    try:
        print_lines(restored_lines(database, backup, put_back(database, backup, time.time())))
    except BackupUnusable as error:
        fail(f"{error} {choice(backup if backup.is_dir() else settings.backup_folder, backup)}")
    except (CannotStart, DatabaseUnusable, StoreFull) as error:
        fail(str(error))
