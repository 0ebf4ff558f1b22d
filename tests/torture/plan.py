"""Which faults come together, when and for how long: drawn by seed alone, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.torture.faults import Fault

MOST_TOGETHER = 3
SPREAD_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault, and when it begins in its round (seconds)."""

    fault: Fault
    at: float

    @property
    def over(self) -> float:
        return self.at + self.fault.lasts


def rounds(seed: int, kinds: Sequence[type[Fault]]) -> Iterator[list[Strike]]:
    """For ever. Every kind comes once before any comes again, in a new order each time."""
    chance = random.Random(f"faults {seed}")
    deck: list[type[Fault]] = []
    while True:
        together = chance.randint(1, MOST_TOGETHER)
        strikes: list[Strike] = []
        while len(strikes) < together:
            deck = deck or chance.sample(kinds, len(kinds))
            fault = deck[-1](random.Random(chance.random()))
            if any(fault.holds & other.fault.holds for other in strikes):
                break
            deck.pop()
            strikes.append(Strike(fault, chance.uniform(0, SPREAD_SECONDS) if strikes else 0.0))
        yield strikes
