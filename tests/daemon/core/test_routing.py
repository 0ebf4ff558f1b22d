"""Of several SIMs that may send, the one with the most room left."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.routing import room, roomier
from daemon.core.spans import HOUR
from daemon.core.throttle import History, Limits

NONE = Limits(0, 0, 0, 0, 0, 0, 0)
T0 = 1_800_000_000.0


def test_room_is_what_the_tightest_of_the_longer_limits_leaves():
    history = History([(T0 - 2 * HOUR, "a"), (T0 - 60, "a"), (T0, "b")])
    assert room(history, NONE, T0) == math.inf
    assert room(history, replace(NONE, parts_per_minute=1, min_gap_seconds=60), T0) == math.inf
    assert room(history, replace(NONE, parts_per_hour=9, parts_per_day=9, parts_per_month=100), T0) == 6
    assert room(history, replace(NONE, parts_per_hour=2), T0) == 0


@given(st.floats(0, 100), st.dictionaries(st.sampled_from("abcd"), st.floats(0, 100)))
def test_one_gives_way_to_the_roomiest_that_has_more(mine, idle):
    other = roomier(mine, idle)
    if other is None:
        assert all(left <= mine for left in idle.values())
    else:
        assert idle[other] == max(idle.values()) > mine
