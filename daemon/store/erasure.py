"""Erases the people of a batch: their numbers and texts, and whatever else the database holds of them.

What the station goes on needing stays, without people: states and counts, the submits that limits are reckoned from,
opt-outs and exclusions (keyed hashes), the hash of the list, and the record.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass

from daemon.core.blanking import blanked
from daemon.core.chain import Head, What
from daemon.core.forgetting import Forgotten
from daemon.core.not_possible import NotPossible
from daemon.store.audit import Seal, record
from daemon.store.connection import Store, StoreFull
from daemon.store.decisions import batch_named

PERSONAL = {
    "messages": ("recipient", "text", "ref", "cell", "note"),
    "rejected_rows": ("cell", "text", "ref"),
    "parts": ("pdu",),
    "submits": ("exchanged",),
    "batches": ("wording", "notes"),
}
"""What is emptied in the rows that stay; a column that a schema lacks is passed over."""
EMPTY = {"notes": "[]"}
"""What stands in an emptied column, where that is not an empty text."""
STAYING = (
    *PERSONAL, "audit", "batch_keys", "counts", "waiting", "sims", "modems", "station", "optouts", "exclusions",
    "unread",
)  # fmt: skip
"""Tables whose rows stay. From every other table goes what belongs to the batch or mentions one of its people."""
HARDWARE = frozenset({"iccid", "imsi", "imei", "sim"})
_OPEN = "('held', 'queued', 'sending', 'in_doubt')"
_ENDED = "('finished', 'cancelled')"


@dataclass(frozen=True, slots=True)
class Target:
    """A batch that may be erased. `people` are those whom the station holds for this batch alone, `handovers` the
    references under which their conversations were handed over."""

    batch_id: int
    name: str
    source: str
    sha256: str
    people: Forgotten
    handovers: frozenset[str]
    _numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Erased:
    """What went of the database, in rows by table: emptied and kept, or removed. `head` is its entry on record."""

    emptied: dict[str, int]
    removed: dict[str, int]
    head: Head


class Erasure:
    """`now` is in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, before: float) -> list[str]:
        """The batches that ended before this time and still hold their people."""
        rows = self._store.conn.execute(
            "SELECT name FROM batches WHERE erased_at IS NULL AND source != '' AND finished_at < ?"
            f" AND state IN {_ENDED} ORDER BY id",
            (before,),
        )
        return [str(row["name"]) for row in rows]

    def target(self, name: str) -> Target:
        """The batch of this name. Raises NotPossible when it is not to be erased as it stands."""
        row = batch_named(self._store.conn, name)
        if row["erased_at"] is not None:
            raise NotPossible(f"batch {name} is erased already.")
        if row["state"] not in ("finished", "cancelled") or not row["source"]:
            raise NotPossible(f"batch {name} is {row['state']}; only a list that is finished or cancelled is erased.")
        numbers = frozenset(_only_here(self._store.conn, row["id"]))
        handed = self._store.conn.execute("SELECT reference, recipient, batch_id FROM handovers").fetchall()
        references = frozenset(
            str(one["reference"]) for one in handed if one["batch_id"] == row["id"] or one["recipient"] in numbers
        )
        return Target(row["id"], name, row["source"], row["sha256"], Forgotten(numbers), references, numbers)

    def erase(self, target: Target, user: str, why: str, now: float) -> Erased:
        """Take the people out, in one transaction. May raise StoreFull."""
        with self._store.writing() as conn:
            conn.execute("PRAGMA secure_delete=ON")
            conn.execute("PRAGMA defer_foreign_keys=ON")
            removed = _remove(conn, target)
            emptied = _empty(conn, target, now)
            conn.execute(
                "UPDATE batches SET erased_at = ?, source = ? WHERE id = ?",
                (now, blanked(target.source), target.batch_id),
            )
            conn.execute("DELETE FROM batch_keys WHERE batch_id = ?", (target.batch_id,))
            conn.execute("INSERT OR REPLACE INTO station VALUES ('compact', 'due')")
            facts = {"batch": target.name, "id": target.batch_id, "emptied": emptied, "removed": removed}
            return Erased(emptied, removed, record(conn, now, What.ERASURE, user, why, **facts))

    def compact(self) -> bool:
        """Leave nothing of what was erased in unused places of the files; False when that must wait.

        It waits for room on the disk, and for whoever reads just now: the WAL holds old pages until nobody does.
        """
        with contextlib.suppress(StoreFull), self._store.alone() as conn:
            if conn.execute("SELECT 1 FROM station WHERE key = 'compact'").fetchone():
                conn.execute("VACUUM")
                if conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    return False
                conn.execute("DELETE FROM station WHERE key = 'compact'")
            return True
        return False


def _only_here(conn: sqlite3.Connection, batch_id: int) -> set[str]:
    """The numbers of a batch that no other list holds, and to which nothing is on its way."""
    mine = "SELECT recipient FROM messages WHERE batch_id = ?1 UNION SELECT cell FROM rejected_rows WHERE batch_id = ?1"
    others = (
        "SELECT DISTINCT recipient FROM messages JOIN batches ON batches.id = batch_id"
        f" WHERE batch_id != ?1 AND (source != '' OR messages.state IN {_OPEN})"
        " UNION SELECT cell FROM rejected_rows WHERE batch_id != ?1"
    )
    elsewhere = Forgotten(str(row[0]) for row in conn.execute(others, (batch_id,)))
    return {str(row[0]) for row in conn.execute(mine, (batch_id,)) if not elsewhere.are_in(str(row[0]))}


def _empty(conn: sqlite3.Connection, target: Target, now: float) -> dict[str, int]:
    """Empty the rows that stay: those of the batch, and the station's own texts to its people."""
    conn.execute("CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)")
    conn.execute("INSERT INTO gone SELECT id FROM messages WHERE batch_id = ?", (target.batch_id,))
    conn.executemany(
        "INSERT OR IGNORE INTO gone SELECT messages.id FROM messages JOIN batches ON batches.id = batch_id"
        " WHERE recipient = ? AND source = ''",
        [(number,) for number in target._numbers],  # noqa: SLF001 - of this module alone
    )
    _unname_submits(conn, Seal(conn, target.batch_id))
    rows = {
        "messages": "id IN (SELECT id FROM gone)",
        "parts": "message_id IN (SELECT id FROM gone)",
        "submits": "part_id IN (SELECT id FROM parts WHERE message_id IN (SELECT id FROM gone))",
        "rejected_rows": f"batch_id = {target.batch_id}",
        "batches": f"id = {target.batch_id}",
    }
    emptied = {}
    for table, where in rows.items():
        columns = [column for column in PERSONAL[table] if column in _columns(conn, table)]
        if columns:
            changes = ", ".join(f"{column} = '{EMPTY.get(column, '')}'" for column in columns)
            emptied[table] = conn.execute(f"UPDATE {table} SET {changes} WHERE {where}").rowcount
        if "reason" in _columns(conn, table):
            _blank_reasons(conn, table, where)
    conn.execute("UPDATE messages SET changed_at = ? WHERE id IN (SELECT id FROM gone)", (now,))  # pages are to show it
    conn.execute("DROP TABLE gone")
    return emptied


def _blank_reasons(conn: sqlite3.Connection, table: str, where: str) -> None:
    for (reason,) in conn.execute(f"SELECT DISTINCT reason FROM {table} WHERE {where}").fetchall():
        if blanked(reason) != reason:
            conn.execute(f"UPDATE {table} SET reason = ? WHERE reason = ? AND {where}", (blanked(reason), reason))


def _unname_submits(conn: sqlite3.Connection, seal: Seal) -> None:
    """Limits count different people: each stays one, under a seal whose key goes."""
    rows = conn.execute(
        "SELECT submits.id, submits.recipient FROM submits JOIN parts ON parts.id = part_id"
        " WHERE message_id IN (SELECT id FROM gone)"
    ).fetchall()
    conn.executemany(
        "UPDATE submits SET recipient = ? WHERE id = ?",
        [(f"erased {seal(row['recipient'])[:16]}", row["id"]) for row in rows],
    )


def _remove(conn: sqlite3.Connection, target: Target) -> dict[str, int]:
    """Delete from the other tables what belongs to the batch or mentions its people, and what hangs on that."""
    messages = f"SELECT id FROM messages WHERE batch_id = {target.batch_id}"
    parents = {
        "batches": str(target.batch_id),
        "messages": messages,
        "parts": f"SELECT id FROM parts WHERE message_id IN ({messages})",
    }
    removed: dict[str, int] = {}
    others = [table for table in _tables(conn) if table not in STAYING]
    for table in others:
        removed[table] = sum(
            conn.execute(f"DELETE FROM {table} WHERE {column} IN ({parents[parent]})").rowcount
            for column, parent in _references(conn, table)
            if parent in parents
        ) + _remove_mentions(conn, table, target.people)
    while sum(_let_go(conn, table, removed) for table in _tables(conn)):
        pass
    return {table: rows for table, rows in removed.items() if rows}


def _remove_mentions(conn: sqlite3.Connection, table: str, people: Forgotten) -> int:
    keys = [name for name, place in _columns(conn, table).items() if place] or ["rowid"]
    texts = [name for name in _columns(conn, table) if name not in HARDWARE]
    found = [
        tuple(row)[: len(keys)]
        for row in conn.execute(f"SELECT {', '.join((*keys, *texts))} FROM {table}")
        if any(isinstance(value, str) and people.are_in(value) for value in tuple(row)[len(keys) :])
    ]
    conn.executemany(f"DELETE FROM {table} WHERE {' AND '.join(f'{key} = ?' for key in keys)}", found)
    return len(found)


def _let_go(conn: sqlite3.Connection, table: str, removed: dict[str, int]) -> int:
    """Follow what was removed: a row that refers to it goes too, or forgets it where rows stay. How many."""
    changed = 0
    for column, parent in _references(conn, table):
        if parent not in removed:
            continue
        lost = f"{column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {parent})"
        if table in STAYING:
            changed += conn.execute(f"UPDATE {table} SET {column} = NULL WHERE {lost}").rowcount
        else:
            gone = conn.execute(f"DELETE FROM {table} WHERE {lost}").rowcount
            removed[table] += gone
            changed += gone
    return changed


def _tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'")
    return [str(row[0]) for row in rows]


def _columns(conn: sqlite3.Connection, table: str) -> dict[str, int]:
    """The columns of a table, each with its place in the primary key: 0 for none."""
    rows = conn.execute("SELECT name, pk FROM pragma_table_info(?)", (table,))
    return {str(row["name"]): int(row["pk"]) for row in rows}


def _references(conn: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    """(column, table that it refers to by its id)."""
    rows = conn.execute('SELECT "from", "table" FROM pragma_foreign_key_list(?)', (table,))
    return [(str(row[0]), str(row[1])) for row in rows]
