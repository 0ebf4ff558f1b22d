"""Backups: made while others write, examined, rotated; and the one that an upgrade leaves."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading

import pytest

from daemon.store import DatabaseUnusable, Store
from daemon.store.backup import BackupFailed, back_up, before_upgrade, newest_at, scheduled
from daemon.store.restore import restore
from daemon.store.schema import VERSION


def count(path):
    with contextlib.closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return conn.execute("SELECT count(*) FROM messages").fetchone()[0]


def test_a_backup_is_one_whole_file_that_only_its_owner_reads(desk, make_message, tmp_path):
    desk.take(make_message())
    path = back_up(desk.path, tmp_path / "copies", desk.NOW, keep=3)
    assert path.name == "outpost-20231114T221320Z.db"
    assert count(path) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert newest_at(path.parent) == desk.NOW


def test_writers_go_on_meanwhile(desk, make_message, tmp_path):
    stop = threading.Event()
    taken = []

    def write():
        while not stop.is_set():
            taken.append(desk.take(make_message()))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [count(back_up(desk.path, tmp_path / "copies", desk.NOW + n, keep=9)) for n in range(5)]
    finally:
        stop.set()
        writer.join()
    assert made == sorted(made)
    assert made[-1] <= len(taken)


def test_the_newest_stay_and_other_files_too(desk, tmp_path):
    folder = tmp_path / "copies"
    for n in range(5):
        back_up(desk.path, folder, desk.NOW + n, keep=2)
        (folder / "before-upgrade-from-schema-1.db").touch()
    assert len(scheduled(folder)) == 2
    assert newest_at(folder) == desk.NOW + 4
    assert (folder / "before-upgrade-from-schema-1.db").exists()


def test_what_cannot_be_copied_is_said_and_leaves_nothing(desk, tmp_path):
    folder = tmp_path / "copies"
    made = back_up(desk.path, folder, desk.NOW, keep=2)
    with pytest.raises(BackupFailed, match="nothing-here"):
        back_up(tmp_path / "nothing-here", folder, desk.NOW + 1, keep=1)
    assert list(folder.iterdir()) == [made]


def test_an_upgrade_keeps_the_database_as_it_was(desk, make_message):
    desk.take(make_message())
    desk.store.close()
    with contextlib.closing(sqlite3.connect(desk.path)) as conn:  # as an older Outpost would have left it
        conn.execute(f"PRAGMA user_version = {VERSION - 1}")
    kept = before_upgrade(desk.path, VERSION - 1)
    kept.parent.mkdir()
    kept.write_text("of an earlier upgrade, which was taken back")
    with contextlib.closing(Store(desk.path)):
        assert count(kept) == 1


def test_a_newer_database_is_refused_with_the_way_back(desk):
    desk.store.close()
    with contextlib.closing(sqlite3.connect(desk.path)) as conn:
        conn.execute(f"PRAGMA user_version = {VERSION + 1}")
    kept = before_upgrade(desk.path, VERSION - 2)  # some versions were left out
    with pytest.raises(DatabaseUnusable, match=f"before-upgrade-from-schema-{VERSION}.db.* is not there"):
        Store(desk.path)
    kept.parent.mkdir()
    kept.touch()
    with pytest.raises(DatabaseUnusable, match=f"`outpost restore .*{kept.name}`"):
        Store(desk.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_copies_and_restores_is_the_services(desk, make_message):
    desk.take(make_message())
    desk.store.close()
    for path in (desk.folder, *desk.folder.iterdir()):
        os.chown(path, 12345, 12345)
    made = back_up(desk.path, desk.folder / "backups", desk.NOW, keep=3)
    restore(desk.path, made, desk.NOW)
    assert {path.stat().st_uid for path in desk.folder.rglob("*")} == {12345}
