"""Who works when several have something to do."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.services.baton import Baton, Hand


def until_waiting(baton: Baton, count: int) -> None:
    while True:
        with baton._lock:
            if len(baton._waiting) == count:
                return


@given(st.lists(st.floats(0, 100), max_size=6))
def test_one_works_at_a_time_and_who_has_been_ready_longest_is_next(ready_since: list[float]) -> None:
    baton, worked, working = Baton(), list[float](), list[int]()

    def work(hand: Hand) -> None:
        with hand:
            working.append(len(working))
            worked.append(hand.ready_since)
            assert working.pop() == 0

    threads = []
    with Hand(baton):
        for n, since in enumerate(ready_since, start=1):
            hand = Hand(baton)
            hand.ready_since = since
            threads.append(threading.Thread(target=work, args=(hand,)))
            threads[-1].start()
            until_waiting(baton, n)
    for thread in threads:
        thread.join()
    assert worked == sorted(ready_since)


def test_a_fault_in_the_work_passes_the_baton_on() -> None:
    baton = Baton()
    with pytest.raises(RuntimeError), Hand(baton):
        raise RuntimeError
    with Hand(baton):
        pass


def test_work_that_can_wait_is_done_only_while_nobody_works() -> None:
    baton, done = Baton(), list[int]()
    with Hand(baton):
        assert not Hand(baton).if_free(lambda: done.append(1))
    assert Hand(baton).if_free(lambda: done.append(baton.held))
    assert (done, baton.held) == ([True], False)
    with pytest.raises(ZeroDivisionError):
        Hand(baton).if_free(lambda: done.append(1 // 0))
    assert not baton.held
