"""Quiet hours on local time, over midnight and over changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.quiet_hours import QuietHours, opens_at

LONDON = ZoneInfo("Europe/London")
NIGHT = QuietHours(time(20), time(9))


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def hours(start: str, end: str) -> QuietHours:
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.parametrize(("quiet", "now", "opens"), [
    (NIGHT, "2026-01-15 12:00", "2026-01-15 12:00"),
    (NIGHT, "2026-01-15 19:59:59", "2026-01-15 19:59:59"),
    (NIGHT, "2026-01-15 20:00", "2026-01-16 09:00"),
    (NIGHT, "2026-01-15 23:59", "2026-01-16 09:00"),
    (NIGHT, "2026-01-16 00:00", "2026-01-16 09:00"),
    (NIGHT, "2026-01-16 08:59:59", "2026-01-16 09:00"),
    (NIGHT, "2026-01-16 09:00", "2026-01-16 09:00"),
    (NIGHT, "2026-07-15 18:59", "2026-07-15 18:59"),             # summer time
    (NIGHT, "2026-07-15 19:00", "2026-07-16 08:00"),
    (hours("12:00", "14:00"), "2026-01-15 13:00", "2026-01-15 14:00"),  # within a day
    (hours("12:00", "14:00"), "2026-01-15 14:00", "2026-01-15 14:00"),
    (hours("00:00", "23:59"), "2026-01-15 00:00", "2026-01-15 23:59"),
    (hours("20:00", "00:00"), "2026-01-15 21:00", "2026-01-16 00:00"),
    (hours("09:00", "09:00"), "2026-01-15 09:00", "2026-01-15 09:00"),  # none
    # 29 March 2026, 01:00 GMT: the clock goes from 01:00 to 02:00.
    (NIGHT, "2026-03-28 22:00", "2026-03-29 08:00"),
    (NIGHT, "2026-03-29 00:59", "2026-03-29 08:00"),
    (NIGHT, "2026-03-29 01:00", "2026-03-29 08:00"),
    (hours("20:00", "01:30"), "2026-03-28 22:00", "2026-03-29 01:00"),  # 01:30 never comes: at the change
    (hours("20:00", "01:30"), "2026-03-29 00:59:59", "2026-03-29 01:00"),
    (hours("20:00", "01:30"), "2026-03-29 01:00", "2026-03-29 01:00"),
    (hours("20:00", "02:00"), "2026-03-29 00:30", "2026-03-29 01:00"),
    (hours("01:30", "09:00"), "2026-03-29 00:59", "2026-03-29 00:59"),
    (hours("01:30", "09:00"), "2026-03-29 01:00", "2026-03-29 08:00"),
    # 25 October 2026, 01:00 GMT: the clock goes from 02:00 back to 01:00.
    (NIGHT, "2026-10-24 20:00", "2026-10-25 09:00"),
    (NIGHT, "2026-10-25 00:30", "2026-10-25 09:00"),
    (hours("20:00", "01:30"), "2026-10-25 00:15", "2026-10-25 01:30"),  # 01:15 summer time: the second 01:30 ends it
    (hours("20:00", "01:30"), "2026-10-25 00:45", "2026-10-25 01:30"),
    (hours("20:00", "01:30"), "2026-10-25 01:30", "2026-10-25 01:30"),
    (hours("01:30", "09:00"), "2026-10-25 00:29", "2026-10-25 00:29"),
    (hours("01:30", "09:00"), "2026-10-25 00:30", "2026-10-25 09:00"),  # the first 01:30 begins it
    (hours("01:30", "09:00"), "2026-10-25 01:15", "2026-10-25 09:00"),  # and the second 01:15 lies inside
    (hours("01:31", "01:30"), "2026-10-24 12:00", "2026-10-26 01:30"),  # the minute between is swallowed once
])  # fmt: skip
def test_london(quiet: QuietHours, now: str, opens: str) -> None:
    assert opens_at(utc(now), quiet, LONDON) == utc(opens)


def test_fractions_of_a_second_outside_quiet_hours_stay() -> None:
    now = utc("2026-01-15 12:00") + 0.123
    assert opens_at(now, NIGHT, LONDON) == now


def is_quiet(at: float, quiet: QuietHours, zone: ZoneInfo) -> bool:
    wall = datetime.fromtimestamp(at, zone).time()
    if quiet.start <= quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end


a_minute = st.integers(0, 1439).map(lambda minutes: time(minutes // 60, minutes % 60))
a_zone = st.sampled_from([
    LONDON, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("America/Santiago"),
])
a_change = st.sampled_from(
    ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-09-06", "2026-06-01"],
)
an_instant = st.builds(lambda day, minutes: utc(day) + 60 * minutes, a_change, st.integers(-2880, 2880))


@given(an_instant, st.builds(QuietHours, a_minute, a_minute), a_zone)
def test_it_opens_when_the_local_clock_is_outside_and_not_before(now: float, quiet: QuietHours, zone: ZoneInfo) -> None:
    opens = opens_at(now, quiet, zone)
    assert opens >= now
    assert not is_quiet(opens, quiet, zone)
    assert opens_at(opens, quiet, zone) == opens
    if is_quiet(now, quiet, zone):
        assert opens > now
    moment = now
    while moment < opens:
        assert opens_at(moment, quiet, zone) == opens
        moment += 1800


@given(an_instant, st.builds(QuietHours, a_minute, a_minute), a_zone)
def test_away_from_changes_only_the_local_clock_counts(now: float, quiet: QuietHours, zone: ZoneInfo) -> None:
    local = datetime.fromtimestamp(now, zone)
    around = [local + timedelta(days=days) for days in (-2, 2)]
    if around[0].utcoffset() == around[1].utcoffset():
        opens = opens_at(now, quiet, zone)
        assert (opens > now) == is_quiet(now, quiet, zone)
        assert opens - now <= 86400
        if opens > now:
            assert datetime.fromtimestamp(opens, zone).time() == quiet.end
