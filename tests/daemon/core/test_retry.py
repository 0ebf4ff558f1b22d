"""What each kind of refusal leads to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.retry import (
    PAUSES,
    RECIPIENTS_IN_A_ROW,
    RESTS,
    AcceptedBefore,
    BlockSim,
    Decision,
    Doubt,
    Fail,
    RestSim,
    RetryAt,
    counts_against_sim,
    decide,
    rest_seconds,
)
from drivers.types import RefusalClass, Refused

NOW = 1_800_000_000.0


def refused(cls: RefusalClass, code: int | None = 7, kind: str = "CMS") -> Refused:
    return Refused(kind, code, cls, "some meaning")


def decided(refusal: Refused, **facts: Any) -> Decision:
    return decide(refusal, **{"attempts": 1, "now": NOW, "other_recipients_refused": 0, "sent_parts": 0, **facts})


@pytest.mark.parametrize(("cls", "decision"), [
    (RefusalClass.RECIPIENT, Fail),
    (RefusalClass.MESSAGE, Fail),
    (RefusalClass.SIM, BlockSim),
    (RefusalClass.TEMPORARY, RetryAt),
    (RefusalClass.CONGESTION, RetryAt),
    (RefusalClass.MODEM, RetryAt),
    (RefusalClass.STORAGE, RetryAt),
    (RefusalClass.AMBIGUOUS, RetryAt),
    (RefusalClass.UNKNOWN, Doubt),
    (RefusalClass.ACCEPTED_BEFORE, AcceptedBefore),
])
def test_the_first_refusal(cls: RefusalClass, decision: type[Decision]) -> None:
    assert isinstance(decided(refused(cls)), decision)


@pytest.mark.parametrize("cls", list(RefusalClass))
def test_reasons_name_the_code_for_people(cls: RefusalClass) -> None:
    assert "some meaning (CMS 7)" in decided(refused(cls)).reason
    assert "some meaning (ERROR)" in decided(refused(cls, None, "ERROR")).reason


@pytest.mark.parametrize("cls", [
    RefusalClass.TEMPORARY, RefusalClass.CONGESTION, RefusalClass.MODEM, RefusalClass.STORAGE,
])
def test_pauses_grow_and_end(cls: RefusalClass) -> None:
    waits = []
    attempts = 1
    while isinstance(decision := decided(refused(cls), attempts=attempts), RetryAt):
        waits.append(decision.at - NOW)
        attempts += 1
    assert waits == sorted(set(waits)) == list(PAUSES[cls])
    assert decision == Fail(f"some meaning (CMS 7), tried {attempts} times")


def test_an_ambiguous_refusal_is_tried_once_more() -> None:
    assert isinstance(decided(refused(RefusalClass.AMBIGUOUS, 21), attempts=1), RetryAt)
    assert isinstance(decided(refused(RefusalClass.AMBIGUOUS, 21), attempts=2), Fail)


@pytest.mark.parametrize(("code", "without_validity"), [(111, False), (198, True), (199, True)])
def test_some_refusals_of_the_pdu_are_tried_once_more(code: int, *, without_validity: bool) -> None:
    first = decided(refused(RefusalClass.MESSAGE, code))
    assert isinstance(first, RetryAt)
    assert first.without_validity is without_validity
    assert isinstance(decided(refused(RefusalClass.MESSAGE, code), attempts=2), Fail)


def test_a_destination_out_of_service_waits_long_and_a_busy_sim_briefly() -> None:
    out, busy = decided(refused(RefusalClass.TEMPORARY, 27)), decided(refused(RefusalClass.TEMPORARY, 314))
    assert isinstance(out, RetryAt)
    assert isinstance(busy, RetryAt)
    assert out.at - NOW >= 600
    assert busy.at - NOW <= 10


def test_codes_of_one_kind_are_not_taken_for_the_other() -> None:
    assert decided(refused(RefusalClass.TEMPORARY, 27, "CME")) == RetryAt(NOW + 30, "some meaning (CME 27)")


@pytest.mark.parametrize("cls", [c for c in RefusalClass if counts_against_sim(refused(c))])
def test_the_third_recipient_in_a_row_rests_the_sim(cls: RefusalClass) -> None:
    assert not isinstance(decided(refused(cls), other_recipients_refused=1), RestSim)
    rest = decided(refused(cls), other_recipients_refused=2)
    assert isinstance(rest, RestSim)
    assert rest.until == NOW + RESTS[0]
    assert "3 different recipients" in rest.reason


def test_faults_of_our_pdu_or_storage_say_nothing_about_the_sim() -> None:
    for cls in (RefusalClass.MESSAGE, RefusalClass.STORAGE, RefusalClass.UNKNOWN, RefusalClass.SIM):
        assert not isinstance(decided(refused(cls), other_recipients_refused=9), RestSim)


def test_rests_grow_to_a_cap() -> None:
    rests = [rest_seconds(times) for times in range(8)]
    assert rests == sorted(rests)
    assert rests[0] == 900
    assert rests[-1] == rests[-2] == 12 * 3600
    later = decided(refused(RefusalClass.CONGESTION), other_recipients_refused=2, times_rested=2)
    assert isinstance(later, RestSim)
    assert later.until == NOW + RESTS[2]


@pytest.mark.parametrize(("kind", "code"), [("CMS", 331), ("CME", 30)])
def test_no_service_holds_the_sim_however_often_it_comes(kind: str, code: int) -> None:
    refusal = refused(RefusalClass.TEMPORARY, code, kind)
    assert decided(refusal, attempts=99) == RestSim(NOW + 60, f"some meaning ({kind} {code})")
    assert not counts_against_sim(refusal)


def test_a_message_is_not_failed_for_what_goes_wrong_for_others_too() -> None:
    for facts in ({"other_recipients_refused": 1}, {"times_rested": 1}):
        assert isinstance(decided(refused(RefusalClass.MODEM, 300), attempts=50, **facts), RestSim)
        assert isinstance(decided(refused(RefusalClass.RECIPIENT, 1), attempts=50, **facts), Fail)


def test_a_failure_says_what_had_left() -> None:
    assert decided(refused(RefusalClass.RECIPIENT, 1), sent_parts=1).reason.endswith("; 1 part of it had already left")
    assert decided(refused(RefusalClass.RECIPIENT, 1), sent_parts=2).reason.endswith("; 2 parts of it had already left")


@given(
    st.builds(
        Refused, st.sampled_from(["CMS", "CME", "ERROR"]), st.none() | st.integers(0, 600),
        st.sampled_from(RefusalClass), st.just("m"),
    ),
    st.integers(1, 40), st.integers(0, 10), st.integers(0, 10), st.integers(0, 10),
)
def test_every_refusal_has_a_decision(refusal: Refused, attempts: int, others: int, sent: int, rested: int) -> None:
    decision = decided(
        refusal, attempts=attempts, other_recipients_refused=others, sent_parts=sent, times_rested=rested,
    )
    assert decision.reason
    if isinstance(decision, RetryAt):
        assert decision.at > NOW
        assert attempts < 10
    if isinstance(decision, RestSim):
        assert decision.until > NOW
    if isinstance(decision, Fail):
        assert not counts_against_sim(refusal) or others + 1 < RECIPIENTS_IN_A_ROW
    assert isinstance(decision, Doubt) == (refusal.cls is RefusalClass.UNKNOWN)
