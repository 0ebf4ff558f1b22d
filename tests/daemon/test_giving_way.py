"""Work that can wait gives way to work that cannot, and never starves."""

from __future__ import annotations

import threading

from daemon.giving_way import give_way_to, step


def in_a_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_step_waits_until_others_are_done():
    answers = [True, True, False]
    asked = []

    def work():
        give_way_to(lambda: asked.append(1) or answers[len(asked) - 1])
        step()

    in_a_thread(work)
    assert len(asked) == 3


def test_it_goes_on_when_others_never_end():
    asked = []

    def work():
        give_way_to(lambda: bool(asked.append(1)) or True)
        step()

    in_a_thread(work)
    assert len(asked) > 1


def test_other_threads_do_not_wait():
    in_a_thread(lambda: give_way_to(lambda: 1 / 0))
    step()
