"""When the files of a batch are written."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from daemon.clock import Clock
from daemon.core.batch import NewBatch, NewMessage, Taken
from daemon.core.message import MessageState
from daemon.core.triage import Kind
from daemon.pages.batch_files import SHARE, BatchFiles
from daemon.pages.replied import Replied
from daemon.settings import Station
from daemon.store import Outbox, Sims, Store, Views
from drivers.types import SimIdentity

NOW = 1_700_000_000.0
SIM = "8944100000000000001"
NOTHING: Mapping[str, Replied] = {}


class Ticking(Clock):
    """A second goes by whenever somebody looks: each writing takes one."""

    def __init__(self) -> None:
        self.ticks = 0

    def monotonic(self) -> float:
        self.ticks += 1
        return float(self.ticks)


class Desk:
    def __init__(self, folder: Path, messages: int) -> None:
        (folder / "outcomes").mkdir()
        self.station = Station(spool_dir=folder)
        self.path = folder / "outcomes" / "list.csv"
        self.store = Store(folder / "outpost.db")
        self.outbox, self.views, self.clock = Outbox(self.store), Views(self.store), Ticking()
        self.files = BatchFiles(self.views, self.clock)
        Sims(self.store).seen(SimIdentity(SIM), NOW)
        rows = [NewMessage(n, f"+44740010000{n}", "Hello", 1) for n in range(1, messages + 1)]
        taken = self.outbox.enqueue(NewBatch("list", "list.csv", "0" * 64, "anna", NOW, released=True), rows, [])
        assert isinstance(taken, Taken)
        self.batch = taken.batch_id

    def end_one(self) -> None:
        item = self.outbox.claim(SIM, NOW)
        assert item is not None
        self.outbox.end(item, MessageState.EXPIRED, "too late", NOW)
        self.files.changed(self.batch)

    def keep(self, answered: Mapping[str, Replied] = NOTHING, *, at_once: bool = False) -> float:
        return self.files.keep(self.views.batches(), self.station, answered, at_once=at_once)

    def ended(self) -> int:
        with self.path.open(newline="") as file:
            return sum(row["state"] == "expired" for row in csv.DictReader(file))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, messages=4)
    yield desk
    desk.store.close()


def test_while_a_batch_is_on_its_way_a_writing_is_followed_by_a_pause_and_what_came_meanwhile_is_shown(desk):
    assert desk.keep() == float("inf")
    desk.end_one()
    later = desk.keep()
    assert (desk.ended(), 0 < later <= SHARE) == (0, True)
    desk.end_one()
    desk.clock.ticks += round(later)
    assert desk.keep() == float("inf")
    assert desk.ended() == 2


def test_the_end_of_a_batch_is_shown_at_once(desk):
    desk.keep()
    for _ in range(4):
        desk.end_one()
    assert desk.keep() == float("inf")
    assert desk.ended() == 4


def test_what_people_text_back_is_shown_and_nothing_is_written_for_what_was_shown_before(desk):
    for _ in range(4):
        desk.end_one()
    told = {"list": Replied({Kind.HELP: 1}, 1)}
    desk.keep(told)
    page = desk.path.with_suffix(".html")
    page.unlink()
    desk.keep(told)
    assert not page.exists()
    desk.keep({"list": Replied({Kind.HELP: 2}, 1)})
    assert "Texted back: 2 people; asked for help: 2; handed over: 1." in page.read_text()


def test_a_stop_of_the_service_shows_all(desk):
    desk.keep()
    desk.end_one()
    desk.keep(at_once=True)
    assert desk.ended() == 1


def test_what_could_not_be_written_is_written_later(desk):
    desk.keep()
    folder = desk.path.parent
    aside = folder.rename(folder.with_name("aside"))
    for _ in range(4):
        desk.end_one()
    with pytest.raises(FileNotFoundError):
        desk.keep()
    aside.rename(folder)
    desk.keep()
    assert desk.ended() == 4
