"""How SIMs and their networks fared over time: signal, registration, room for messages, and credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daemon.store.connection import Store

EVERY_SECONDS = 600.0
"""Where nothing but the signal has changed, a look is kept this often."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a modem. `storage` is memory -> (slots in use, slots in all)."""

    port: str
    signal_dbm: int | None
    registered: str
    network: str
    bearer: str
    storage: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Credit:
    """What a network said of a SIM's credit. `amount` is None when its words held none; `text` is all that it said."""

    at: float
    amount: float | None
    text: str


class Health:
    """History by SIM. What is written here waits for no disk: a power cut may cost the last look.

    Times are seconds since the epoch. Writing may raise StoreFull.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, iccid: str, look: Look, now: float) -> bool:
        """Keep a look, unless all but the signal is as it was a short while ago; whether it was kept."""
        used = sum(used for used, _ in look.storage.values())
        size = sum(size for _, size in look.storage.values())
        with self._store.writing(durable=False) as conn:
            return bool(
                conn.execute(
                    "INSERT INTO health SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS"
                    " (SELECT 1 FROM health WHERE iccid = ?1 AND at > ?2 - ?10"
                    " AND at = (SELECT max(at) FROM health WHERE iccid = ?1)"
                    " AND at <= ?2 AND registered = ?4 AND port = ?5 AND network = ?6 AND bearer = ?7"
                    " AND (signal_dbm IS NULL) = (?3 IS NULL)) ON CONFLICT DO NOTHING",
                    (iccid, now, look.signal_dbm, look.registered, look.port, look.network, look.bearer, used, size,
                     EVERY_SECONDS),
                ).rowcount
            )  # fmt: skip

    def history(self, iccid: str, since: float = 0.0) -> list[dict[str, Any]]:
        """The looks since then, oldest first: at, signal_dbm, registered, port, network, bearer, slots_used, slots."""
        rows = self._store.conn.execute("SELECT * FROM health WHERE iccid = ? AND at >= ? ORDER BY at", (iccid, since))
        return [dict(row) for row in rows]

    def keep_credit(self, iccid: str, credit: Credit) -> None:
        """Keep what a network said of a SIM's credit."""
        with self._store.writing() as conn:
            conn.execute(
                "INSERT INTO credit (iccid, at, amount, text) VALUES (?, ?, ?, ?)",
                (iccid, credit.at, credit.amount, credit.text),
            )

    def credit(self, iccid: str) -> Credit | None:
        """What was said last."""
        return next(iter(self.credits(iccid, 1)), None)

    def credits(self, iccid: str, most: int = 1000) -> list[Credit]:
        """What was said, newest first."""
        rows = self._store.conn.execute(
            "SELECT at, amount, text FROM credit WHERE iccid = ? ORDER BY at DESC, id DESC LIMIT ?", (iccid, most)
        )
        return [Credit(row["at"], row["amount"], row["text"]) for row in rows]

    def forget(self, before: float) -> None:
        """Drop the looks before then. What was said of credit stays: it is little, and people ask for it."""
        with self._store.writing(durable=False) as conn:
            conn.execute("DELETE FROM health WHERE at < ?", (before,))
