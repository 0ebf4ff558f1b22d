"""Quiet hours by the recipient's own clock, as far as the number tells it."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.local_time import opens_for, zones_of
from daemon.core.quiet_hours import QuietHours, opens_at

LONDON, PARIS, TOKYO = ZoneInfo("Europe/London"), ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo")
NIGHT = QuietHours(time(20), time(9))


@pytest.mark.parametrize(("number", "own", "zones"), [
    ("+447700900123", "Europe/London", ""),
    ("+353861234567", "Europe/London", ""),
    ("+33612345678", "Europe/London", "Europe/Paris"),
    ("+33612345678", "Europe/Paris", ""),
    ("+14155550123", "Europe/London", "America/Los_Angeles"),
    ("+447700900123", "Europe/Paris", "Europe/Guernsey Europe/Isle_of_Man Europe/London"),
    ("+999123456789", "Europe/London", ""),
])
def test_zones_of_a_number(number, own, zones):
    assert zones_of(number, own) == zones


def test_a_winter_morning_comes_to_paris_first():
    at = datetime(2026, 1, 15, 8, 30, tzinfo=UTC).timestamp()
    assert opens_for(at, NIGHT, [PARIS]) == at
    assert opens_for(at, NIGHT, [LONDON]) == at + 1800
    assert opens_for(at, NIGHT, [PARIS, LONDON]) == at + 1800


@given(st.integers(1_700_000_000, 1_900_000_000), st.sets(st.sampled_from([LONDON, PARIS, TOKYO])))
def test_it_opens_when_it_is_quiet_in_no_zone_and_not_later(now, zones):
    opens = opens_for(now, QuietHours(time(22), time(7)), zones)
    assert opens >= now
    assert all(opens_at(opens, QuietHours(time(22), time(7)), zone) == opens for zone in zones)
    if opens > now:
        assert any(opens_at(opens - 1, QuietHours(time(22), time(7)), zone) > opens - 1 for zone in zones)
