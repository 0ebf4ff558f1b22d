"""SIMs and modems as last seen, and what holds a SIM back: a rest, a block, or a person's pause."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from daemon.core.message import SimState
from daemon.store.connection import Store
from drivers.types import ModemIdentity, SimIdentity


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a SIM may not send: RESTING until a time, BLOCKED or PAUSED until a person says so. It outlives restarts."""

    state: SimState
    reason: str
    until: float | None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class ModemSeen:
    """What a port showed at the last look. `state` is "opening", "ready", "lost" or "unusable"."""

    port: str
    state: str
    reason: str = ""
    identity: ModemIdentity = ModemIdentity("")
    iccid: str | None = None
    signal_dbm: int | None = None
    network: str = ""
    registered: str = ""
    bearer: str = ""
    smsc: str = ""
    storage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Memory -> (slots in use, slots in all)."""


class Sims:
    """Every method that changes something is one transaction and may raise StoreFull.

    What is only there to be seen is written without waiting for the disk: it is found out again after a power cut.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self) -> None:
        """A new start of the service: nothing is known to be plugged in."""
        with self._store.writing(durable=False) as conn:
            conn.execute("DELETE FROM modems")
            conn.execute("UPDATE sims SET state = 'absent', reason = '', until = NULL")

    def seen(self, sim: SimIdentity, now: float) -> None:
        """A SIM answered in a modem."""
        with self._store.writing() as conn:
            conn.execute(
                "INSERT INTO sims (iccid, imsi, own_number, state, first_seen, last_seen)"
                " VALUES (?1, ?2, ?4, 'ready', ?3, ?3) ON CONFLICT DO UPDATE SET last_seen = ?3,"
                " imsi = CASE WHEN ?2 = '' THEN imsi ELSE ?2 END,"
                " own_number = CASE WHEN ?4 = '' THEN own_number ELSE ?4 END",
                (sim.iccid, sim.imsi or "", now, sim.own_number or ""),
            )

    def show(self, iccid: str, state: SimState, reason: str, until: float | None) -> None:
        """What the SIM does just now, for people to see."""
        with self._store.writing(durable=False) as conn:
            conn.execute(
                "UPDATE sims SET state = ?, reason = ?, until = ? WHERE iccid = ?", (state, reason, until, iccid)
            )

    def known(self) -> list[str]:
        """The ICCID of every SIM ever seen."""
        return [str(row[0]) for row in self._store.conn.execute("SELECT iccid FROM sims ORDER BY iccid")]

    def hold(self, iccid: str) -> Hold | None:
        """What holds the SIM back, None when nothing does."""
        row = self._store.conn.execute(
            "SELECT hold, hold_reason, hold_until, hold_since FROM sims WHERE iccid = ? AND hold != ''", (iccid,)
        ).fetchone()
        return None if row is None else Hold(SimState(row[0]), *row[1:])

    def block(self, iccid: str, hold: Hold) -> None:
        """Hold a SIM back until a person lets it go."""
        with self._store.writing() as conn:
            conn.execute(
                "UPDATE sims SET hold = ?, hold_reason = ?, hold_until = NULL, hold_since = ? WHERE iccid = ?",
                (hold.state, hold.reason, hold.since, iccid),
            )

    def end_rest(self, iccid: str, now: float) -> None:
        """Let a SIM go whose rest is over; one that a person holds back meanwhile stays so."""
        with self._store.writing() as conn:
            conn.execute(
                "UPDATE sims SET hold = '', hold_reason = '', hold_until = NULL, hold_since = 0"
                " WHERE iccid = ? AND hold_until <= ?",
                (iccid, now),
            )

    def rest(self, iccid: str, hold: Hold, now: float) -> None:
        """A rest that the network's refusals asked for: the next one is longer. A person's pause outlasts it."""
        with self._store.writing() as conn:
            conn.execute("UPDATE sims SET rests = rests + 1, rested_at = ? WHERE iccid = ?", (now, iccid))
            conn.execute(
                "UPDATE sims SET hold = ?, hold_reason = ?, hold_until = ?, hold_since = ?"
                " WHERE iccid = ? AND hold != 'paused'",
                (hold.state, hold.reason, hold.until, now, iccid),
            )

    def rests(self, iccid: str) -> int:
        """Rests since the last accepted part."""
        row = self._store.conn.execute("SELECT rests FROM sims WHERE iccid = ?", (iccid,)).fetchone()
        return 0 if row is None else int(row[0])

    def forget_rests(self, iccid: str) -> None:
        """The network accepted a part: the next rest starts short again."""
        with self._store.writing() as conn:
            conn.execute("UPDATE sims SET rests = 0 WHERE iccid = ?", (iccid,))

    def forget_modem(self, port: str) -> None:
        """Nothing is to be seen there any more."""
        with self._store.writing(durable=False) as conn:
            conn.execute("DELETE FROM modems WHERE port = ?", (port,))

    def show_modem(self, modem: ModemSeen, now: float) -> None:
        """What a port shows just now, for people to see."""
        i = modem.identity
        with self._store.writing(durable=False) as conn:
            if modem.state == "ready" and i.imei:  # it was pulled out elsewhere, and here it is
                conn.execute(
                    "DELETE FROM modems WHERE imei = ? AND port != ? AND state = 'lost'", (i.imei, modem.port)
                )
            conn.execute(
                "INSERT OR REPLACE INTO modems (port, imei, manufacturer, model, firmware, state, reason, iccid,"
                " signal_dbm, network, registered, bearer, smsc, storage, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (modem.port, i.imei, i.manufacturer, i.model, i.firmware, modem.state, modem.reason, modem.iccid,
                 modem.signal_dbm, modem.network, modem.registered, modem.bearer, modem.smsc,
                 json.dumps(dict(modem.storage)), now),
            )  # fmt: skip
