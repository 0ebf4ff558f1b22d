"""What people and programs look at: counts, batches, messages, outcomes, SIMs and modems. Reads only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from daemon.core.alarm import Alarm
from daemon.core.batch import OutcomeRow, SheetRow
from daemon.core.handover import Handover
from daemon.core.message import MessageState
from daemon.core.reply import Reply
from daemon.store.alarms import Alarms
from daemon.store.connection import Store
from daemon.store.handovers import Handovers
from daemon.store.replies import Replies
from daemon.store.stops import StationPause, Stops


class Views:
    """Each method reads one consistent picture. Rows are plain dictionaries, times seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def counts(self, batch_id: int | None = None) -> dict[str, int]:
        """Messages in each state, every state named; of one batch or of all."""
        where, args = ("", ()) if batch_id is None else (" WHERE batch_id = ?", (batch_id,))
        sums = self._store.conn.execute(f"SELECT state, sum(n) FROM counts{where} GROUP BY state", args)
        found = dict(sums.fetchall())
        return {state.value: int(found.get(state.value, 0)) for state in MessageState}

    def replies(self) -> dict[str, int]:
        """Replies in each state, every state named, and how many nobody can read."""
        return Replies(self._store).counts()

    def late_replies(self, before: float) -> Iterator[Reply]:
        """Replies that came before this time and wait for a person, in no order."""
        return Replies(self._store).waiting_since(before)

    def handovers(self, *, closed: bool = False) -> list[Handover]:
        """The hand-overs that are not closed, and with `closed` those too, oldest first."""
        return Handovers(self._store).find(closed=closed)

    def batches(self) -> list[dict[str, Any]]:
        """Every batch, newest first, with its counts."""
        rows = self._dicts(
            "SELECT *, (SELECT json_group_object(state, n) FROM counts WHERE batch_id = batches.id) AS messages"
            " FROM batches ORDER BY id DESC"
        )
        for row in rows:
            found = json.loads(row["messages"])
            row["messages"] = {state.value: found.get(state, 0) for state in MessageState}
        return rows

    def batch(self, name: str) -> dict[str, Any] | None:
        """One batch by its name."""
        rows = self._dicts("SELECT * FROM batches WHERE name = ?", name)
        return rows[0] if rows else None

    def last_change(self, batch_id: int) -> float:
        """When the state of one of its messages changed last, or somebody texted back or was handed over; 0.0 for a
        batch without messages."""
        row = self._store.conn.execute(_LAST_CHANGE, {"batch": batch_id}).fetchone()
        return float(row[0] or 0.0)

    def sims(self) -> list[dict[str, Any]]:
        """Every SIM ever seen."""
        return self._dicts("SELECT * FROM sims ORDER BY iccid")

    def waiting_for(self) -> dict[str, int]:
        """How many messages wait for a SIM and may go through no other, by ICCID."""
        found = Counter(dict(self._store.conn.execute("SELECT sim, n FROM waiting WHERE n > 0").fetchall()))
        found.update(row[0] for row in self._store.conn.execute("SELECT sim FROM messages WHERE state = 'sending'"))
        return found

    def alarms(self, now: float) -> list[Alarm]:
        """The alarms that were raised and stand."""
        return Alarms(self._store).standing(now)

    def station_pause(self) -> StationPause | None:
        """Who paused the station, None when nobody did."""
        return Stops(self._store).station_pause()

    def first_doubt(self) -> float:
        """Since when the oldest message in doubt is so; 0.0 when none is."""
        row = self._store.conn.execute("SELECT min(changed_at) FROM messages WHERE state = 'in_doubt'").fetchone()
        return float(row[0] or 0.0)

    def modems(self) -> list[dict[str, Any]]:
        """Every port since the service started, with its SIM's own number and what was said last of its credit."""
        rows = self._dicts(_MODEMS)
        for row in rows:
            row["storage"] = json.loads(row["storage"])
        return rows

    def messages(
        self, batch: str | None = None, state: str | None = None, after: int = 0, most: int = -1
    ) -> Iterator[dict[str, Any]]:
        """Messages in the order of their batches and rows, each with its parts: all, or the first `most` of those
        whose id is above `after`."""
        rows = self._store.conn.execute(
            "SELECT messages.*, batches.name AS batch FROM messages JOIN batches ON batches.id = batch_id"
            " WHERE (?1 IS NULL OR batches.name = ?1) AND (?2 IS NULL OR messages.state = ?2)"
            " AND messages.id > ?3 ORDER BY messages.id LIMIT ?4",
            (batch, state, after, most),
        )
        for row in rows:
            message = dict(row)
            message["parts"] = self._dicts("SELECT * FROM parts WHERE message_id = ? ORDER BY seq", row["id"])
            for part in message["parts"]:
                part["submits"] = self._dicts("SELECT * FROM submits WHERE part_id = ? ORDER BY id", part["id"])
            yield message

    def outcomes(self, batch_id: int) -> Iterator[OutcomeRow]:
        """One row for every row of the input, the ones never queued included, in the input's order."""
        rows = self._store.conn.execute(_OUTCOMES, {"batch": batch_id})
        for row in rows:
            yield OutcomeRow(*row)

    def sheet(self, batch_id: int) -> Iterator[SheetRow]:
        """Every row of a batch in the input's order, as the person reads it who lets it go."""
        for row in self._store.conn.execute(_SHEET, {"batch": batch_id}):
            yield SheetRow(*row)

    def audit_head(self) -> str:
        """The record's head, as it is printed on pages and reports; empty while nothing is on record."""
        row = self._store.conn.execute("SELECT seq || ':' || hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return "" if row is None else str(row[0])

    def lasting_head(self) -> str:
        """The same, and a power cut will not take it back: to be kept elsewhere. Raises OSError."""
        head = self.audit_head()
        self._store.sync()
        return head

    def _dicts(self, sql: str, *args: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self._store.conn.execute(sql, args)]


_MODEMS = """
SELECT modems.*, coalesce(sims.imsi, '') AS imsi, coalesce(sims.own_number, '') AS own_number,
       credit.at AS credit_at, credit.amount AS credit_amount, credit.text AS credit_text
FROM modems LEFT JOIN sims ON sims.iccid = modems.iccid LEFT JOIN credit ON credit.id =
    (SELECT id FROM credit WHERE credit.iccid = modems.iccid ORDER BY at DESC, id DESC LIMIT 1)
ORDER BY port
"""
_LAST_CHANGE = """
SELECT max(at) FROM (
    SELECT max(changed_at) AS at FROM messages WHERE batch_id = :batch
    UNION ALL
    SELECT max(changed_at) FROM replies WHERE recipient IN (SELECT recipient FROM messages WHERE batch_id = :batch)
    UNION ALL
    SELECT max(max(assigned_at, coalesce(closed_at, 0))) FROM handovers WHERE batch_id = :batch
)
"""
_SHEET = """
SELECT row, ref, cell, recipient, state, reason, note, part_count, text, priority FROM messages WHERE batch_id = :batch
UNION ALL
SELECT row, ref, cell, '', 'rejected', reason, '', 0, text, 0 FROM rejected_rows WHERE batch_id = :batch
ORDER BY 1
"""
_OUTCOMES = """
SELECT batches.name, m.row, m.ref, m.recipient, m.state, m.reason, m.part_count,
       (SELECT max(sent_at) FROM parts WHERE message_id = m.id),
       (SELECT max(settled_at) FROM parts WHERE message_id = m.id AND m.state = 'delivered'),
       CASE WHEN EXISTS (SELECT 1 FROM parts WHERE message_id = m.id) THEN coalesce(m.sim, '') ELSE '' END, m.text
FROM messages m JOIN batches ON batches.id = m.batch_id WHERE m.batch_id = :batch
UNION ALL
SELECT batches.name, r.row, r.ref, r.cell, 'rejected', r.reason, 0, NULL, NULL, '', r.text
FROM rejected_rows r JOIN batches ON batches.id = r.batch_id WHERE r.batch_id = :batch
ORDER BY 2
"""
