"""Which PINs were tried on which SIM, and what came of it: a wrong one is never given a second time."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum

from daemon.store.connection import Store

_HIDDEN = "imei "
"""Before the IMEI of a modem, in the place of the ICCID of a SIM that hides it."""


class PinState(StrEnum):
    """What is known of one PIN and one SIM."""

    TRIED = "tried"  # given, and the answer is not known: it counts as wrong
    RIGHT = "right"
    WRONG = "wrong"


class PinTries:
    """Keeps a keyed hash of each PIN, and no PIN. What changes something is one transaction; it may raise StoreFull."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, iccid: str, imei: str, pin: str) -> PinState | None:
        """What is known of this PIN for this SIM; None when it may be tried.

        Where it is not sure which SIM an earlier try was made on, the try counts for this one too: a modem may hide the
        ICCID until the PIN is given, and a SIM may move.
        """
        sim = _sim(iccid, imei)
        found = dict(
            self._store.conn.execute("SELECT sim, state FROM pin_tries WHERE tag = ?", (self._tag(pin),)).fetchall()
        )
        if sim in found:
            return PinState(found[sim])
        doubtful = [
            PinState(state)
            for other, state in found.items()
            if state != PinState.RIGHT and (not iccid or other.startswith(_HIDDEN))
        ]
        return doubtful[0] if doubtful else None

    def note(self, iccid: str, imei: str, pin: str, state: PinState, now: float) -> None:
        """Write down a try, or its outcome."""
        values = (_sim(iccid, imei), self._tag(pin), state, now)  # the first tag makes its key, in a transaction too
        with self._store.writing() as conn:
            conn.execute(
                "INSERT INTO pin_tries VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET state = excluded.state, at = excluded.at",
                values,
            )

    def forget(self, iccid: str) -> int:
        """A person has seen to the SIM: its PIN may be tried again, once. Tries on SIMs that hid their ICCID are
        forgotten too, for one of them may have been this. How many there were."""
        with self._store.writing() as conn:
            gone = conn.execute(
                "DELETE FROM pin_tries WHERE state != 'right' AND (sim = ? OR sim LIKE ?)", (iccid, f"{_HIDDEN}%")
            )
            return gone.rowcount

    def _tag(self, pin: str) -> str:
        return hmac.new(self._store.secret("pin_key"), pin.encode(), hashlib.sha256).hexdigest()


def _sim(iccid: str, imei: str) -> str:
    return iccid or f"{_HIDDEN}{imei}"
