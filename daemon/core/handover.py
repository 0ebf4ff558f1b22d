"""A conversation that is handed over to a worker or a partner service: by whose leave, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HandoverState(StrEnum):
    """How far a hand-over has come."""

    ASSIGNED = "assigned"  # nobody there has taken it up yet
    TAKEN = "taken"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to. `how`: "reply 17" or "phone"; `at` is in seconds since the epoch."""

    words: str
    at: float
    how: str


@dataclass(frozen=True, slots=True)
class Handover:
    """Times are seconds since the epoch. With no consent `danger` says why it had to be done all the same. `batch_id`
    and `batch` are those of the newest list that the person is on, `ref` is their reference there; None and "" when
    there is none.
    """

    reference: str
    recipient: str
    service: str
    consent: Consent | None
    danger: str
    assigned_by: str
    assigned_at: float
    due_at: float
    batch_id: int | None = None
    batch: str = ""
    ref: str = ""
    taken_by: str = ""
    taken_at: float | None = None
    closed_by: str = ""
    closed_at: float | None = None
    outcome: str = ""

    @property
    def state(self) -> HandoverState:
        if self.closed_at is not None:
            return HandoverState.CLOSED
        return HandoverState.ASSIGNED if self.taken_at is None else HandoverState.TAKEN

    def overdue(self, now: float) -> bool:
        """Whether somebody should have taken it up by now."""
        return self.state is HandoverState.ASSIGNED and now >= self.due_at
