"""The record: append-only and hash-chained, each entry in the transaction of what it records.

No entry holds a number or a text: those show as keyed hashes (`Seal`). The key belongs to the batch and is destroyed
when the batch is erased; from then on the hashes tell nothing, and the chain stays as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from daemon.clock import boot_id, since_boot
from daemon.core.blanking import blanked
from daemon.core.chain import NOTHING, SERVICE, Break, Checked, Head, What, canonical, check, link
from daemon.store.connection import Store

NAMED_BY_PEOPLE = frozenset({"why", "batch", "file", "category"})
"""Facts whose words people choose, and may put a number into."""
_LAST = "SELECT seq, hash FROM audit WHERE seq = (SELECT max(seq) FROM audit)"
_LAST_AND_ZONE = (
    "SELECT seq, hash, (SELECT value FROM station WHERE key = 'timezone')"
    " FROM (SELECT 1) LEFT JOIN audit ON seq = (SELECT max(seq) FROM audit)"
)
SIGNING_KEY = "audit_signing_key"
"""The name of the station's secret for signing exports."""
TRIGGERS = ("audit_in_order", "audit_never_changed", "audit_never_shortened")


def head_of(conn: sqlite3.Connection) -> Head | None:
    """The last entry; None while there is none."""
    row = conn.execute(_LAST).fetchone()
    return None if row is None else Head(*row)


def record(
    conn: sqlite3.Connection, now: float, what: What, who: str = SERVICE, why: str = "", **facts: object
) -> Head:
    """Add one entry inside a transaction; the new head.

    `who` is a user, or SERVICE; `facts` are what JSON can hold: numbers and texts of people only under a Seal.
    """
    if why:
        facts["why"] = why
    last, before, zone = conn.execute(_LAST_AND_ZONE).fetchone()
    seq = (last or 0) + 1
    entry = canonical({
        "seq": seq,
        "at": datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "local": datetime.fromtimestamp(now // 1, _zone_named(zone or "UTC")).isoformat(),
        "boot": boot_id(),
        "since_boot": round(since_boot(), 6),
        "what": what,
        "who": who,
        **{key: blanked(str(fact)) if key in NAMED_BY_PEOPLE else fact for key, fact in facts.items()},
    })  # fmt: skip
    head = Head(seq, link(before or NOTHING, entry))
    conn.execute("INSERT INTO audit VALUES (?, ?, ?)", (head.seq, entry, head.hash))
    return head


class Seal:
    """Makes the keyed hashes of one batch, or of what belongs to no batch. For use inside a transaction."""

    def __init__(self, conn: sqlite3.Connection, batch_id: int | None) -> None:
        self._key = _station_key(conn) if batch_id is None else _batch_key(conn, batch_id)

    def __call__(self, value: str) -> str:
        """HMAC-SHA256, in hex, of a number, a text or a PDU."""
        return hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), "sha256").hex()


class Audit:
    """The record, for those who read it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, now: float, what: What, who: str = SERVICE, why: str = "", **facts: object) -> Head:
        """Add one entry that stands for itself, in a transaction of its own. May raise StoreFull."""
        with self._store.writing() as conn:
            return record(conn, now, what, who, why, **facts)

    def configured(self, settings: Mapping[str, str], now: float) -> str:
        """The service goes by these settings from now on, which is an entry when they are new; their hash. The words of
        an authority for more SIMs stand in it whole.

        `settings` are flat: "station.timezone" is the zone of local times. May raise StoreFull.
        """
        text = canonical(settings)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        with self._store.writing() as conn:
            row = conn.execute("SELECT value FROM station WHERE key = 'configuration'").fetchone()
            if row is None or row[0] != text:
                before: dict[str, str] = {} if row is None else json.loads(row[0])
                for key, value in (("timezone", settings["station.timezone"]), ("configuration", text)):
                    conn.execute("INSERT OR REPLACE INTO station VALUES (?, ?)", (key, value))
                changed = sorted(key for key, _ in before.items() ^ settings.items()) if before else ["all"]
                authority = {key: words for key, words in settings.items() if key.startswith("station.authority.")}
                record(
                    conn, now, What.CONFIGURATION, sha256=sha256, changed=list(dict.fromkeys(changed)),
                    authority=authority,
                )  # fmt: skip
        return sha256

    def holds(self, head: Head) -> bool:
        """Whether this head, kept elsewhere, is one of this chain."""
        row = self._store.conn.execute("SELECT hash FROM audit WHERE seq = ?", (head.seq,)).fetchone()
        return row is not None and str(row[0]).startswith(head.hash)

    def head(self) -> Head | None:
        """The last entry; None while there is none."""
        return head_of(self._store.conn)

    def rows(self) -> Iterator[tuple[int, str, str]]:
        """Every (number, entry, hash), in order."""
        rows = self._store.conn.execute("SELECT seq, CAST(entry AS BLOB), CAST(hash AS BLOB) FROM audit ORDER BY seq")
        for seq, *texts in rows:
            entry, hash_ = (bytes(text).decode("utf-8", "surrogateescape") for text in texts)  # it may be damaged
            yield seq, entry, hash_

    def check(self, *heads: Head) -> Checked:
        """Follow the whole chain, and compare it with heads that were kept elsewhere."""
        try:
            checked = check(self.rows(), heads)
            missing = self._missing_triggers()
        except sqlite3.Error as error:
            return Checked(0, None, (Break(0, f"damaged: the record cannot be read whole ({error})"),))
        return Checked(checked.entries, checked.head, (*checked.breaks, *missing))

    def _missing_triggers(self) -> list[Break]:
        found = {row[0] for row in self._store.conn.execute("SELECT name FROM sqlite_master WHERE tbl_name = 'audit'")}
        return [Break(0, f"unguarded: the trigger {name} is gone") for name in TRIGGERS if name not in found]


@lru_cache(maxsize=4)
def _zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _station_key(conn: sqlite3.Connection) -> bytes:
    conn.execute("INSERT INTO station VALUES ('audit_key', ?) ON CONFLICT DO NOTHING", (secrets.token_hex(32),))
    return bytes.fromhex(conn.execute("SELECT value FROM station WHERE key = 'audit_key'").fetchone()[0])


def _batch_key(conn: sqlite3.Connection, batch_id: int) -> bytes:
    row = conn.execute("SELECT key FROM batch_keys WHERE batch_id = ?", (batch_id,)).fetchone()
    if row is None:
        row = (secrets.token_hex(32),)
        conn.execute("INSERT INTO batch_keys VALUES (?, ?)", (batch_id, row[0]))
    return bytes.fromhex(row[0])
