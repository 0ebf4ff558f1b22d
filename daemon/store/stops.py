"""Stop now: what a person holds back or ends for the whole station or for one SIM, and what had already left."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.core.chain import What
from daemon.core.message import SimState
from daemon.core.not_possible import NotPossible
from daemon.store.audit import record
from daemon.store.connection import Store
from daemon.store.moves import finish_batch
from daemon.store.sims import Hold
from daemon.store.turns import SIM_TO_BE

IN_NO_HAND = " AND NOT EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id AND parts.state = 'submitting')"
"""Of messages: the network is not taking a part of it at this moment."""
_OPEN = "batches.state NOT IN ('finished', 'cancelled')"
_HAS_LEFT = "EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id AND parts.state NOT IN ('pending', 'refused'))"
_READY = f"messages.state = 'sending' AND NOT {_HAS_LEFT}"
"""A line has it ready, and it still waits."""


@dataclass(frozen=True, slots=True)
class Left:
    """What had already left when something was stopped: messages of which at least one part is out or in doubt.

    `waiting` messages have not begun, or not ended; after a cancel there are none.
    """

    left: int
    waiting: int
    batches: tuple[int, ...] = ()   # those that it concerns


@dataclass(frozen=True, slots=True)
class Retired:
    """`freed` messages may go through any SIM now. Of `begun` others a part had left: no other SIM can end them."""

    freed: int
    begun: int
    batches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StationPause:
    """The station is paused: since when, and by whom."""

    at: float
    by: str


class Stops:
    """Each method is one transaction, and holds from the next part on. May raise NotPossible and StoreFull."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # The station

    def station_pause(self) -> StationPause | None:
        """Who paused the station, None when nobody did."""
        row = self._store.conn.execute("SELECT at, by FROM station_pause WHERE id = 1").fetchone()
        return None if row is None else StationPause(*row)

    def pause_station(self, user: str, now: float) -> Left:
        """Submit nothing through any SIM until `resume_station`. It outlives restarts."""
        with self._store.writing() as conn:
            conn.execute("INSERT INTO station_pause VALUES (1, ?, ?) ON CONFLICT DO NOTHING", (now, user))
            record(conn, now, What.PAUSE, user, station=True)
            return left_of(conn, _OPEN)

    def resume_station(self, user: str, now: float) -> None:
        """Let the station go on."""
        with self._store.writing() as conn:
            if not conn.execute("DELETE FROM station_pause").rowcount:
                raise NotPossible(
                    "the station is not paused by a command. The file STOP, a SIM or a batch may hold it: see `outpost "
                    "status`."
                )
            record(conn, now, What.RESUME, user, station=True)

    def cancel_station(self, user: str, now: float) -> Left:
        """End every batch before its next part, for good."""
        with self._store.writing() as conn:
            batches = [row["id"] for row in conn.execute(f"SELECT id FROM batches WHERE {_OPEN}")]
            left = left_of(conn, _OPEN).left
            for batch_id in batches:
                cancel_batch(conn, batch_id, now)
            record(conn, now, What.CANCEL, user, station=True, batches=len(batches), left=left)
            return Left(left, 0, tuple(batches))

    # One SIM

    def pause_sim(self, iccid: str, user: str, now: float) -> Left:
        """Submit nothing through this SIM until it is resumed."""
        return self._hold_sim(iccid, Hold(SimState.PAUSED, f"paused by {user}", None, now), user, now)

    def resume_sim(self, iccid: str, user: str, now: float) -> Left:
        """Let a paused, resting or blocked SIM submit again."""
        return self._hold_sim(iccid, None, user, now)

    def cancel_sim(self, iccid: str, user: str, now: float) -> Left:
        """End what waits for this SIM and may go through no other, for good."""
        with self._store.writing() as conn:
            _seen(conn, iccid)
            left = left_of(conn, f"{_OPEN} AND messages.sim = ?", iccid).left
            rows = conn.execute(
                "UPDATE messages SET state = 'cancelled', reason = 'cancelled with its SIM', due_at = NULL,"
                f" changed_at = ?1 WHERE sim = ?2 AND state IN ('held', 'queued', 'sending'){IN_NO_HAND}"
                f" AND NOT (state = 'sending' AND NOT EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id)"
                f" AND {SIM_TO_BE} IS NOT ?2) RETURNING batch_id",
                (now, iccid),
            ).fetchall()
            batches = {row["batch_id"] for row in rows}
            for batch_id in batches:
                finish_batch(conn, batch_id, now)
            record(conn, now, What.CANCEL, user, sim=iccid, left=left)
            return Left(left, 0, tuple(batches))

    def retire_sim(self, iccid: str, user: str, why: str, now: float) -> Retired:
        """This SIM is gone for good: those who were texted from it, and the batches that asked for it, wait for it no
        more. It is held back until somebody resumes it."""
        with self._store.writing() as conn:
            if _seen(conn, iccid) != SimState.ABSENT:
                raise NotPossible(f"SIM {iccid} is in a modem. Take it out first; one that works is not retired.")
            conn.execute(
                "UPDATE sims SET retired_at = ?1, hold = 'paused', hold_reason = ?2, hold_until = NULL, hold_since = ?1"
                " WHERE iccid = ?3",
                (now, f"retired by {user}: {why}", iccid),
            )
            freed = conn.execute(
                f"UPDATE messages SET sim = {SIM_TO_BE} WHERE sim = ? AND state IN ('held', 'queued') AND NOT EXISTS"
                " (SELECT 1 FROM parts WHERE message_id = messages.id AND state != 'pending') RETURNING batch_id",
                (iccid,),
            ).fetchall()
            begun = left_of(conn, f"{_OPEN} AND messages.sim = ?", iccid).waiting
            record(conn, now, What.RETIREMENT, user, why, sim=iccid, freed=len(freed), begun=begun)
            return Retired(len(freed), begun, tuple({int(row["batch_id"]) for row in freed}))

    def _hold_sim(self, iccid: str, hold: Hold | None, user: str, now: float) -> Left:
        values = ("", "", None, 0.0) if hold is None else (hold.state, hold.reason, hold.until, hold.since)
        with self._store.writing() as conn:
            _seen(conn, iccid)
            conn.execute(
                "UPDATE sims SET hold = ?1, hold_reason = ?2, hold_until = ?3, hold_since = ?4,"
                " retired_at = CASE WHEN ?1 = '' THEN NULL ELSE retired_at END WHERE iccid = ?5",
                (*values, iccid),
            )
            record(conn, now, What.RESUME if hold is None else What.PAUSE, user, sim=iccid)
            return left_of(conn, f"{_OPEN} AND messages.sim = ?", iccid)


def cancel_batch(conn: sqlite3.Connection, batch_id: int, now: float) -> None:
    """End a batch before its next part. What has begun keeps its outcome."""
    conn.execute("UPDATE batches SET state = 'cancelled', finished_at = ? WHERE id = ?", (now, batch_id))
    conn.execute(
        "UPDATE messages SET state = 'cancelled', reason = 'batch cancelled', due_at = NULL, changed_at = ?"
        f" WHERE batch_id = ? AND state IN ('held', 'queued', 'sending'){IN_NO_HAND}",
        (now, batch_id),
    )


def left_of(conn: sqlite3.Connection, where: str, *arguments: object) -> Left:
    """What had left and what waits of the messages that `where` names, in terms of `messages` and `batches`."""
    row = conn.execute(
        f"SELECT coalesce(sum({_HAS_LEFT}), 0), coalesce(sum(messages.state IN ('held', 'queued') OR {_READY}), 0)"
        f" FROM messages JOIN batches ON batches.id = batch_id WHERE {where}",
        arguments,
    ).fetchone()
    return Left(int(row[0]), int(row[1]))


def _seen(conn: sqlite3.Connection, iccid: str) -> str:
    """The state of a SIM. Raises NotPossible."""
    row = conn.execute("SELECT state FROM sims WHERE iccid = ?", (iccid,)).fetchone()
    if row is None:
        raise NotPossible(f"no SIM {iccid} has been seen here. `outpost sims` lists them.")
    return str(row["state"])
