"""Time as people read it, and the two clocks of the machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.clock import Clock, iso

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(("utc", "written"), [
    ("2026-01-05T09:00:00+00:00", "2026-01-05T09:00:00+00:00"),
    ("2026-07-05T09:00:00+00:00", "2026-07-05T10:00:00+01:00"),
    ("2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+01:00"),  # the hour that comes twice
    ("2026-10-25T01:30:00+00:00", "2026-10-25T01:30:00+00:00"),
])
def test_a_time_is_written_with_the_offset_of_its_place(utc: str, written: str) -> None:
    assert iso(datetime.fromisoformat(utc).timestamp(), LONDON) == written


def test_a_fraction_of_a_second_is_cut() -> None:
    assert iso(0.999_999_9, UTC) == "1970-01-01T00:00:00+00:00"


@given(st.integers(0, 4_000_000_000))
def test_a_written_time_reads_back(at: int) -> None:
    assert datetime.fromisoformat(iso(at, LONDON)).timestamp() == at


def test_the_clocks_are_the_machine_s() -> None:
    clock = Clock()
    before, now, after = time.time(), clock.now(), time.time()
    assert before <= now <= after
    assert clock.monotonic() <= clock.monotonic()
