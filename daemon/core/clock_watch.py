"""What speaks against the machine's clock: a jump while it runs, and the network's own time."""

from __future__ import annotations

from typing import Final

from daemon.core.spans import DAY, HOUR, MINUTE

JUMP: Final = HOUR
"""A wall clock that gains more than this, in seconds, against the one that never jumps was put forward."""
DIFFERENCE: Final = 300.0
"""Seconds between our clock and the network's that a person is told of."""


def ahead_of_network(network: float, ours: float | None, now: float) -> float | None:
    """How many seconds our clock is ahead of the network's, negative when behind; None when there is no evidence.

    `network` is a time that the network gave (SCTS). `ours` is our own time of the same event, if it is known: our
    submit, of which a status report tells when the network took it. Without one, only a time that is still to come is
    evidence: a text may have lain in the network for days.
    """
    if ours is not None:
        return ours - network
    return now - network if network > now else None


def told(seconds: float) -> str:
    """A length of time for people: "7 minutes", "3 hours", "2 days"."""
    for name, length in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        count = round(abs(seconds) / length)
        if abs(seconds) >= length:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{round(abs(seconds))} seconds"
