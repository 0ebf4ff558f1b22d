"""Opens the database, gives each thread a connection of its own, and lets one thread write at a time."""

from __future__ import annotations

import contextlib
import errno
import hmac
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.folders import sync
from daemon.store.backup import (
    before_upgrade,
    copy,
    first_damage,
    is_damage,
    make_folder,
    not_there,
    unfinished_restore,
    way_back,
    way_back_to,
)
from daemon.store.schema import VERSION, migrations
from daemon.store.wal import log_of, lost_commits

if TYPE_CHECKING:
    from sqlite_utils import Database

SIDE_FILES = 65536
"""Octets that SQLite needs beside a database to open it."""
BUSY_MS = 10_000
"""How long a statement waits for another process (a backup, a person with a shell) before it fails."""


def primary_code(error: Exception) -> int:
    """SQLite's primary result code of an error (sqlite.org/rescode.html); 0 for an error that is not SQLite's."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


class StoreFull(Exception):
    """The disk is full, or the database cannot be written just now. Nothing was changed; the call may work later.

    `full` tells which.
    """

    def __init__(self, message: str, *, full: bool = True) -> None:
        super().__init__(message)
        self.full = full


REFUSED_WRITES = frozenset({
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_BUSY,      # another program holds its lock for longer than BUSY_MS
    sqlite3.SQLITE_IOERR,     # the side files' way to say the same; a quota; a failing disk
    sqlite3.SQLITE_CANTOPEN,  # no room to create a side file
    sqlite3.SQLITE_READONLY,  # a file system that turned itself read-only after an error
    sqlite3.SQLITE_CORRUPT,   # what a failing disk read wrong; the next start examines all of it
})
"""Primary result codes of a write that may work later."""


class DatabaseUnusable(Exception):
    """The database cannot be opened. The message says which file, why, and what to do."""


class DatabaseForbidden(DatabaseUnusable):
    """This user may not read the database."""


class Store:
    """One database file. Threads share a Store; each gets its own connection, as sqlite-utils needs.

    Writers in this process queue for a lock, in turn and without SQLite's busy sleeps.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open `path`; unless `read_only`, create it and bring its schema up to date.

        Raises DatabaseUnusable, StoreFull.
        """
        self.path = path
        self._read_only = read_only
        self._local = threading.local()
        self._writer = threading.RLock()
        self._all: list[sqlite3.Connection] = []
        self._all_lock = threading.Lock()
        self.lost_commits = 0
        """How many of the newest commits a disk had lost when this was opened: see `losses.make_good`."""
        try:
            self._open()
        except (sqlite3.Error, OSError) as error:
            self.close()
            if not read_only and self._lacks_room(error):
                raise StoreFull(f"{self.path} cannot be opened: its disk is full ({error})") from error
            if self._forbidden():
                raise DatabaseForbidden(
                    f"{self.path} is not for this user to read. Run this as root, or as the service's user."
                ) from error
            raise DatabaseUnusable(self._explain(error)) from error
        except DatabaseUnusable:
            self.close()
            raise

    def _open(self) -> None:
        version = int(self.conn.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise DatabaseUnusable(
                f"{self.path} has schema {version}, made by a newer Outpost; this one knows up to {VERSION}. "
                f"{way_back_to(self.path, VERSION)}"
            )
        if self._read_only:
            if version < VERSION:
                raise DatabaseUnusable(
                    f"{self.path} has schema {version}, this Outpost needs {VERSION}. "
                    "Start the service once: it upgrades the database."
                )
            return
        self.lost_commits = lost_commits(self.conn, self.path)
        self._examine(version)
        with self._writer:
            migrations().apply(self.db)

    def _examine(self, version: int) -> None:
        """Refuse a damaged database, and keep one of an older Outpost as it is before it is brought up to date."""
        unfinished = unfinished_restore(self.path)
        if unfinished.exists():
            raise DatabaseUnusable(
                f"{unfinished} exists: a restore was cut short. Run `outpost restore FILE` again, with the same backup."
            )
        found = str(self.conn.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found == "ok" and self.lost_commits:
            found = self._fit_together()
        if found != "ok":
            raise DatabaseUnusable(f"{self.path} is damaged ({' '.join(found.split())}). {way_back(self.path)}")
        if 0 < version < VERSION:
            kept = before_upgrade(self.path, version)
            make_folder(kept.parent, self.path)
            copy(self.conn, kept, self.path)

    def _fit_together(self) -> str:
        """Where the log was damaged after it had been folded back, pages of several ages lie side by side. What SQLite
        finds wrong with them that cannot be made anew, "ok" when nothing."""
        with self._writer:
            self.conn.execute("REINDEX")
        orphan = self.conn.execute("PRAGMA foreign_key_check").fetchone()
        return "ok" if orphan is None else f"a row of {orphan[0]} belongs to none of {orphan[2]}"

    def _lacks_room(self, error: Exception) -> bool:
        """A full disk shows in several ways: SQLite wants room for its side files as well."""
        if isinstance(error, OSError):
            return error.errno == errno.ENOSPC
        code = primary_code(error)
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
            with contextlib.suppress(OSError):  # no such folder
                disk = os.statvfs(self.path.parent)
                return disk.f_bavail * disk.f_frsize < SIDE_FILES
        return bool(code == sqlite3.SQLITE_FULL)

    def _forbidden(self) -> bool:
        try:
            self.path.stat()
        except OSError as error:
            return isinstance(error, PermissionError)
        return not os.access(self.path, os.R_OK)

    def _explain(self, error: Exception) -> str:
        if not self.path.exists():
            if self._read_only:
                return not_there(self.path)
            return f"{self.path} cannot be created ({error}). Its folder must exist and be writable for this user."
        if is_damage(error):
            return f"{self.path} is damaged ({error}). {way_back(self.path)}"
        return (
            f"{self.path} cannot be opened ({error}). Check that this user may read the file and write in its folder, "
            "and that the disk is not full."
        )

    @property
    def db(self) -> Database:
        """This thread's connection, as sqlite-utils takes it in hand."""
        from sqlite_utils import Database  # noqa: PLC0415 - slow to load; who only reads needs none

        return Database(self.conn, recursive_triggers=False, execute_plugins=False, strict=True)

    @property
    def conn(self) -> sqlite3.Connection:
        """This thread's connection."""
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = self._connect()
            self._local.conn = conn
        return conn

    def _connect(self) -> sqlite3.Connection:
        conn = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{self._access()}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_MS / 1000,
            check_same_thread=False,  # so that close() may close what other threads left open
        )
        with self._all_lock:
            self._all.append(conn)
        conn.row_factory = sqlite3.Row
        conn.create_function("person_tag", 1, self.person_tag, deterministic=True)
        conn.execute("PRAGMA foreign_keys=ON")
        conn.execute("PRAGMA recursive_triggers=ON")  # so that REPLACE fires what guards against deletion
        if not self._read_only:
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("PRAGMA synchronous=FULL")
        return conn

    def _access(self) -> str:
        """How SQLite is to open the file. While nobody writes there is no WAL, and a reader takes the file as it is:
        it would have to create side files otherwise, which it may not do everywhere, and cannot remove."""
        if not self._read_only:
            return "mode=rwc"
        return "mode=ro" if log_of(self.path).exists() else "mode=ro&immutable=1"

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, begun IMMEDIATE, committed when the block ends and rolled back when it raises.

        Without `durable` the commit survives the end of the process, and a power cut only once a later durable one has
        come: for what may as well not have happened, since waiting for the disk is the dearest thing that Outpost does.
        Raises StoreFull when the disk has no room.
        """
        with self.alone() as conn, _transaction(conn, durable):
            yield conn

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Keep this process's writers away without a transaction, for what must be outside of one.

        Raises StoreFull.
        """
        with self._writer:
            try:
                yield self.conn
            except sqlite3.DatabaseError as error:
                code = primary_code(error)
                if code == sqlite3.SQLITE_CORRUPT:
                    self.conn.execute("PRAGMA shrink_memory")  # forget the page, and read it again
                if code in REFUSED_WRITES:
                    full = self._lacks_room(error)
                    raise StoreFull(f"{self.path} cannot be written: {error}", full=full) from error
                raise

    def unreadable(self, error: Exception) -> StoreFull | None:
        """What a read raised, where the disk is to blame for it: it may work later. None for any other fault."""
        if primary_code(error) not in REFUSED_WRITES:
            return None
        with contextlib.suppress(sqlite3.Error):
            self.conn.execute("PRAGMA shrink_memory")  # forget the page, and read it again
        return StoreFull(f"{self.path} cannot be read: {error}", full=False)

    def sync(self) -> None:
        """Whatever was committed so far survives a power cut when this returns. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):  # it was folded back, which waits for the disk
            sync(log_of(self.path))

    def damage(self) -> str:
        """What SQLite finds wrong with the database, "" when nothing. All of it is read."""
        try:
            return first_damage(self.conn)
        except sqlite3.DatabaseError as error:
            return str(error)

    def secret(self, name: str) -> bytes:
        """A random key that belongs to this station: made at the first call, kept in the database."""
        row = self.conn.execute("SELECT value FROM station WHERE key = ?", (name,)).fetchone()
        if row is None:
            with self.writing() as conn:
                conn.execute("INSERT INTO station VALUES (?, ?) ON CONFLICT DO NOTHING", (name, secrets.token_hex(32)))
            return self.secret(name)
        return bytes.fromhex(row[0])

    def person_tag(self, number: str) -> str:
        """The keyed hash (HMAC-SHA-256) by which this station knows a number (E.164) that it does not keep. It is a
        function of SQL too, which asks for the same few numbers again and again."""
        return _tag(self._people_key, number)

    @cached_property
    def _people_key(self) -> bytes:
        return self.secret("people_key")

    def close(self) -> None:
        """Close the connections of every thread, after the transaction that runs just now. The last one folds the WAL
        back into the file."""
        with self._writer, self._all_lock:
            for conn in self._all:
                conn.close()
            self._all.clear()
        self._local = threading.local()


@lru_cache(maxsize=64)
def _tag(key: bytes, number: str) -> str:
    return hmac.digest(key, number.encode(), "sha256").hex()


@contextmanager
def _transaction(conn: sqlite3.Connection, durable: bool) -> Iterator[sqlite3.Connection]:
    if not durable:
        conn.execute("PRAGMA synchronous=NORMAL")
    try:
        conn.execute("BEGIN IMMEDIATE")
        yield conn
        conn.execute("COMMIT")
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        if not durable:
            conn.execute("PRAGMA synchronous=FULL")
