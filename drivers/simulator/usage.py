"""How a modem's time went: what benchmarks of whoever drives it want to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Usage:
    """Sums over all submits of one modem, in seconds.

    `busy` is from a PDU's end to its answer, `idle` from the answer to the next PDU's end, `gap` from there to the next
    `AT+CMGS`. A submit that is never answered counts as busy no more than as idle.
    """

    submits: int = 0
    busy: float = 0.0
    idle: float = 0.0
    gap: float = 0.0
    _ended: float = 0.0
    _answered: float | None = None

    def ended(self, commanded: float, now: float) -> None:
        """A PDU has come whole; its command came at `commanded`."""
        self.submits += 1
        if self._answered is not None:
            self.idle += now - self._answered
            self.gap += commanded - self._answered
        self._ended, self._answered = now, None

    def answered(self, now: float) -> None:
        """The answer to the last PDU is about to be written."""
        self.busy += now - self._ended
        self._answered = now

    def sums(self) -> dict[str, float]:
        """The sums by name."""
        return {"submits": self.submits, "busy": self.busy, "idle": self.idle, "gap": self.gap}
