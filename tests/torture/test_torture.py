"""The short form of `make torture`: each of these faults once, two or three at a time."""

from __future__ import annotations

import pytest

from tests.torture import faults
from tests.torture.bench import Bench
from tests.torture.run import Run

SEED = 1
KINDS = (
    faults.Killed, faults.StoodStill, faults.Unplugged, faults.Noise, faults.LostAnswers, faults.FailingDisk,
    faults.TornLog, faults.DamagedLog, faults.ClockSet, faults.BadDrops, faults.InboundFlood,
)  # fmt: skip


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path, SEED, backlog=40)
    yield made
    made.close()


@pytest.mark.timeout(600)
def test_the_short_form(bench, monkeypatch):
    monkeypatch.setattr(faults.BadDrops, "count", 10)
    monkeypatch.setattr(faults.InboundFlood, "count", 50)
    result = Run(bench, SEED, KINDS).go(0)
    assert result.wrong == []
    assert result.reckoning.states["delivered"]
