"""What a disk that damages the write-ahead log has cost: read from copies of the database before and after."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

WAITS = ("held", "queued", "sending")
FLIPPED = 0xFF


@dataclass(frozen=True, slots=True)
class Loss:
    """The recipients whose message is gone or stands as it stood earlier, those whose message waits by what is left,
    and the texts of people that are gone. `told` is how many losses the database told of before."""

    changed: frozenset[str]
    waiting: frozenset[str]
    inbound: frozenset[str]
    told: int


@dataclass(frozen=True, slots=True)
class _Known:
    messages: dict[str, tuple[str, str]]  # recipient: state, and those of its parts and submits
    inbound: frozenset[str]
    pages: int  # that SQLite reads of the log
    told: int
    whole: bool


def damage(database: Path, chance: random.Random, in_hand: frozenset[str]) -> Loss | None:
    """Turn an octet of the log, while nobody has the database open; None when nothing is lost by it.

    `in_hand` are the recipients of lists that were being taken: these are rejected, since nobody knows. What breaks the
    database itself is left out: a station refuses to start on that, and no fault can follow.
    """
    log = wal(database)
    if not log.exists() or not log.stat().st_size:
        return None
    whole = log.read_bytes()
    before = _known(database)
    damaged = bytearray(whole)
    damaged[chance.randrange(len(damaged))] ^= FLIPPED
    log.write_bytes(damaged)
    after = _known(database)
    if not after.whole:
        log.write_bytes(whole)
        return None
    if after.pages == before.pages:
        return None
    return Loss(
        changed=in_hand.union(who for who, known in before.messages.items() if after.messages.get(who) != known),
        waiting=frozenset(who for who, (state, _) in after.messages.items() if state in WAITS),
        inbound=before.inbound - after.inbound,
        told=after.told,
    )


def wal(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def _is_whole(conn: sqlite3.Connection) -> bool:
    """Whether a service could go on with it: an index it makes anew."""
    try:
        conn.execute("REINDEX")
        found = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError:
        return False
    return bool(found == "ok") and conn.execute("PRAGMA foreign_key_check").fetchone() is None


def made_good(database: Path, loss: Loss) -> Loss | None:
    """A loss after a service has started on it, of those that wait only those whom it has put in doubt; None when it
    has not put the loss on record."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=30)) as conn:
        if _told(conn) <= loss.told:
            return None
        doubts = {who for (who,) in conn.execute("SELECT recipient FROM messages WHERE state = 'in_doubt'")}
        return replace(loss, waiting=loss.waiting & doubts)


def _told(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM audit WHERE entry ->> 'what' = 'loss'").fetchone()[0])


def _known(database: Path) -> _Known:
    with _copy(database) as conn:
        pages = conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        if not _is_whole(conn):
            return _Known({}, frozenset(), pages, 0, whole=False)
        messages = conn.execute(
            "SELECT recipient, state, (SELECT coalesce(group_concat(parts.state || outcome), '')"
            " FROM submits JOIN parts ON parts.id = part_id WHERE message_id = messages.id) FROM messages"
        )
        return _Known(
            {who: (state, outcomes) for who, state, outcomes in messages},
            frozenset(text for (text,) in conn.execute("SELECT text FROM inbound WHERE kind = 'deliver'")),
            pages, _told(conn), whole=True,
        )  # fmt: skip


@contextmanager
def _copy(database: Path) -> Iterator[sqlite3.Connection]:
    """A look that leaves the files as they are: whoever opens a log repairs it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / database.name
        shutil.copy(database, copy)
        shutil.copy(wal(database), wal(copy))
        with closing(sqlite3.connect(copy)) as conn:
            conn.execute("PRAGMA synchronous=OFF")
            yield conn
