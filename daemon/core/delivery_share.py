"""Whether a network may be blocking a SIM in silence: it accepts every part, and fewer and fewer are delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daemon.core.spans import HOUR

RECENT: Final = 30
"""Parts that are looked at as recent; as many of those before are what they are compared with."""
ENOUGH: Final = 20
"""Fewer say nothing."""
PATIENCE: Final = HOUR
"""Seconds until a missing report counts: telephones are switched off for a while."""
_FALLEN_TO: Final = 0.5
_LOW: Final = 0.25
_USUAL: Final = 0.4


@dataclass(frozen=True, slots=True)
class Share:
    """So many of `parts` were reported delivered."""

    delivered: int
    parts: int

    @property
    def rate(self) -> float:
        return self.delivered / self.parts


def fallen(delivered: Sequence[bool]) -> tuple[Share, Share | None] | None:
    """The recent share and the one before it, when the first is so low that a person should look; else None.

    `delivered` tells of a SIM's accepted parts, newest first, each older than PATIENCE. Without enough parts before,
    only a very low share speaks.
    """
    recent, before = delivered[:RECENT], delivered[RECENT:2 * RECENT]
    if len(recent) < ENOUGH:
        return None
    now = Share(sum(recent), len(recent))
    if len(before) < ENOUGH:
        return (now, None) if now.rate < _LOW else None
    then = Share(sum(before), len(before))
    if then.rate < _USUAL:  # few reports come from there at any time
        return None
    return (now, then) if now.rate < then.rate * _FALLEN_TO else None
