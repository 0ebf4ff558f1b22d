"""The station in one line, for `systemctl status`."""

from __future__ import annotations

from collections import Counter

from daemon.core.message import BatchState, MessageState
from daemon.store import Views

_OPEN = (MessageState.SENDING, MessageState.QUEUED, MessageState.HELD, MessageState.IN_DOUBT)


def headline(views: Views) -> str:
    """What a person wants to know first: may it send, what is left to do, and does it wait for somebody."""
    sims = Counter(str(sim["state"]) for sim in views.sims())
    counts = views.counts()
    waiting = sum(batch["state"] == BatchState.AWAITING_RELEASE for batch in views.batches())
    told = [f"SIMs: {', '.join(f'{n} {state}' for state, n in sorted(sims.items()))}" if sims else "no SIM seen yet"]
    messages = ", ".join(f"{counts[state]} {state}" for state in _OPEN if counts[state])
    told.append(f"messages: {messages}" if messages else "nothing to send")
    if waiting:
        told.append(f"{waiting} {'batch waits' if waiting == 1 else 'batches wait'} for release")
    return "; ".join(told)
