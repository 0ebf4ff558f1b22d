"""Files by which people ask for something: taken once, also over a crash, and by a disk that forgets."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.intake.outgoing import OutgoingFolder
from daemon.intake.spool import Spool
from daemon.pages.outcomes import write_problems

NAME = "+447700900123.txt"


class Station:
    def __init__(self, root: Path) -> None:
        self.root, self.done = root, list[str]()
        self.outgoing = root / "replies" / "outgoing"
        self.outgoing.mkdir(parents=True)
        (root / "rejected").mkdir()

    def start(self, *, forgetful: bool = False) -> OutgoingFolder:
        spool = Spool(self.root, write_problems)
        return OutgoingFolder(spool, self.outgoing, self.act, forgetful=forgetful)

    def act(self, path: Path, _by: str, _once: str) -> None:
        self.done.append(path.read_text())

    def killed_with(self, text: str) -> None:
        """An earlier run has taken a file, and nobody knows how far it came."""
        taken = self.outgoing / ".taken" / "1-1"
        taken.mkdir(parents=True)
        (taken / NAME).write_text(text)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def test_what_lies_still_is_heeded_once(station: Station) -> None:
    (station.outgoing / NAME).write_text("We are here")
    folder = station.start()
    for _ in range(3):
        folder.look()
    assert station.done == ["We are here"]


def test_what_was_taken_before_a_crash_is_heeded(station: Station) -> None:
    station.killed_with("We are here")
    station.start().look()
    assert station.done == ["We are here"]


def test_what_the_disk_may_have_forgotten_is_rejected_and_what_comes_later_is_heeded(station: Station) -> None:
    station.killed_with("We are here")
    folder = station.start(forgetful=True)
    (station.outgoing / NAME).write_text("Call us any time")
    with capture_logs() as logs:
        for _ in range(3):
            folder.look()
    assert station.done == ["Call us any time"]
    assert [line["file"] for line in logs] == ["answer-to-123.txt"]
    with (station.root / "rejected" / "answer-to-123.txt.problems.csv").open(encoding="utf-8", newline="") as file:
        [problem] = csv.DictReader(file)
    assert "people may have been texted" in problem["reason"]
