"""The ladder: in order, each once at first, then ever rarer, and never a pause too long."""

from __future__ import annotations

from daemon.core.recovery import PAUSES, Rung, pause, rung


def test_the_rungs_come_in_order_and_each_once_before_the_alarm():
    climbed = [rung(n) for n in range(1, 8)]
    assert climbed == [
        Rung.REOPEN, Rung.REOPEN, Rung.RESTART, Rung.REOPEN, Rung.REPLUG, Rung.REOPEN, Rung.ALARM,
    ]


def test_after_the_alarm_means_get_rarer_and_it_is_not_raised_again():
    later = {n: rung(n) for n in range(8, 1100) if rung(n) is not Rung.REOPEN}
    assert [n for n, step in later.items() if step is Rung.RESTART] == [32, 64, 128, 256, 512, 1024]
    assert [n for n, step in later.items() if step is Rung.REPLUG] == [34, 66, 130, 258, 514, 1026]
    assert Rung.ALARM not in later.values()


def test_pauses_grow_and_stay_below_ten_seconds():
    pauses = [pause(n) for n in range(1, 50)]
    assert pauses == sorted(pauses)
    assert pauses[: len(PAUSES)] == list(PAUSES)
    assert max(pauses) < 10
