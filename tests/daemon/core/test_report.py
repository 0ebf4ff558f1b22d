"""Which part a status report is taken for, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.message import PartState
from daemon.core.report import OpenPart, match, part_state, same_number
from drivers.types import StatusReport

NOW = 1_800_000_000.0
HOUR = 3600.0
ANNA, BEN = "+447700900001", "+447700900002"


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def part(part_id: int, mr: int | None, recipient: str = ANNA, *, sent: float = -60, state: str = "sent") -> OpenPart:
    return OpenPart(part_id, mr, recipient, PartState(state), NOW + sent, NOW + sent + 48 * HOUR)


def report(mr: int, recipient: str = ANNA, *, scts: float | None = -58, discharge: float | None = -10) -> StatusReport:
    return StatusReport(
        "", mr, recipient, 0, None if scts is None else at(scts), None if discharge is None else at(discharge),
    )


def test_mr_and_recipient_must_both_fit() -> None:
    parts = [part(1, 7), part(2, 7, BEN), part(3, 8)]
    assert match(report(7), parts, NOW) == 1
    assert match(report(7, BEN), parts, NOW) == 2
    assert match(report(8), parts, NOW) == 3
    assert match(report(9), parts, NOW) is None


def test_the_recipient_may_come_back_in_national_form() -> None:
    assert match(report(7, "07700900001"), [part(1, 7)], NOW) == 1


def test_of_two_with_one_mr_the_newest_is_taken() -> None:
    parts = [part(1, 7, sent=-30 * HOUR), part(2, 7), part(3, 7, sent=-20 * HOUR)]
    assert match(report(7), parts, NOW) == 2


def test_a_late_report_goes_to_the_part_that_was_there_when_the_smsc_took_it() -> None:
    parts = [part(1, 7, sent=-30 * HOUR), part(2, 7)]
    assert match(report(7, scts=-30 * HOUR + 2), parts, NOW) == 1


def test_outside_its_validity_a_part_is_no_longer_meant() -> None:
    old = part(1, 7, sent=-100 * HOUR)
    assert match(report(7, scts=None, discharge=None), [old], NOW) is None
    assert match(report(7, scts=-100 * HOUR, discharge=-60 * HOUR), [old], NOW) == 1  # read late, discharged in time


@pytest.mark.parametrize("skew", [-9 * HOUR, -300.0, 0.0, 300.0, 9 * HOUR])
def test_a_wrong_clock_does_not_part_a_report_from_its_mr(skew: float) -> None:
    assert match(report(7, scts=skew - 58, discharge=skew - 10), [part(1, 7)], NOW) == 1


def test_closed_parts_are_not_opened_again() -> None:
    assert match(report(7), [part(1, 7, state="delivered")], NOW) is None


@pytest.mark.parametrize("state", ["in_doubt", "submitting"])
def test_a_report_that_fits_no_mr_is_evidence_for_the_only_part_in_doubt(state: str) -> None:
    doubtful = part(1, None, state=state)
    assert match(report(7), [doubtful, part(2, 6), part(3, 7, BEN)], NOW) == 1
    assert match(report(7, BEN), [doubtful], NOW) is None
    assert match(report(7), [replace(doubtful, mr=9)], NOW) is None


@pytest.mark.parametrize(("scts", "found"), [(-181, None), (-179, 1), (-60, 1), (539, 1), (541, None), (None, None)])
def test_evidence_must_fit_in_time(scts: float | None, found: int | None) -> None:
    assert match(report(7, scts=scts), [part(1, None, state="in_doubt")], NOW) == found


def test_two_in_doubt_that_fit_are_never_guessed_between() -> None:
    parts = [part(1, None, state="in_doubt"), part(2, None, state="in_doubt", sent=-90)]
    assert match(report(7), parts, NOW) is None
    apart = [part(1, None, state="in_doubt"), part(2, None, state="in_doubt", sent=-5 * HOUR)]
    assert match(report(7), apart, NOW) == 1


def test_a_report_that_comes_twice_is_no_evidence() -> None:
    parts = [part(1, 7, state="delivered", sent=-90), part(2, None, state="in_doubt")]
    assert match(report(7), parts, NOW) is None


def test_an_mr_that_came_round_is_not_preferred_to_a_part_in_doubt_that_fits_better() -> None:
    parts = [part(1, 7, sent=-30 * HOUR), part(2, None, state="in_doubt")]
    assert match(report(7), parts, NOW) is None
    assert match(report(7, scts=-30 * HOUR + 3), parts, NOW) == 1


@given(st.permutations([part(n, n % 3 or None, (ANNA, BEN)[n % 2], sent=-n * 500, state=s) for n, s in enumerate(
    ["sent", "in_doubt", "sent", "delivered", "submitting", "sent", "undelivered"])]), st.integers(0, 3),
    st.sampled_from([ANNA, BEN]), st.integers(-4000, 0))
def test_the_order_of_the_parts_changes_nothing(parts: list[OpenPart], mr: int, to: str, scts: int) -> None:
    asked = report(mr, to, scts=scts)
    found = match(asked, parts, NOW)
    assert found == match(asked, sorted(parts, key=lambda p: p.part_id), NOW)
    if found is not None:
        chosen = next(p for p in parts if p.part_id == found)
        assert chosen.recipient == to
        assert chosen.mr in {mr, None}
        assert chosen.state in {"sent", "in_doubt", "submitting"}


@pytest.mark.parametrize(("a", "b", "same"), [
    ("+447700900001", "+447700900001", True),
    ("+447700900001", "07700900001", True),
    ("+447700900001", "7700900001", True),
    ("+447700900001", "447700900001", True),
    ("+447700900001", "00447700900001", True),
    ("+447700900001", "+44 7700 900001", True),
    ("+4512345678", "12345678", True),       # eight digits are a whole number there
    ("+3545812345", "5812345", True),        # and seven there
    ("+79123456789", "89123456789", True),   # another trunk prefix
    ("+447700900001", "+447700900002", False),
    ("+447700900001", "+337700900001", False),
    ("+447700900001", "07700900002", False),
    ("+447700900001", "900001", False),      # too short to be sure
    ("85258", "85258", True),
    ("85258", "85259", False),
    ("", "", False),
    ("+447700900001", "", False),
])
def test_same_number(a: str, b: str, *, same: bool) -> None:
    assert same_number(a, b) is same
    assert same_number(b, a) is same


def test_every_tp_status_has_its_class() -> None:
    said = [part_state(status) for status in range(256)]
    assert set(said[:0x20]) == {PartState.DELIVERED}
    assert set(said[0x20:0x40]) == {None}
    assert set(said[0x40:]) == {PartState.UNDELIVERED}
