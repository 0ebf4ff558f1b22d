"""The station's lists of people, kept as keyed hashes: opt-outs and exclusions, for those who change and count them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from daemon.core.chain import SERVICE, What
from daemon.store.audit import record
from daemon.store.connection import Store
from daemon.store.people import Policy, foreseen, known_as, opt_in, opt_out, policy_of, seen, suppress
from daemon.store.requests import exclusions_changed

HASHED = "sha256-hmac:"
"""Before a number that was hashed with this station's key already."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """One person who wants no more texts: the hash of the number, since when (seconds since the epoch), from where."""

    hash: str
    at: float
    source: str


@dataclass(frozen=True, slots=True)
class Category:
    """How many people are excluded for one reason, and when the first and the last came."""

    name: str
    people: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Change:
    """What an addition or removal did. `batches` are those of which something changed."""

    people: int
    batches: frozenset[int] = frozenset()


class Lists:
    """What changes something is one transaction and may raise StoreFull. Numbers are taken however they are written."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def obey(self, policy: Policy) -> None:
        """Take what the configuration says; it holds from now on, for every transaction."""
        words = json.dumps(asdict(policy))
        with self._store.writing() as conn:
            conn.execute("INSERT INTO station VALUES ('policy', ?1) ON CONFLICT DO UPDATE SET value = ?1", (words,))

    def seen(self, sender: str, now: float) -> set[int] | None:
        """A person has read what this number wrote; the batches that go on, None when nothing waited for that."""
        with self._store.writing() as conn:
            return seen(conn, sender, now)

    def opt_out(self, numbers: Iterable[str], source: str, now: float, by: str = SERVICE) -> Change:
        """Note that these people want no more texts. `by` is the user, when it is a person who notes it."""
        with self._store.writing() as conn:
            done = [opt_out(conn, number, source, now, by) for number in numbers]
        return Change(sum(new for new, _ in done), frozenset().union(*(batches for _, batches in done)))

    def opt_in(self, numbers: Iterable[str], user: str, why: str, now: float) -> Change:
        """Take opt-outs back, by a person's decision."""
        with self._store.writing() as conn:
            return Change(sum(opt_in(conn, number, now, user, why) for number in numbers))

    def exclude(self, entries: Iterable[str], category: str, user: str, now: float) -> Change:
        """Never text these people: numbers, or HASHED ones. What waits for them is suppressed; releases are void."""
        with self._store.writing() as conn:
            added = sum(
                conn.execute(
                    "INSERT INTO exclusions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (tag, category, now, user)
                ).rowcount
                for tag in self._tags(conn, entries)
            )
            if not added:
                return Change(0)
            batches = suppress(conn, now)
            conn.executemany("UPDATE batches SET changed_by = ? WHERE id = ?", [(user, batch) for batch in batches])
            voided = exclusions_changed(conn)
            record(conn, now, What.EXCLUSION, user, category, added=added, releases_voided=len(voided))
            return Change(added, frozenset(batches.union(voided)))

    def include(self, entries: Iterable[str], category: str | None, user: str, why: str, now: float) -> Change:
        """Take people off one list of exclusions, or off all. What was suppressed stays so; releases are void."""
        with self._store.writing() as conn:
            gone = sum(
                conn.execute(
                    "DELETE FROM exclusions WHERE tag = ?1 AND (?2 IS NULL OR category = ?2)", (tag, category)
                ).rowcount
                for tag in self._tags(conn, entries)
            )
            if not gone:
                return Change(0)
            voided = exclusions_changed(conn)
            record(
                conn, now, What.EXCLUSION, user, why, removed=gone, releases_voided=len(voided),
                **({} if category is None else {"category": category}),
            )  # fmt: skip
            return Change(gone, frozenset(voided))

    def foreseen(self, numbers: Iterable[str], now: float, *, again: bool) -> dict[str, str]:
        """Why a list that was not taken yet may not text these people, by number (E.164); the others are not in it."""
        return foreseen(self._store.conn, numbers, now, again=again)

    def optouts(self, numbers: Sequence[str] = ()) -> list[OptOut]:
        """The opt-outs, oldest first: all, or those of these numbers."""
        conn = self._store.conn
        wanted = set(self._tags(conn, numbers))
        rows = conn.execute("SELECT tag, at, source FROM optouts ORDER BY at, tag")
        return [OptOut(HASHED + row["tag"], row["at"], row["source"]) for row in rows
                if not numbers or row["tag"] in wanted]  # fmt: skip

    def exclusions(self) -> list[Category]:
        """The exclusions by category: for administrators alone."""
        rows = self._store.conn.execute(
            "SELECT category, count(*), min(at), max(at) FROM exclusions GROUP BY category ORDER BY category"
        )
        return [Category(*row) for row in rows]

    def excluded(self) -> int:
        """How many people are excluded, whatever the reason."""
        return int(self._store.conn.execute("SELECT count(DISTINCT tag) FROM exclusions").fetchone()[0])

    def hashed(self, number: str) -> str:
        """A number as a list of exclusions may hold it without showing it: this station alone knows it again."""
        return HASHED + self._tags(self._store.conn, [number])[0]

    def _tags(self, conn: sqlite3.Connection, entries: Iterable[str]) -> list[str]:
        policy = policy_of(conn)
        return [
            entry.removeprefix(HASHED).lower() if entry.startswith(HASHED)
            else self._store.person_tag(known_as(entry, policy))
            for entry in entries
        ]  # fmt: skip
