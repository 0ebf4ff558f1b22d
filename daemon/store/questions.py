"""What a line asks of the queue and of the submits before it sends: reads only."""

from __future__ import annotations

from daemon.store.connection import Store


class Questions:
    """Times are seconds since the epoch, but for those since boot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def history(self, iccid: str, since: float) -> list[tuple[float, str]]:
        """The SIM's submits since then: (time of `submitting`, recipient), oldest first."""
        return [
            (float(row[0]), str(row[1]))
            for row in self._store.conn.execute(
                "SELECT at, recipient FROM submits WHERE iccid = ? AND at > ? ORDER BY at", (iccid, since)
            )
        ]

    def history_since_boot(self, iccid: str, boot: str) -> list[tuple[float, str]]:
        """The SIM's submits of this boot of the machine: (seconds since boot, recipient), oldest first."""
        rows = self._store.conn.execute(
            "SELECT up, recipient FROM submits WHERE iccid = ? AND boot = ? ORDER BY up", (iccid, boot)
        )
        return [(float(row[0]), str(row[1])) for row in rows]

    def has_free(self, now: float) -> bool:
        """Whether an answer is queued that may go in quiet hours too."""
        found = self._store.conn.execute(
            "SELECT 1 FROM messages WHERE state = 'queued' AND free_until > 0 AND free_until > ? LIMIT 1", (now,)
        )
        return found.fetchone() is not None

    def zones_abroad(self) -> list[str]:
        """The time zones, other than the station's, of what is queued."""
        rows = self._store.conn.execute("SELECT DISTINCT zones FROM messages WHERE state = 'queued' AND zones != ''")
        return [str(row[0]) for row in rows]

    def deliveries(self, iccid: str, before: float, count: int) -> list[bool]:
        """Of the SIM's parts that the network accepted before this time, newest first, whether each was delivered."""
        rows = self._store.conn.execute(
            "SELECT state = 'delivered' FROM submits JOIN parts ON parts.id = part_id"
            " WHERE iccid = ? AND outcome = 'accepted' AND at < ? ORDER BY submits.id DESC LIMIT ?",
            (iccid, before, count),
        )
        return [bool(row[0]) for row in rows]

    def refused_in_a_row(self, iccid: str, besides: str) -> int:
        """How many different recipients, `besides` one, the SIM was refused for since its last accepted part or rest.

        Only refusals that may speak of the SIM count.
        """
        row = self._store.conn.execute(
            "SELECT count(DISTINCT recipient) FROM submits WHERE iccid = ?1 AND outcome = 'refused' AND recipient != ?2"
            " AND against_sim AND at > (SELECT rested_at FROM sims WHERE iccid = ?1)"
            " AND id > coalesce((SELECT max(id) FROM submits WHERE iccid = ?1 AND outcome = 'accepted'), 0)",
            (iccid, besides),
        ).fetchone()
        return int(row[0])

    def has_queued(self, iccid: str) -> bool:
        """Whether anything is queued that this SIM might send."""
        row = self._store.conn.execute(
            "SELECT EXISTS (SELECT 1 FROM batches WHERE state = 'released' AND EXISTS (SELECT 1 FROM messages"
            " WHERE state = 'queued' AND batch_id = batches.id AND (sim IS NULL OR sim = ?)))",
            (iccid,),
        ).fetchone()
        return bool(row[0])

    def newest_event(self) -> float:
        """The newest time in the database: while the clock stands before it, the clock is wrong."""
        row = self._store.conn.execute(
            "SELECT max(coalesce((SELECT max(at) FROM submits WHERE id > (SELECT max(id) FROM submits) - 10), 0),"
            " coalesce((SELECT max(received_at) FROM inbound), 0))"
        ).fetchone()
        return float(row[0])
