"""What the rows of a batch add up to, gathered while they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from daemon.core.batch import OutcomeRow

_TEXTS: Final = 3


@dataclass(slots=True)
class Figures:
    """Counts by state and reason, times in seconds since the epoch, and the first few different texts."""

    rows: int = 0
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    parts: int = 0
    sent_at: list[float] = field(default_factory=list)
    delivered_at: list[float] = field(default_factory=list)
    delivery_seconds: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    more_texts: bool = False

    def watch(self, rows: Iterable[OutcomeRow]) -> Iterator[OutcomeRow]:
        """Hand the rows through, and count them."""
        for row in rows:
            self._add(row)
            yield row

    def _add(self, row: OutcomeRow) -> None:
        self.rows += 1
        self.states[row.state] += 1
        if row.reason:
            self.reasons[row.state, row.reason] += 1
        if row.sent_at is not None:
            self.parts += row.parts
            self.sent_at.append(row.sent_at)
            if row.delivered_at is not None:
                self.delivered_at.append(row.delivered_at)
                # The SMSC's clock says when it was delivered, ours when it was sent: a small minus is no time at all.
                self.delivery_seconds.append(max(0.0, row.delivered_at - row.sent_at))
        if row.text not in self.texts and row.state != "rejected":
            if len(self.texts) < _TEXTS:
                self.texts.append(row.text)
            else:
                self.more_texts = True
