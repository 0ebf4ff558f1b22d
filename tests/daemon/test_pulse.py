"""Which threads are missed, and when."""

from __future__ import annotations

import threading

from daemon.pulse import Pulse


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def in_thread(name, call):
    thread = threading.Thread(target=call, name=name)
    thread.start()
    thread.join()


def test_a_thread_is_missed_once_it_is_silent_for_longer_than_it_said():
    clock = Hands()
    pulse = Pulse(clock)
    in_thread("line a", lambda: pulse.alive(10))
    in_thread("line b", lambda: pulse.alive(30))
    clock.at += 10
    assert pulse.missed() == []
    clock.at += 1
    assert pulse.missed() == ["line a"]
    clock.at += 20
    assert pulse.missed() == ["line a", "line b"]
    in_thread("line a", lambda: pulse.alive(10))
    assert pulse.missed() == ["line b"]


def test_one_that_ended_or_never_spoke_is_not_missed():
    clock = Hands()
    pulse = Pulse(clock)
    in_thread("line a", lambda: pulse.alive(10))
    in_thread("line a", pulse.over)
    in_thread("intake", pulse.over)
    clock.at += 1000
    assert pulse.missed() == []
