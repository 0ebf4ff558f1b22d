"""When a list is through that takes its turns among others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, time

import pytest

from daemon.core.forecast import RADIO_SECONDS, Beside, Lane, Planned, Through, finish
from daemon.core.quiet_hours import QuietHours
from daemon.core.throttle import History, Limits

GAP = 10.0
NEVER_QUIET = QuietHours(time(0), time(0))
NONE = Limits(0, 0, 0, 0, 0, 0, 0)


PACED = Limits(GAP, 0, 0, 0, 0, 0, 0)


def lane(iccid: str = "a", limits: Limits = PACED) -> Lane:
    return Lane(History(), limits, 0.0, iccid)


def some(count: int, who: int, priority: int = 0, sim: str = "", parts: int = 1) -> list[Planned]:
    return [Planned(f"+44{who}{n:06}", parts, priority, sim) for n in range(count)]


def beside(messages: Sequence[Planned]) -> Beside:
    return Beside(len(messages), iter(messages))


def through(ours: Sequence[Planned], *others: Sequence[Planned], lanes: Sequence[Lane] = ()) -> Through | None:
    return finish(lanes or [lane()], ours, NEVER_QUIET, UTC, [beside(each) for each in others])


def start_of(number: int) -> float:
    """Of the so many-th message of one SIM, counted from 0."""
    return number * GAP


@pytest.mark.parametrize(("others", "first", "last", "ahead"), [
    ([], 0, 2, 0),
    ([some(9, 2)], 0, 4, 2),                                    # in turn with ours, which go first
    ([some(1, 2)], 0, 3, 1),
    ([some(9, 2), some(2, 3)], 0, 6, 4),
    ([some(4, 2, priority=1)], 4, 6, 4),                        # all before ours
    ([some(4, 2, priority=-1)], 0, 2, 0),                       # none before ours
    ([some(4, 2, priority=1), some(9, 3)], 4, 8, 6),
    ([some(2, 2, priority=1) + some(9, 3, priority=-1)], 2, 4, 2),
    ([some(4, 2, priority=1, sim="gone")], 0, 2, 0),            # they wait for a SIM that is not there
])  # fmt: skip
def test_what_is_queued_before_a_list_counts(others: list[list[Planned]], first: int, last: int, ahead: int) -> None:
    assert through(some(3, 1), *others) == Through(start_of(first), start_of(last) + RADIO_SECONDS, ahead)


def test_the_urgent_rows_of_a_list_go_first_and_the_others_wait_for_what_is_before_them() -> None:
    found = through(some(2, 1) + some(1, 4, priority=2), some(5, 2, priority=1))
    assert found == Through(0, start_of(7) + RADIO_SECONDS, 5)


def test_what_waits_for_one_sim_takes_no_room_of_another() -> None:
    lanes = [lane("a"), lane("b")]
    found = through(some(4, 1), some(6, 2, priority=1, sim="a"), lanes=lanes)
    assert found == Through(0, start_of(3) + RADIO_SECONDS, 6)
    assert [each.messages for each in lanes] == [0, 4]


def test_a_person_s_own_sim_is_waited_for() -> None:
    lanes = [lane("a"), lane("b")]
    assert through(some(3, 1, sim="b"), lanes=lanes) == Through(0, start_of(2) + RADIO_SECONDS, 0)
    assert [each.messages for each in lanes] == [0, 3]


@pytest.mark.parametrize(("ours", "before", "first"), [(30_000, 0, 0), (20_000, 10_000, 10_000), (100, 29_900, 29_900)])
def test_a_long_queue_is_told_from_its_beginning(ours: int, before: int, first: int) -> None:
    lanes = [lane("a"), lane("b")]
    found = through(some(ours, 1), some(before, 2, priority=1), lanes=lanes)
    assert found is not None
    assert found.starts_at == pytest.approx(start_of(first // 2), abs=2 * GAP)
    assert found.finishes_at == pytest.approx(start_of(15_000), abs=4 * GAP)
    assert sum(each.messages for each in lanes) == ours
    assert found.ahead == before


def test_without_a_sim_or_with_a_message_that_never_fits_nothing_is_said() -> None:
    assert finish([], some(1, 1), NEVER_QUIET, UTC) is None
    assert through([]) is None
    narrow = Limits(0, 0, 0, 1, 0, 0, 0)
    assert through(some(1, 1, parts=2), lanes=[lane(limits=narrow)]) is None
    others = some(1, 2, priority=1, parts=2)
    assert through(some(1, 1), others, lanes=[lane(limits=narrow)]) is not None, "another batch's fault is not ours"
    assert through(some(2, 1), lanes=[lane(limits=NONE)]) == Through(0, 2 * RADIO_SECONDS, 0)
