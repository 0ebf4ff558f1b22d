"""The station at a glance, as its file and as lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import Clock
from daemon.core.batch import Reading
from daemon.core.message import SimState
from daemon.core.standstill import NO_TIME, next_time
from daemon.pages.publisher import Publisher
from daemon.pages.replies import Waiting
from daemon.pages.station_page import station_page
from daemon.pages.status import reading_now, station_status
from daemon.pages.text import status_lines
from daemon.settings import Settings, SimSettings, Station
from daemon.store import Outbox, Sims, Stops, Store, Views
from daemon.store.sims import Hold
from drivers.types import SimIdentity


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


ICCID, NOW = "8944100000000000001", 1_800_000_000.0


class Standing:
    """A SIM that is ready, and its station as people are told of it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.sims, self.stops = Sims(store), Stops(store)
        self.configured, self.running = SimSettings(), True
        self.sims.seen(SimIdentity(ICCID), NOW)

    def document(self) -> dict[str, Any]:
        settings = Settings(station=Station(spool_dir=self.folder), sims={ICCID: self.configured})
        return station_status(Views(self.store), Outbox(self.store), settings, NOW, running=self.running)


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    with closing(Store(tmp_path / "outpost.db")) as store:
        yield Standing(store, tmp_path)


def lay_stop(standing: Standing) -> None:
    (standing.folder / "STOP.txt").touch()


def pause_in_the_configuration(standing: Standing) -> None:
    standing.configured = SimSettings(paused=True)


def end_the_service(standing: Standing) -> None:
    standing.running = False


def show(state: SimState, reason: str, until: float | None = None) -> Callable[[Standing], None]:
    return lambda standing: standing.sims.show(ICCID, state, reason, until)


@pytest.mark.parametrize(
    ("hold", "why"),
    [
        (lambda standing: standing.stops.pause_station("ann", NOW), "the station is paused by ann"),
        (lay_stop, "STOP.txt"),
        (pause_in_the_configuration, "paused in the configuration"),
        (lambda standing: standing.stops.pause_sim(ICCID, "bert", NOW), "paused by bert"),
        (lambda standing: standing.sims.block(ICCID, Hold(SimState.BLOCKED, "barred (CMS 8)", None)), "barred (CMS 8)"),
        (show(SimState.ABSENT, ""), "in no modem"),
        (show(SimState.LOCKED, "it wants its PUK"), "it wants its PUK"),
        (show(SimState.WAITING, "no network"), "no network"),
        (end_the_service, "the service is not running"),
    ],
)
def test_of_a_sim_that_cannot_send_at_all_no_time_is_told_but_the_reason(
    standing: Standing, hold: Callable[[Standing], object], why: str
) -> None:
    ready = standing.document()
    assert told_times(ready) == {"next_allowed_at": True, "lines": True, "page": True}
    hold(standing)
    held = standing.document()
    (sim,) = held["sims"]
    assert sim["next_reason"].startswith(NO_TIME)
    assert why in sim["next_reason"]
    assert sim["next_allowed_at"] == ready["sims"][0]["next_allowed_at"], "a time as ever"
    assert told_times(held) == {"next_allowed_at": False, "lines": False, "page": False}
    assert line_of(held).count(why) == 1


def test_a_sim_that_rests_or_waits_for_a_time_is_told_with_it(standing: Standing) -> None:
    for state, reason in ((SimState.RESTING, "the network refused"), (SimState.WAITING, "quiet hours")):
        standing.sims.show(ICCID, state, reason, NOW + 60)
        (sim,) = standing.document()["sims"]
        assert (next_time(sim), sim["next_reason"]) == (sim["next_allowed_at"], reason)


def line_of(document: dict[str, Any]) -> str:
    """What `outpost status` says of the only SIM."""
    (line,) = (line for line in status_lines(document) if line.startswith(ICCID))
    return line


def told_times(document: dict[str, Any]) -> dict[str, bool]:
    """Where a time stands for the next submit of the only SIM; elsewhere the reason does."""
    (sim,) = document["sims"]
    line = line_of(document)
    page = station_page(document, Waiting(NOW, 24), Settings().station.zone, NOW)
    assert sim["next_reason"].removeprefix(NO_TIME) in line
    assert sim["next_reason"] in page
    return {
        "next_allowed_at": next_time(sim) != "", "lines": sim["next_allowed_at"] in line, "page": "not before" in page,
    }  # fmt: skip
