"""Alarms that somebody raised and nobody has cleared yet: they outlive a restart."""

from __future__ import annotations

import sqlite3

from daemon.core.alarm import Alarm
from daemon.store.connection import Store


class Alarms:
    """One alarm for each kind and subject (an ICCID, a port, "" for the station). What raises an alarm clears it too.

    `now` is in seconds since the epoch. Every method that changes something may raise StoreFull.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def set(self, kind: str, subject: str, text: str, now: float, *, until: float | None = None) -> bool:
        """Raise an alarm, or give one that stands a new text and end; it keeps its `since`. Whether it is new.

        With `until` it ends by itself: for what has happened, as opposed to what goes on.
        """
        if until is None and self._stands(kind, subject, text):
            return False
        with self._store.writing() as conn:
            conn.execute("DELETE FROM alarms WHERE until <= ?", (now,))
            is_new = not self._stands(kind, subject)
            put_alarm(conn, kind, subject, text, now, until=until)
            return is_new

    def clear(self, kind: str, subject: str = "") -> bool:
        """End an alarm; whether it stood. Costs no write when it did not."""
        if not self._stands(kind, subject):
            return False
        with self._store.writing() as conn:
            conn.execute("DELETE FROM alarms WHERE kind = ? AND subject = ?", (kind, subject))
            return True

    def standing(self, now: float) -> list[Alarm]:
        """What stands now, oldest first."""
        rows = self._store.conn.execute(
            "SELECT since, kind, text FROM alarms WHERE until IS NULL OR until > ? ORDER BY since", (now,)
        )
        return [Alarm(*row) for row in rows]

    def _stands(self, kind: str, subject: str, text: str | None = None) -> bool:
        found = self._store.conn.execute(
            "SELECT 1 FROM alarms WHERE kind = ?1 AND subject = ?2 AND (?3 IS NULL OR text = ?3)", (kind, subject, text)
        )
        return found.fetchone() is not None


def put_alarm(
    conn: sqlite3.Connection, kind: str, subject: str, text: str, now: float, *, until: float | None
) -> None:
    """As `Alarms.set`, inside a transaction."""
    conn.execute(
        "INSERT INTO alarms (kind, subject, since, until, text) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET until = excluded.until, text = excluded.text",
        (kind, subject, now, until, text),
    )
