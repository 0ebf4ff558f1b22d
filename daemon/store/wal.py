"""What the write-ahead log held that its disk has damaged: commits that SQLite leaves out when it reads the log again.

SQLite reads the log after a crash up to the first frame whose checksum does not fit, and takes what follows for a write
that the crash cut short. Its format: sqlite.org/fileformat2.html#walformat and walformat.html.
"""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

_HEADER = struct.Struct(">I12x8s2I")  # magic; version, page size, checkpoint | salts | checksum of what stands before
_FRAME = struct.Struct(">4xI8s")      # page | size of the database after a commit, 0 in other frames | salts
_FRAME_OCTETS = 24
_LITTLE_ENDIAN, _BIG_ENDIAN = 0x377F0682, 0x377F0683  # how checksums read their words


def log_of(database: Path) -> Path:
    """The file of a database's write-ahead log. It may not be there."""
    return database.with_name(f"{database.name}-wal")


def lost_commits(conn: sqlite3.Connection, database: Path) -> int:
    """How many commits lie in the log behind the last one that SQLite could read.

    Only before the first write after a crash, and while no other process writes. Raises OSError.
    """
    # SQLite says how many frames it has read. Its index (-shm) may not be looked at: to close it ends all locks on it.
    read = int(conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])
    octets = _FRAME_OCTETS + int(conn.execute("PRAGMA page_size").fetchone()[0])
    try:
        with log_of(database).open("rb") as log:
            header = log.read(_HEADER.size)
            _, salts = _FRAME.unpack(log.read(_FRAME.size))
            if _is_whole(header):
                salts = _HEADER.unpack(header)[1]
            log.seek(_HEADER.size + max(read, 0) * octets)
            return sum(_commits(frame, salts) for frame in iter(lambda: log.read(octets), b""))
    except (FileNotFoundError, struct.error):
        return 0


def _is_whole(header: bytes) -> bool:
    """Whether a log's header is as it was written. With a damaged one SQLite reads nothing of the log."""
    magic, _, *checksum = _HEADER.unpack(header)
    if magic not in (_LITTLE_ENDIAN, _BIG_ENDIAN):
        return False
    words = struct.unpack(("<" if magic == _LITTLE_ENDIAN else ">") + "6I", header[:24])
    first = second = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) % 2**32
        second = (second + odd + first) % 2**32
    return checksum == [first, second]


def _commits(frame: bytes, salts: bytes) -> bool:
    """Whether a frame ends a commit of this log. What an earlier use of the file has left bears other salts, both of
    them; one of ours may be what is damaged."""
    if len(frame) < _FRAME_OCTETS:
        return False
    pages: int
    own: bytes
    pages, own = _FRAME.unpack_from(frame)
    return pages != 0 and (own[:4] == salts[:4] or own[4:] == salts[4:])
