"""What a line asks of the queue and of the submits before it sends: reads only."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from daemon.core.forecast import Beside, Planned
from daemon.core.message import SimState
from daemon.store.connection import Store, StoreFull
from daemon.store.sims import Hold
from daemon.store.turns import SIM_OF_PERSON


@dataclass(frozen=True, slots=True)
class Standing:
    """What a line must know before each message. `due` is when the next held message comes due, None when none waits
    for a time; `zones` are the time zones, other than the station's, of what is queued; `newest` is the newest time in
    the database: while the clock stands before it, the clock is wrong."""

    paused_by: str | None
    hold: Hold | None
    due: float | None
    zones: tuple[str, ...]
    newest: float


_FORGOTTEN = "'forgotten ' || id"  # somebody whom nobody knows: for each such part another, which is the strictest
_NEWEST = """
max(coalesce((SELECT max(at) FROM submits WHERE id > (SELECT max(id) FROM submits) - 10), 0),
    coalesce((SELECT max(received_at) FROM inbound), 0))
"""
_ABROAD = "SELECT min(zones) FROM messages INDEXED BY messages_abroad WHERE state = 'queued' AND zones != ''"
_STANDING = f"""
WITH RECURSIVE abroad (zones) AS (  -- from one to the next, so that nobody counts the messages of each
    {_ABROAD} UNION ALL SELECT ({_ABROAD} AND zones > abroad.zones) FROM abroad WHERE zones IS NOT NULL
)
SELECT (SELECT by FROM station_pause WHERE id = 1), hold, hold_reason, hold_until, hold_since,
    (SELECT min(due_at) FROM messages WHERE state = 'held' AND due_at IS NOT NULL),
    (SELECT group_concat(zones, char(10)) FROM abroad), {_NEWEST}
FROM (SELECT 1) LEFT JOIN sims ON iccid = ?
"""


class Questions:
    """Times are seconds since the epoch, but for those since boot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def history(self, iccid: str, since: float) -> list[tuple[float, str]]:
        """The SIM's submits since then, and any that a disk has lost: (time of `submitting`, recipient), oldest
        first."""
        rows = self._store.conn.execute(
            "SELECT at, recipient FROM submits WHERE iccid = :iccid AND at > :since UNION ALL"
            f" SELECT at, {_FORGOTTEN} FROM forgotten_submits WHERE at > :since ORDER BY at",
            {"iccid": iccid, "since": since},
        )
        return [(float(row[0]), str(row[1])) for row in rows]

    def history_since_boot(self, iccid: str, boot: str) -> list[tuple[float, str]]:
        """The same of this boot of the machine: (seconds since boot, recipient)."""
        rows = self._store.conn.execute(
            "SELECT up, recipient FROM submits WHERE iccid = :iccid AND boot = :boot UNION ALL"
            f" SELECT up, {_FORGOTTEN} FROM forgotten_submits WHERE boot = :boot ORDER BY up",
            {"iccid": iccid, "boot": boot},
        )
        return [(float(row[0]), str(row[1])) for row in rows]

    def has_free(self, now: float) -> bool:
        """Whether an answer is queued that may go in quiet hours too."""
        found = self._store.conn.execute(
            "SELECT 1 FROM messages WHERE state = 'queued' AND free_until > 0 AND free_until > ? LIMIT 1", (now,)
        )
        return found.fetchone() is not None

    def unreadable(self, error: Exception) -> StoreFull | None:
        """See `Store.unreadable`."""
        return self._store.unreadable(error)

    def standing(self, iccid: str) -> Standing:
        """How the station and this SIM stand: one look for all, since it stands before every message."""
        by, *held, due, zones, newest = self._store.conn.execute(_STANDING, (iccid,)).fetchone()
        hold = Hold(SimState(held[0]), *held[1:]) if held[0] else None
        return Standing(by, hold, due, tuple(zones.split("\n")) if zones else (), newest)

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

    def beside(self, batch_id: int | None = None) -> list[Beside]:
        """The batches that are being sent, `batch_id` left out, by whose turn it is."""
        batches = self._store.conn.execute(
            "SELECT id, (SELECT n FROM counts WHERE batch_id = batches.id AND state = 'queued') AS n FROM batches"
            " WHERE state = 'released' AND id IS NOT ? AND n > 0 ORDER BY turn, id",
            (batch_id,),
        ).fetchall()
        sims = [None, *(row[0] for row in self._store.conn.execute("SELECT iccid FROM sims"))]
        return [Beside(row["n"], self._in_order(row["id"], sims)) for row in batches]

    def _in_order(self, batch_id: int, sims: Sequence[str | None]) -> Iterator[Planned]:
        """The queued messages of a batch in their order, each read when it is asked for."""
        lines = [
            self._store.conn.execute(
                "SELECT recipient, part_count, priority, coalesce(sim, ''), id FROM messages WHERE state = 'queued'"
                " AND batch_id = ? AND sim IS ? ORDER BY priority DESC, id",
                (batch_id, sim),
            )
            for sim in sims
        ]
        return (Planned(*row[:4]) for row in heapq.merge(*lines, key=lambda row: (-row["priority"], row["id"])))

    def sims_of(self, recipients: Iterable[str]) -> dict[str, str]:
        """The SIM from which each of these people is texted; whoever any SIM may text is not in it."""
        rows = self._store.conn.execute(
            f"SELECT recipient, {SIM_OF_PERSON} AS sim FROM (SELECT value AS recipient FROM json_each(?)) AS messages"
            " WHERE sim IS NOT NULL",
            (json.dumps(list(recipients)),),
        )
        return {str(row["recipient"]): str(row["sim"]) for row in rows}

    def newest_event(self) -> float:
        """The newest time in the database: while the clock stands before it, the clock is wrong."""
        return float(self._store.conn.execute(f"SELECT {_NEWEST}").fetchone()[0])
