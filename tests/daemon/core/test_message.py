"""The table of states, and what the parts make of a message."""

from __future__ import annotations

from itertools import product

import pytest

from daemon.core.message import (
    BATCH_TRANSITIONS,
    MESSAGE_TRANSITIONS,
    PART_TRANSITIONS,
    RESOLVE,
    RESOLVE_PARTS,
    BatchState,
    MessageState,
    PartState,
    Resolution,
    is_final,
    may_become,
    message_state,
)

PENDING, SUBMITTING, SENT, DELIVERED, UNDELIVERED, REFUSED, IN_DOUBT = PartState
FINAL = {"delivered", "undelivered", "failed", "expired", "suppressed", "cancelled"}


def test_every_state_has_its_row() -> None:
    assert set(MESSAGE_TRANSITIONS) == set(MessageState)
    assert set(PART_TRANSITIONS) == set(PartState)
    assert set(BATCH_TRANSITIONS) == set(BatchState)


def test_final_states_have_no_exit_but_a_persons_decision() -> None:
    assert {state for state in MessageState if is_final(state)} == FINAL
    assert not any(may_become(old, new) for old in MessageState if is_final(old) for new in MessageState)


def test_no_table_leads_a_state_to_itself() -> None:
    for state in (*MessageState, *PartState, *BatchState):
        assert not may_become(state, state)


@pytest.mark.parametrize(("old", "new", "may"), [
    ("queued", "held", True), ("held", "queued", True), ("sending", "queued", True), ("sending", "held", True),
    ("sent", "delivered", True), ("sent", "undelivered", True), ("in_doubt", "sent", True),
    ("sent", "queued", False), ("sent", "expired", False), ("held", "sending", False), ("queued", "sent", True),
    ("held", "delivered", True), ("queued", "in_doubt", False),
    ("suppressed", "queued", False), ("delivered", "undelivered", False),
])
def test_ways_of_a_message(old: str, new: str, *, may: bool) -> None:
    assert may_become(MessageState(old), MessageState(new)) is may


def test_nothing_that_left_becomes_pending_without_a_person() -> None:
    for state in (SENT, DELIVERED, UNDELIVERED):
        assert not may_become(state, PENDING)


def test_what_a_person_may_decide() -> None:
    assert RESOLVE[MessageState.IN_DOUBT] == {
        Resolution.SENT: "sent", Resolution.RESEND: "queued", Resolution.DROP: "cancelled",
    }
    for state in ("suppressed", "cancelled", "delivered", "sent", "queued", "sending"):
        assert MessageState(state) not in RESOLVE


@pytest.mark.parametrize("parts", [list(p) for n in (1, 2, 3) for p in product(PartState, repeat=n)], ids="-".join)
def test_a_decision_brings_message_and_parts_to_the_same_state(parts: list[PartState]) -> None:
    state = message_state(parts)
    for decision, becomes in RESOLVE.get(state, {}).items():
        after = message_state([RESOLVE_PARTS.get(part, {}).get(decision, part) for part in parts])
        if decision is Resolution.RESEND:
            assert after in {MessageState.QUEUED, MessageState.SENDING}  # what is left of it goes again
        elif decision is Resolution.SENT and set(parts) <= {IN_DOUBT, SENT, DELIVERED}:
            assert after is becomes


@pytest.mark.parametrize(("parts", "state"), [
    ([], "queued"),
    ([PENDING, PENDING], "queued"),
    ([SUBMITTING, PENDING], "sending"),
    ([SENT, PENDING], "sending"),
    ([SENT, SUBMITTING], "sending"),
    ([SENT], "sent"),
    ([DELIVERED, SENT], "sent"),
    ([DELIVERED, DELIVERED], "delivered"),
    ([UNDELIVERED, PENDING], "sending"),
    ([UNDELIVERED, DELIVERED], "undelivered"),
    ([UNDELIVERED, SENT], "undelivered"),
    ([IN_DOUBT, PENDING], "in_doubt"),
    ([SENT, IN_DOUBT], "in_doubt"),
    ([REFUSED, PENDING], "failed"),
    ([SENT, REFUSED], "failed"),
    ([UNDELIVERED, REFUSED], "failed"),
    ([REFUSED, IN_DOUBT], "in_doubt"),
])
def test_what_parts_make_of_a_message(parts: list[PartState], state: str) -> None:
    assert message_state(parts) == state


def _next(parts: tuple[PartState, ...]) -> list[tuple[PartState, ...]]:
    """Every step that one part can take; a line submits in order, and stops at a doubt or a refusal."""
    steps = []
    for index, part in enumerate(parts):
        for new in PART_TRANSITIONS[part]:
            gone = {SENT, DELIVERED, UNDELIVERED}
            if new is SUBMITTING and not set(parts[:index]) <= gone:
                continue
            steps.append((*parts[:index], new, *parts[index + 1:]))
    return steps


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_way_of_the_parts_leads_a_message_where_its_table_does_not(count: int) -> None:
    start = (PENDING,) * count
    seen, todo = {start}, [start]
    while todo:
        parts = todo.pop()
        for after in _next(parts):
            old, new = message_state(parts), message_state(after)
            if (old, new) != (MessageState.QUEUED, MessageState.SENDING):
                assert old is new or may_become(old, new), (parts, after)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    assert {message_state(parts) for parts in seen} >= {"queued", "sending", "sent", "delivered", "failed", "in_doubt"}
