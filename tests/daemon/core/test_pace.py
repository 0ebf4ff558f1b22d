"""Whatever happens to the wall clock and however often the service restarts, no window holds more than its limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.pace import Moment, Pace
from daemon.core.spans import DAY, HOUR, MINUTE
from daemon.core.throttle import MONTH, Limits, longest_window

T0, UP0 = 1_800_000_000.0, 4096.0
WINDOWS = {"parts_per_minute": MINUTE, "parts_per_hour": HOUR, "parts_per_day": DAY, "parts_per_month": MONTH}
PEOPLE = {"recipients_per_day": DAY, "recipients_per_month": MONTH}

limit = st.integers(0, 5)
some_limits = st.builds(Limits, st.integers(0, 30), limit, limit, limit, limit, limit, limit)
a_span = st.sampled_from([0.0, 1.0, 30.0, MINUTE, HOUR, DAY, MONTH]) | st.integers(0, 100).map(float)
a_jump = st.sampled_from([0.0, 0.0, 0.0, MINUTE, -MINUTE, HOUR, -HOUR, DAY, -DAY, MONTH, -MONTH])
a_step = st.tuples(
    a_span,                                      # real time that goes by
    a_jump,                                      # by which somebody sets the wall clock
    st.integers(1, 3),                           # parts
    st.integers(0, 5).map(str),                  # recipient
    st.sampled_from(["", "", "restart", "reboot"]),
    st.booleans(),                               # it waits until it may
)


def broken(submits, limits):
    """The limits that some window breaks, by the times given."""
    for at in {time for time, _ in submits}:
        for key, window in WINDOWS.items():
            if 0 < getattr(limits, key) < sum(at - window < time <= at for time, _ in submits):
                yield key
        for key, window in PEOPLE.items():
            if 0 < getattr(limits, key) < len({who for time, who in submits if at - window < time <= at}):
                yield key


@given(some_limits, st.lists(a_step, max_size=30))
def test_no_window_holds_more_than_its_limit_by_any_clock(limits, steps):
    wall, up, pace = T0, UP0, Pace(reach=longest_window(limits))
    by_wall, since_boot = [], []
    for passed, jump, parts, to, ends, waits in steps:
        wall, up = wall + passed + jump, up + passed
        if ends == "reboot":
            up, since_boot = UP0, []
        if ends:
            pace = Pace(by_wall, since_boot, longest_window(limits))
        allowed = pace.next_allowed(limits, Moment(wall, up), parts=parts, recipient=to)
        if allowed.at == float("inf") or (allowed.at > wall and not waits):
            continue
        wall, up = wall + (allowed.at - wall), up + (allowed.at - wall)
        again = pace.next_allowed(limits, Moment(wall, up), parts=parts, recipient=to)
        if again.at > wall:
            continue  # a person moved out of a window meanwhile: it is asked again before anything is sent
        for _ in range(parts):
            pace.add(Moment(wall, up), to)
            by_wall.append((wall, to))
            since_boot.append((up, to))
        assert not list(broken(by_wall, limits)), "by the wall clock, ever"
        assert not list(broken(since_boot, limits)), "in real time, since the machine was started"


def test_a_clock_put_forward_frees_nothing():
    limits = Limits(0, 2, 0, 0, 0, 0, 0)
    pace = Pace()
    for second in (0.0, 1.0):
        pace.add(Moment(T0 + second, UP0 + second), "a")
    later = Moment(T0 + 2 + DAY, UP0 + 2)
    allowed = pace.next_allowed(limits, later)
    assert (allowed.at, allowed.reason) == (later.wall + 58, "parts_per_minute")
    assert Pace([(T0, "a"), (T0 + 1, "a")]).next_allowed(limits, later).at == later.wall, "another boot: nothing tells"
    assert pace.next_allowed(Limits(0, 0, 0, 0, 0, 0, 0), Moment(T0 - 5, UP0 + 2)).reason == "clock"
