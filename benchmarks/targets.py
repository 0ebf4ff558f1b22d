"""What Outpost is to reach on 2 cores, each with what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from results import Row, shown

MB = 2**20 / 1e6  # a MiB in MB

Found = Mapping[str, Any]


def _sent(found: Found, modems: int, radio: float, figure: str) -> float:
    rows = found["throughput"]["results"]
    return next(row[figure] for row in rows if (row["modems"], row["radio_s"]) == (modems, radio))


def _at_rest(figure: str) -> Callable[[Found], float]:
    return lambda found: found["rest"]["results"][0][figure]


def _times(figure: str) -> Callable[[Found], float]:
    """How many times slower at the longest queue than at an empty one."""
    return lambda found: found["long_queue"]["results"][-1][figure] / found["long_queue"]["results"][0][figure]


TARGETS: tuple[tuple[str, str, float, str, Callable[[Found], float]], ...] = (
    ("one modem, no radio delay", ">", 300, "messages a second", lambda f: _sent(f, 1, 0, "per_second")),
    ("CPU for each of them", "<", 3, "ms", lambda f: _sent(f, 1, 0, "cpu_ms")),
    ("idle share at 0.5 s of radio, 1 modem", "<", 1, "%", lambda f: _sent(f, 1, 0.5, "idle_percent")),
    ("the same, 8 modems", "<", 1, "%", lambda f: _sent(f, 8, 0.5, "idle_percent")),
    ("the same, 64 modems", "<", 3, "%", lambda f: _sent(f, 64, 0.5, "idle_percent")),
    ("gap p99 at 0.5 s of radio, 64 modems", "<", 10, "ms", lambda f: _sent(f, 64, 0.5, "gap_p99_ms")),
    ("start to ready", "<", 1000, "ms", _at_rest("ready_ms")),
    ("memory, 4 modems", "<", 60, "MB", lambda f: _at_rest("peak_mib")(f) * MB),
    ("memory, 64 modems, sending", "<", 150, "MB", lambda f: _sent(f, 64, 0.5, "peak_mib") * MB),
    ("CPU at rest, 4 modems", "<", 0.5, "% of a core", _at_rest("idle_cpu_percent")),
    ("claim at the longest queue", "<", 2, "times the empty queue's", _times("claim_ms")),
    ("`outpost status` there", "<", 2, "times the empty queue's", _times("status_ms")),
    ("status by the socket there", "<", 2, "times the empty queue's", _times("socket_ms")),
    ("`outpost status`", "<", 300, "ms", _at_rest("status_ms")),
)
"""What, more or less than what, in which unit, and where it is found."""


def targets(found: Found) -> list[Row]:
    """Each target whose benchmark has run with the sizes that it speaks of."""
    rows: list[Row] = []
    for what, sign, value, unit, measured in TARGETS:
        try:
            got = measured(found)
        except (KeyError, StopIteration, IndexError):
            continue
        held = got > value if sign == ">" else got < value
        wanted = f"{'at least' if sign == '>' else 'under'} {shown(value)} {unit}"
        verdict = "reached" if held else "missed"
        rows.append({"what": what, "target": wanted, "measured": shown(float(got)), "": verdict})
    return rows
