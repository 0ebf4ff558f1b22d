"""How modems were kept busy, from the simulated network's own log: the same reckoning for whatever drives them."""

from __future__ import annotations

import itertools
import json
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

Submit = tuple[float, float, float]
"""When its command came, when its PDU ended, and when the modem answered: monotonic seconds."""


class Log:
    """Reads on in the network's log from where it was read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.events: list[dict[str, Any]] = []

    def more(self) -> list[dict[str, Any]]:
        """The events since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        found = [json.loads(line) for line in whole.splitlines()]
        self.events += found
        return found

    def answered(self) -> int:
        """How many parts the network has accepted so far."""
        self.more()
        return sum(event["event"] == "answer" for event in self.events)

    def submitted(self) -> bool:
        """Whether a text has come since the log was read last."""
        return any(event["event"] == "submit" for event in self.more())

    def twice(self) -> int:
        """How many people got a text more than once."""
        return sum(n > 1 for n in self._people().values())

    def copies(self) -> int:
        """How many texts were too many."""
        return sum(n - 1 for n in self._people().values())

    def texted(self) -> int:
        """How many people got a text."""
        return len(self._people())

    def _people(self) -> Counter[str]:
        return Counter(event["recipient"] for event in self.events if event["event"] == "submit")

    def submits(self) -> dict[str, list[Submit]]:
        """The answered submits of each SIM, in order."""
        found: dict[str, list[Submit]] = defaultdict(list)
        asked: dict[str, tuple[float, float]] = {}
        for event in self.events:
            if event["event"] == "submit":
                asked[event["iccid"]] = (event["t_command"], event["t"])
            elif event["event"] == "answer":
                found[event["iccid"]].append((*asked[event["iccid"]], event["t"]))
        return found


def figures(log: Log) -> dict[str, float]:
    """Messages a second, the modems' idle share, and the gap from an answer to the end of the next PDU."""
    log.more()
    submits = log.submits()
    gaps, span = [], 0.0
    for times in submits.values():
        gaps += [later[1] - earlier[2] for earlier, later in itertools.pairwise(times)]
        span += times[-1][2] - times[0][1]
    first = min(times[0][0] for times in submits.values())
    last = max(times[-1][2] for times in submits.values())
    cuts = statistics.quantiles(gaps, n=100)
    return {
        "per_second": sum(map(len, submits.values())) / (last - first), "idle_percent": 100 * sum(gaps) / span,
        "gap_p50_ms": cuts[49] * 1000, "gap_p95_ms": cuts[94] * 1000, "gap_p99_ms": cuts[98] * 1000,
    }  # fmt: skip
