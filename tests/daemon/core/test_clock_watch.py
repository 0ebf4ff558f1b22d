"""The network's time as a witness, and a falling share of delivered parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.clock_watch import ahead_of_network, told
from daemon.core.delivery_share import ENOUGH, RECENT, Share, fallen


@pytest.mark.parametrize(("network", "ours", "now", "ahead"), [
    (1000.0, 8200.0, 9000.0, 7200.0),   # our submit, that the network took at its 1000
    (8200.0, 1000.0, 1100.0, -7200.0),
    (1000.0, None, 9000.0, None),       # a text may have lain there
    (9000.0, None, 1800.0, -7200.0),    # but not before it was written
])
def test_what_a_time_of_the_network_proves(network, ours, now, ahead):
    assert ahead_of_network(network, ours, now) == ahead


@pytest.mark.parametrize(("seconds", "text"), [
    (59, "59 seconds"), (-60, "1 minute"), (7200, "2 hours"), (-86400, "1 day"), (5 * 86400 + 9, "5 days"),
])
def test_lengths_of_time_are_said_plainly(seconds, text):
    assert told(seconds) == text


@pytest.mark.parametrize(("recent", "before", "warns"), [
    (30, 30, False), (20, 30, False), (14, 30, True), (0, 30, True), (0, 12, True), (0, 11, False), (5, 11, False),
])
def test_a_share_that_falls_to_less_than_half_warns(recent, before, warns):
    delivered = [True] * recent + [False] * (RECENT - recent) + [True] * before + [False] * (RECENT - before)
    assert fallen(delivered) == ((Share(recent, 30), Share(before, 30)) if warns else None)


@given(st.lists(st.booleans(), max_size=90))
def test_too_few_say_nothing_and_all_delivered_never_warns(delivered):
    told_of = fallen(delivered)
    if len(delivered) < ENOUGH or all(delivered[:RECENT]):
        assert told_of is None
    elif ENOUGH <= len(delivered) < RECENT + ENOUGH:
        assert (told_of is not None) == (sum(delivered[:RECENT]) < len(delivered[:RECENT]) / 4)
