"""The station at a glance, as its file and as lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.clock import Clock
from daemon.core.batch import Reading
from daemon.pages.publisher import Publisher
from daemon.pages.status import reading_now
from daemon.pages.text import status_lines
from daemon.settings import Settings, Station
from daemon.store import Outbox, Store, Views


def test_a_long_reading_shows_with_its_rows(tmp_path: Path, files_of: Callable[[Store], Any]) -> None:
    (tmp_path / "replies").mkdir()
    store = Store(tmp_path / "outpost.db")
    settings = Settings(station=Station(spool_dir=tmp_path))
    assert reading_now(settings) is None
    now: list[Reading | None] = [Reading("list.csv", 45_000)]
    for expected in (Reading("list.csv", 45_000), None):
        publisher = Publisher(
            Views(store), Outbox(store), *files_of(store), settings, Clock(), reading=lambda: now[0]
        )
        publisher.start()
        publisher.stop()
        assert reading_now(settings) == expected
        told = list(status_lines(json.loads((tmp_path / "status.json").read_text())))
        assert ("reading list.csv: 45000 rows so far" in told) == (expected is not None)
        now[0] = None
    store.close()
