"""Opening the database, and what holds on every connection."""

import os
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from daemon.store import DatabaseUnusable, Sims, Store, StoreFull, Views
from daemon.store.schema import VERSION, migrations


def pragma(store, name):
    return store.conn.execute(f"PRAGMA {name}").fetchone()[0]


def in_thread(work):
    """The result of work done in another thread."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


def test_every_connection_writes_durably_and_heeds_foreign_keys(desk):
    def pragmas():
        return [pragma(desk.store, name) for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert pragmas() == in_thread(pragmas) == ["wal", 2, 1]
    desk.outbox.claim(desk.SIM, desk.NOW)
    assert pragma(desk.store, "synchronous") == 2


def test_each_thread_has_a_connection_of_its_own(desk):
    assert in_thread(lambda: desk.store.conn) is not desk.store.conn


def test_what_refers_to_nothing_is_refused(desk):
    with pytest.raises(sqlite3.IntegrityError), desk.store.writing() as conn:
        conn.execute("INSERT INTO rejected_rows VALUES (99, 1, '', '', '', '')")


def test_every_table_of_ours_is_strict(desk):
    tables = desk.store.conn.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    loose = {row["name"] for row in tables if not row["strict"] and not row["name"].startswith("sqlite_")}
    assert loose <= {"_sqlite_migrations"}


def test_the_version_is_the_number_of_migrations(desk):
    assert len(migrations().applied(desk.store.db)) == VERSION == pragma(desk.store, "user_version")
    assert not migrations().pending(desk.store.db)


def test_opening_again_changes_nothing(desk):
    before = desk.dump()
    desk.kill()
    assert desk.dump() == before


def test_a_newer_schema_is_refused_and_left_alone(desk):
    with desk.store.writing() as conn:
        conn.execute(f"PRAGMA user_version = {VERSION + 1}")
    for read_only in (False, True):
        with pytest.raises(DatabaseUnusable, match=rf"outpost\.db has schema {VERSION + 1}, made by a newer Outpost"):
            Store(desk.path, read_only=read_only)
    assert pragma(desk.store, "user_version") == VERSION + 1


def test_a_reader_does_not_upgrade_an_older_schema(tmp_path):
    sqlite3.connect(tmp_path / "outpost.db").execute("PRAGMA user_version = 0").connection.close()
    with pytest.raises(DatabaseUnusable, match="Start the service once"):
        Store(tmp_path / "outpost.db", read_only=True)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "outpost.db"
    path.write_bytes(b"to,text\r\n+447700900001,hello\r\n" * 100)
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(DatabaseUnusable, match=r"outpost\.db is damaged .*outpost restore"):
            Store(path, read_only=read_only)
    assert path.read_bytes() == before


def test_a_damaged_schema_page_is_refused(desk):
    desk.store.close()
    data = bytearray(desk.path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    desk.path.write_bytes(data)
    with pytest.raises(DatabaseUnusable, match="damaged"):
        Store(desk.path)


def test_a_missing_file_is_not_created_by_a_reader(tmp_path):
    with pytest.raises(DatabaseUnusable, match=r"does not exist: the service has not run yet"):
        Store(tmp_path / "outpost.db", read_only=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_said(tmp_path):
    with pytest.raises(DatabaseUnusable, match=r"cannot be created .* folder must exist"):
        Store(tmp_path / "nowhere" / "outpost.db")


def test_a_reader_sees_what_the_running_service_has_committed(desk, make_message):
    desk.take(make_message())
    reader = Store(desk.path, read_only=True)
    try:
        assert Views(reader).counts()["queued"] == 1
        desk.claim()
        assert Views(reader).counts()["sending"] == 1
        with pytest.raises(StoreFull, match="readonly"):
            Sims(reader).begin()
    finally:
        reader.close()


def test_a_reader_leaves_no_side_files_when_the_service_is_down(desk, make_message):
    desk.take(make_message())
    desk.store.close()
    reader = Store(desk.path, read_only=True)
    assert Views(reader).counts()["queued"] == 1
    reader.close()
    assert [path.name for path in desk.folder.iterdir()] == ["outpost.db"]


@pytest.fixture
def open_folder():
    """A folder that everybody may read, in one that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="to become another user needs root")
@pytest.mark.parametrize("service", ["running", "stopped", "killed"])
def test_somebody_who_may_only_read_can_read(open_folder, new_desk, make_message, service):
    desk = new_desk(open_folder)
    desk.take(make_message())
    if service == "stopped":
        desk.store.close()
    elif service == "killed":
        side_files = {path: path.read_bytes() for path in desk.folder.glob("outpost.db*")}
        desk.store.close()
        for path, data in side_files.items():
            path.write_bytes(data)
    assert _as_nobody(lambda: Views(Store(desk.path, read_only=True)).counts()["queued"]) == 1


def _as_nobody(work):
    """A small number that `work` gives, done by a user without rights."""
    child = os.fork()
    if not child:
        answer = 255
        try:
            os.setgid(65534)
            os.setuid(65534)
            answer = work()
        finally:
            os._exit(answer)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_block_that_raises_is_undone(desk, make_message):
    before = desk.dump()

    def half_done():
        with desk.store.writing() as conn:
            conn.execute("INSERT INTO optouts VALUES ('+447700900001', 1.0, 'reply')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_done()
    assert desk.dump() == before
    assert desk.take(make_message())


def test_a_lock_that_another_program_holds_is_no_reason_to_fall_over(desk, monkeypatch):
    monkeypatch.setattr("daemon.store.connection.BUSY_MS", 1)
    store = Store(desk.path)
    shell = sqlite3.connect(desk.path, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFull, match=r"outpost\.db cannot be written: database is locked"):
        Sims(store).begin()
    shell.execute("ROLLBACK")
    Sims(store).begin()
    shell.close()
    store.close()


def test_a_secret_is_made_once(desk):
    first = desk.store.secret("tag_key")
    assert len(first) == 32
    assert first == desk.store.secret("tag_key") != desk.store.secret("other")
    desk.kill()
    assert desk.store.secret("tag_key") == first


def test_a_page_that_a_failing_disk_gives_wrongly_rejects_no_list_and_is_read_again_later(desk, make_message):
    conn = desk.store.conn
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()
    (size,) = conn.execute("PRAGMA page_size").fetchone()
    whole = desk.path.read_bytes()
    desk.path.write_bytes(whole[: (root - 1) * size] + bytes(size) + whole[root * size :])
    conn.execute("PRAGMA shrink_memory")  # or it would answer from what it has read before
    with pytest.raises(StoreFull, match=r"outpost\.db cannot be written: database disk image is malformed"):
        desk.take(make_message())
    desk.path.write_bytes(whole)
    assert desk.take(make_message())
