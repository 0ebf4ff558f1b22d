"""Runs the service, and kills it just before or just after its n-th commit counted from a dropped file's own.

    python kill_at_commit.py before|after N TRAIL run --config FILE

TRAIL gets one line a commit: the name of the store's function that made it, written before the kill.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from daemon.cli import main  # noqa: E402 - the path must be set first
from daemon.store import Store  # noqa: E402

INTAKE = "intake"  # the thread whose first commit is that of the dropped file


class Killer:
    """Counts commits, and ends the process at the chosen one as a power cut would."""

    def __init__(self, moment: str, at: int, trail: str) -> None:
        self._before = moment == "before"
        self._at = at
        self._trail = os.open(trail, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._count = 0
        self._writing = Store.writing

    @contextmanager
    def writing(self, store: Store, **options: bool) -> Iterator[sqlite3.Connection]:
        """Stands in the place of `Store.writing`: one writer at a time comes here, since the real one holds a lock."""
        made_by = sys._getframe(2).f_code.co_name
        last = False
        with self._writing(store, **options) as conn:
            yield conn
            if self._count or threading.current_thread().name == INTAKE:
                self._count += 1
                last = self._count == self._at
                os.write(self._trail, f"{made_by}\n".encode())
                if last and self._before:
                    os.kill(os.getpid(), signal.SIGKILL)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)


def run() -> None:
    killer = Killer(sys.argv[1], int(sys.argv[2]), sys.argv[3])

    def writing(store: Store, **options: bool) -> AbstractContextManager[sqlite3.Connection]:
        return killer.writing(store, **options)

    Store.writing = writing  # type: ignore[method-assign]
    main(sys.argv[4:])


if __name__ == "__main__":
    run()
