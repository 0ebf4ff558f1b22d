"""Puts a backup in the database's place, so that nothing is sent twice: what the backup cannot know, a person decides.

Since the backup was made, what it holds as waiting may have been sent. The database that is replaced is the evidence,
as far as it can be read: its submits, parts, texts received, opt-outs and batches are taken over, and a message is what
it says there once something of it was submitted. What no evidence speaks of is in doubt.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.folders import lock, sync
from daemon.store.answers import doubt
from daemon.store.backup import copy, first_damage, made_at, unfinished_restore
from daemon.store.connection import DatabaseUnusable, Store, primary_code
from daemon.store.losses import doubt_unsent, recount
from daemon.store.moves import finish_batch
from daemon.store.schema import VERSION

_SIDE_FILES = ("", "-wal", "-shm")
_DERIVED = {"counts", "waiting", "conversations", "station", "_sqlite_migrations"}
"""Tables that are not evidence: kept by triggers, this file's own, or the library's."""
_WEIGHED = {"batches", "messages", "rejected_rows"}
_OPEN = "('held', 'queued', 'sending')"
_UNREADABLE = {
    errno.ENOENT: "is not there", errno.EISDIR: "is a folder", errno.EACCES: "is not for this user to read",
}  # fmt: skip


class BackupUnusable(DatabaseUnusable):
    """What was to be put back is no backup that can be. Nothing has changed. The message says which file, and why."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of the messages that were open in the backup, and where the old database lies (None: there was none).

    `evidence`: "whole" (the old database could be read whole), "damaged" or "none".
    """

    evidence: str
    settled: int
    in_doubt: int
    kept: Path | None


def restore(database: Path, backup: Path, now: float) -> Restored:
    """Put `backup` in the place of `database`, which no service may be using.

    Raises CannotStart, DatabaseUnusable, BackupUnusable; then nothing has changed.
    """
    _must_hold_something(backup)
    held = lock(database.parent)
    try:
        return _put_back(database, backup, now)
    except OSError as error:
        raise DatabaseUnusable(
            f"{error.filename}: {error.strerror}. Run this as root, or as the service's user."
        ) from error
    finally:
        os.close(held)


def _put_back(database: Path, backup: Path, now: float) -> Restored:
    unfinished = unfinished_restore(database)
    try:
        _remove(unfinished)
        _copy_checked(backup, unfinished)
        evidence, settled, in_doubt = _filled(unfinished, database, made_at(backup), now)
    except BaseException:
        _remove(unfinished)
        raise
    return Restored(evidence, settled, in_doubt, _replace(database, unfinished, now))


def _filled(unfinished: Path, database: Path, made: float, now: float) -> tuple[str, int, int]:
    """Take the evidence over into the new database: its kind, how many messages it settled, how many are in doubt."""
    with contextlib.closing(Store(unfinished)) as store:
        store.conn.execute("PRAGMA foreign_keys=OFF")  # a row may come before the one that it belongs to
        with _evidence(database, store.secret("tag_key").hex()) as (old, evidence), store.writing() as conn:
            open_before = _ids(conn, f"SELECT id FROM messages WHERE state IN {_OPEN}")
            if old is not None:
                _take_over(old, conn)
            settled = _settle(conn, old, whole=evidence == "whole")
            in_doubt = _doubt_the_rest(conn, settled, made, now)
            for batch_id in _ids(conn, "SELECT id FROM batches WHERE state NOT IN ('finished', 'cancelled')"):
                finish_batch(conn, batch_id, now)
            recount(conn)  # rows that could not be read may have taken messages with them
        return evidence, len(open_before & settled), in_doubt


def _remove(unfinished: Path) -> None:
    for end in _SIDE_FILES:
        unfinished.with_name(unfinished.name + end).unlink(missing_ok=True)


def _must_hold_something(backup: Path) -> None:
    try:
        with backup.open("rb") as file:
            found = file.read(1)
    except OSError as error:
        why = _UNREADABLE.get(error.errno or 0, f"cannot be read: {error.strerror}")
        raise BackupUnusable(f"{backup} {why}. Nothing was changed.") from error
    if not found:
        raise BackupUnusable(f"{backup} is empty. Nothing was changed.")


def _copy_checked(backup: Path, target: Path) -> None:
    try:
        with contextlib.closing(_read_only(backup)) as source:
            version = int(source.execute("PRAGMA user_version").fetchone()[0])
            damage = first_damage(source)
            if damage or not 0 < version <= VERSION:
                what = f"damaged ({damage})" if damage else f"no backup that this Outpost can read (schema {version})"
                raise BackupUnusable(f"{backup} is {what}. Nothing was changed.")
            copy(source, target, target.parent)
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_FULL:
            raise DatabaseUnusable(
                f"{target.parent} has no room for {backup}: its disk is full. Make room, and give the command again. "
                "Nothing was changed."
            ) from error
        raise BackupUnusable(f"{backup} cannot be restored ({error}). Nothing was changed.") from error


def _read_only(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    conn.row_factory = sqlite3.Row
    return conn


@contextlib.contextmanager
def _evidence(database: Path, tag_key: str) -> Iterator[tuple[sqlite3.Connection | None, str]]:
    """The database that is replaced, and whether it can be read: "whole", "damaged" or "none".

    One that does not hold the backup's own `tag_key` was begun anew: its numbers of rows mean something else.
    """
    if not database.exists():
        yield None, "none"
        return
    with contextlib.closing(_read_only(database)) as conn:
        try:
            found = conn.execute("SELECT value FROM station WHERE key = 'tag_key'").fetchone()
        except sqlite3.Error:
            found = None
        if found is None or found[0] != tag_key:
            yield None, "none"
            return
        try:
            damage = first_damage(conn)
        except sqlite3.Error as error:
            damage = str(error)
        yield conn, "damaged" if damage else "whole"


def _take_over(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Add every row that the backup lacks, and the newer state of all but messages, which `_settle` weighs."""
    for table in _tables(new):
        columns = [name for name in _columns(old, table) if name in set(_columns(new, table))]
        if not columns:
            continue
        how = "IGNORE" if table in _WEIGHED else "REPLACE"
        names = ", ".join(columns)
        insert = f"INSERT OR {how} INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"
        for row in _readable(old, table, names):
            with contextlib.suppress(sqlite3.IntegrityError):
                new.execute(insert, tuple(row))
    # What belongs to a row that could not be read goes with it.
    while orphans := [row for row in new.execute("PRAGMA foreign_key_check") if row["rowid"] is not None]:
        new.execute(f"DELETE FROM {orphans[0]['table']} WHERE rowid = ?", (orphans[0]["rowid"],))


def _tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [row[0] for row in rows if row[0] not in _DERIVED]


def _columns(conn: sqlite3.Connection, table: str) -> list[str]:
    try:
        return [row[1] for row in conn.execute(f"PRAGMA table_info({table})")]
    except sqlite3.Error:
        return []


def _readable(conn: sqlite3.Connection, table: str, names: str) -> Iterator[sqlite3.Row]:
    """The rows of a table, from its beginning and from its end, up to what is damaged between."""
    for order in ("ASC", "DESC"):
        try:
            key = ", ".join(f"{row[1]} {order}" for row in conn.execute(f"PRAGMA table_info({table})") if row[5])
            yield from conn.execute(f"SELECT {names} FROM {table} ORDER BY {key or f'rowid {order}'}")
        except sqlite3.Error:
            continue
        else:
            return


def _settle(conn: sqlite3.Connection, old: sqlite3.Connection | None, *, whole: bool) -> set[int]:
    """Bring messages to the state that the evidence gives them; those that it speaks of.

    Evidence of a submit counts wherever it is found. That nothing was submitted counts only in a database that is
    whole: in a damaged one the row that says otherwise may be the one that cannot be read.
    """
    settled: set[int] = set()
    if old is None:
        return settled
    for row in _readable(old, "messages", "id, batch_id, row, recipient, state, reason, sim, changed_at"):
        parts = conn.execute("SELECT state FROM parts WHERE message_id = ?", (row["id"],)).fetchall()
        begun = any(part["state"] != "pending" for part in parts)
        ended = row["state"] not in ("held", "queued", "sending")
        if begun or ended:
            moved = conn.execute(
                "UPDATE messages SET state = ?, reason = ?, sim = ?, changed_at = ? WHERE id = ? AND recipient = ?"
                " AND batch_id = ? AND row = ?",
                (row["state"], row["reason"], row["sim"], row["changed_at"], row["id"], row["recipient"],
                 row["batch_id"], row["row"]),
            )  # fmt: skip
            if moved.rowcount and ended:
                settled.add(row["id"])
        elif whole:
            settled.add(row["id"])
    return settled


def _doubt_the_rest(conn: sqlite3.Connection, settled: set[int], made: float, now: float) -> int:
    """Put in doubt what was being submitted, and every open message that is not settled; how many are in doubt now."""
    when = datetime.fromtimestamp(made, UTC)
    reason = f"restored from a backup of {when:%Y-%m-%d %H:%M} UTC: it may have been sent since"
    for row in conn.execute("SELECT id FROM submits WHERE outcome = 'submitting'").fetchall():
        doubt(conn, row["id"], reason, now)
    doubt_unsent(conn, _ids(conn, f"SELECT id FROM messages WHERE state IN {_OPEN}") - settled, reason, now)
    return int(conn.execute("SELECT count(*) FROM messages WHERE state = 'in_doubt'").fetchone()[0])


def _ids(conn: sqlite3.Connection, sql: str) -> set[int]:
    return {int(row[0]) for row in conn.execute(sql)}


def _replace(database: Path, unfinished: Path, now: float) -> Path | None:
    """Move the old database aside, then the new one into its place. Cut short at any point, the
    unfinished file tells."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = database.with_name(f"{database.name}.before-restore-{stamp}")
    found = None
    for end in _SIDE_FILES:  # the database first: one without its WAL could be taken for whole
        file = database.with_name(database.name + end)
        if file.exists():
            file.rename(kept.with_name(kept.name + end))
            found = kept
            sync(database.parent)
    unfinished.replace(database)
    sync(database.parent)
    return found
