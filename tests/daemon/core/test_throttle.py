"""No window ever holds more than its limit, and no message waits longer than it must.

Times are multiples of 1/8 s, which floats hold exactly.
"""

from __future__ import annotations

import math
import random
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.spans import DAY, HOUR, MINUTE
from daemon.core.throttle import (
    MONTH,
    Allowed,
    History,
    Limits,
    longest_window,
    never_fits,
    next_allowed,
    used,
)

NONE = Limits(0, 0, 0, 0, 0, 0, 0)
PART_WINDOWS = {
    "parts_per_minute": MINUTE, "parts_per_hour": HOUR, "parts_per_day": DAY, "parts_per_month": MONTH,
}
RECIPIENT_WINDOWS = {"recipients_per_day": DAY, "recipients_per_month": MONTH}
T0 = 1_800_000_000.0

Submits = list[tuple[float, str]]
Step = tuple[float, int, str, float, bool, bool]


def within(submits: Submits, window: float, at: float) -> Submits:
    """Those in the half-open window (at - window, at]."""
    return [(time, to) for time, to in submits if at - window < time <= at]


def broken(submits: Submits, limits: Limits) -> list[str]:
    """The limits that some window breaks. Only at a submit can a window be at its fullest."""
    found = []
    for at in {time for time, _ in submits}:
        for key, window in PART_WINDOWS.items():
            if 0 < getattr(limits, key) < len(within(submits, window, at)):
                found.append(key)
        for key, window in RECIPIENT_WINDOWS.items():
            if 0 < getattr(limits, key) < len({to for _, to in within(submits, window, at)}):
                found.append(key)
    return found


def fits(submits: Submits, limits: Limits, at: float, parts: int, to: str) -> bool:
    """Whether the message may start at this instant, counted out by hand."""
    newest = max((time for time, _ in submits), default=-math.inf)
    if at < newest or (limits.min_gap_seconds and at < newest + limits.min_gap_seconds):
        return False
    for key, window in PART_WINDOWS.items():
        if 0 < getattr(limits, key) < len(within(submits, window, at)) + parts:
            return False
    for key, window in RECIPIENT_WINDOWS.items():
        inside = {who for _, who in within(submits, window, at)}
        if to not in inside and 0 < getattr(limits, key) <= len(inside):
            return False
    return True


def instants(submits: Submits, limits: Limits, now: float) -> set[float]:
    """When something changes: the earliest allowed instant is one of these."""
    spans = (0.0, limits.min_gap_seconds, MINUTE, HOUR, DAY, MONTH)
    return {now} | {time + span for time, _ in submits for span in spans if time + span >= now}


limit = st.integers(0, 6)
a_gap = st.integers(0, 240).map(lambda eighths: eighths / 8)
some_limits = st.builds(Limits, a_gap, limit, limit, limit, limit, limit, limit)
a_while = st.one_of(
    st.just(0.0),
    st.sampled_from([MINUTE, HOUR, DAY, MONTH]).flatmap(
        lambda window: st.integers(-8, 16).map(lambda eighths: window * eighths / 8)
    ),
    st.integers(-8, 800).map(lambda eighths: eighths / 8),
)
a_step = st.tuples(
    a_while,                     # the clock moves on, stands still or is put back
    st.integers(1, 4),           # parts
    st.integers(0, 7).map(str),  # recipient
    st.integers(0, 40).map(lambda eighths: eighths / 8),  # what the radio takes for each part
    st.booleans(),               # the station restarts
    st.booleans(),               # it waits until it may
)


@given(some_limits, st.lists(a_step, max_size=40))
def test_obeying_breaks_no_limit_and_waits_no_longer_than_it_must(limits: Limits, steps: list[Step]) -> None:
    submits: Submits = []
    history, now = History(), T0
    for passed, parts, to, radio, restarts, waits in steps:
        now += passed
        if restarts:
            history = History(random.Random(0).sample(submits, len(submits)))
        allowed = next_allowed(history, limits, now, parts=parts, recipient=to)
        if never_fits(limits, parts):
            assert allowed == Allowed(math.inf, never_fits(limits, parts))
            continue
        assert fits(submits, limits, allowed.at, parts, to)
        assert not any(fits(submits, limits, at, parts, to) for at in instants(submits, limits, now) if at < allowed.at)
        assert (allowed.reason == "") == (allowed.at == now)
        if allowed.at > now and not waits:
            continue
        now = allowed.at
        for _ in range(parts):
            submits.append((now, to))
            history.add(now, to)
            now += radio
        assert not broken(submits, limits)


@given(
    some_limits, st.lists(st.tuples(a_while.map(abs), st.integers(0, 5).map(str)), max_size=30), a_while,
    st.integers(1, 4), st.integers(0, 7).map(str),
)
def test_after_any_history_the_earliest_instant_that_fits_is_named(
    limits: Limits, pairs: Submits, passed: float, parts: int, to: str,
) -> None:
    """As after the limits were changed: nothing says that the history obeyed them."""
    submits, now = [(T0 - ago, who) for ago, who in pairs], T0 - passed
    allowed = next_allowed(History(submits), limits, now, parts=parts, recipient=to)
    if not never_fits(limits, parts):
        candidates = [at for at in instants(submits, limits, now) if fits(submits, limits, at, parts, to)]
        assert allowed.at == min(candidates)


@given(some_limits, st.lists(st.tuples(a_while.map(abs), st.integers(0, 5).map(str)), max_size=30), a_while)
def test_used_counts_what_lies_in_each_window(limits: Limits, pairs: Submits, passed: float) -> None:
    submits = [(T0 + after, to) for after, to in pairs]
    now = T0 + abs(passed)
    counts = used(History(submits), limits, now)
    past = [(min(time, now), to) for time, to in submits]  # after a clock was put back, the future counts as well
    for key, count in counts.items():
        if key in PART_WINDOWS:
            assert count == len(within(past, PART_WINDOWS[key], now))
        else:
            assert count == len({to for _, to in within(past, RECIPIENT_WINDOWS[key], now)})
    assert set(counts) == {key for key, value in asdict(limits).items() if value} - {"min_gap_seconds"}


@pytest.mark.parametrize("limits", [
    replace(NONE, parts_per_month=290, parts_per_day=9, recipients_per_month=30),
    replace(NONE, parts_per_day=9, recipients_per_day=7),
    replace(NONE, min_gap_seconds=HOUR),
    NONE,
])  # fmt: skip
def test_forgetting_changes_no_answer(limits: Limits) -> None:
    chance = random.Random(1)
    submits: Submits = []
    kept = History(reach=longest_window(limits))
    for n in range(1500):  # five months; who was texted in the first fifty days comes back when long forgotten
        submits.append((T0 + n * DAY / 10, f"{n // 500 % 2}-{chance.randrange(40)}"))
        kept.add(*submits[-1])
        if n % 50 == 49:
            now = submits[-1][0] + HOUR / 2
            recent = History(pair for pair in submits if pair[0] + MONTH > now)
            assert used(kept, limits, now) == used(recent, limits, now)
            for to in ("0-1", "0-2", "1-3", "nobody before"):
                assert next_allowed(kept, limits, now, recipient=to) == next_allowed(recent, limits, now, recipient=to)
    assert len(kept._times) < 300 + 257


def test_an_empty_history_holds_nothing() -> None:
    assert next_allowed(History(), Limits(), T0, parts=3, recipient="a") == Allowed(T0, "")


@pytest.mark.parametrize(("limits", "submits", "parts", "to", "at", "reason"), [
    (replace(NONE, min_gap_seconds=2.5), [(0.0, "a")], 1, "b", 2.5, "min_gap_seconds"),
    (replace(NONE, parts_per_minute=2), [(-50.0, "a"), (-20.0, "a")], 1, "a", 10.0, "parts_per_minute"),
    (replace(NONE, parts_per_minute=2), [(-50.0, "a"), (-20.0, "a")], 2, "a", 40.0, "parts_per_minute"),
    (replace(NONE, parts_per_minute=2), [(-60.0, "a"), (-20.0, "a")], 1, "a", 0.0, ""),
    (replace(NONE, parts_per_minute=2, parts_per_hour=2), [(-5.0, "a"), (-2.0, "a")], 1, "a", 3595.0, "parts_per_hour"),
    (replace(NONE, recipients_per_day=2), [(-9.0, "a"), (-8.0, "b")], 1, "a", 0.0, ""),
    (replace(NONE, recipients_per_day=2), [(-9.0, "a"), (-8.0, "b")], 1, "c", DAY - 9, "recipients_per_day"),
    (replace(NONE, recipients_per_day=2), [(-9.0, "a"), (-8.0, "b"), (-7.0, "a")], 1, "c", DAY - 8,
     "recipients_per_day"),
    (replace(NONE, recipients_per_month=1), [(-9.0, "a")], 1, None, MONTH - 9, "recipients_per_month"),
    (replace(NONE, recipients_per_day=1), [(-DAY, "a"), (-1.0, "b")], 1, "a", DAY - 1, "recipients_per_day"),
    (NONE, [(30.0, "a")], 1, "a", 30.0, "clock"),
])  # fmt: skip
def test_examples(limits: Limits, submits: Submits, parts: int, to: str | None, at: float, reason: str) -> None:
    history = History((T0 + time, who) for time, who in submits)
    assert next_allowed(history, limits, T0, parts=parts, recipient=to) == Allowed(T0 + at, reason)


def test_one_who_leaves_a_window_while_the_gap_holds_costs_again() -> None:
    """As after the limit was lowered to one: "a" would be free now, but not when the gap is over."""
    history = History([(T0 - 23 * HOUR, "a"), (T0 - 2 * HOUR, "b")])
    limits = replace(NONE, recipients_per_day=1)
    assert next_allowed(history, limits, T0, recipient="a") == Allowed(T0, "")
    held = replace(limits, min_gap_seconds=4 * HOUR)
    assert next_allowed(history, held, T0, recipient="a") == Allowed(T0 + 22 * HOUR, "recipients_per_day")


def test_a_message_that_can_never_fit_is_named() -> None:
    assert never_fits(Limits(), 4) == ""
    assert never_fits(Limits(), 5) == "parts_per_minute"
    assert never_fits(replace(NONE, parts_per_day=2), 3) == "parts_per_day"
    assert never_fits(NONE, 255) == ""
    assert next_allowed(History(), Limits(), T0, parts=5) == Allowed(math.inf, "parts_per_minute")


def test_the_defaults_are_those_of_the_configuration() -> None:
    assert asdict(Limits()) == {
        "min_gap_seconds": 10, "parts_per_minute": 4, "parts_per_hour": 100, "parts_per_day": 200,
        "parts_per_month": 3000, "recipients_per_day": 150, "recipients_per_month": 0,
    }


def test_overrides_replace_some_keys_and_know_all_of_them() -> None:
    changed = Limits().with_overrides(parts_per_day=50, min_gap_seconds=0.5)
    assert changed == Limits(min_gap_seconds=0.5, parts_per_day=50)
    with pytest.raises(TypeError, match="parts_per_year"):
        Limits().with_overrides(parts_per_year=1)


def test_longest_window() -> None:
    assert longest_window(Limits()) == MONTH
    assert longest_window(replace(NONE, parts_per_minute=1, recipients_per_day=1)) == DAY
    assert longest_window(replace(NONE, min_gap_seconds=10)) == 10
    assert longest_window(replace(NONE, min_gap_seconds=90, parts_per_minute=1)) == 90
    assert longest_window(NONE) == 0
