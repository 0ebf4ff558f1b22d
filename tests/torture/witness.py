"""Reads the network's own log as it grows, and says what was done twice, too fast, or never."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

TRIED = ("submit", "refuse", "lost")  # what the network has seen of a part
WINDOWS = {"parts_per_minute": 60.0, "parts_per_hour": 3600.0}
STILL_TRYING = 0x20  # from here to 0x3F a TP-Status is no end (23.040 §9.2.3.15)
LAST_TRYING = 0x3F

Event = dict[str, Any]
Part = tuple[str, int]  # recipient, number of the part


@dataclass(slots=True)
class Seen:
    """What the network knows of one part."""

    accepted: int = 0
    refused: list[str] = field(default_factory=list)
    lost: int = 0
    mrs: set[tuple[str, int]] = field(default_factory=set)
    text: str = ""


class Witness:
    """`read` takes in what has come since the last call."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("rb")
        self._rest = b""
        self.parts: defaultdict[Part, Seen] = defaultdict(Seen)
        self.reports: dict[tuple[str, int, str], int] = {}  # SIM, MR, recipient: the last TP-Status that is an end
        self.recipients: set[str] = set()  # of those parts
        self.texts: set[str] = set()  # what the network brought to SIMs
        self.last: dict[str, float] = defaultdict(float)  # by SIM: when it submitted last
        self.tried: defaultdict[str, list[Event]] = defaultdict(list)
        self.submits = 0

    def close(self) -> None:
        self._log.close()

    def read(self) -> None:
        *lines, self._rest = (self._rest + self._log.read()).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, event: Event) -> None:
        kind = event["event"]
        if kind in TRIED:
            self._tried(event)
        elif kind == "report" and "mr" in event and not STILL_TRYING <= event["status"] <= LAST_TRYING:
            self.reports[event["iccid"], event["mr"], event["recipient"]] = event["status"]
        elif kind == "deliver":
            self.texts.add(event["text"])

    def _tried(self, event: Event) -> None:
        event.pop("pdu")
        seq = (event.get("concat") or {"seq": 1})["seq"]
        seen = self.parts[event["recipient"], seq]
        self.recipients.add(event["recipient"])
        if event["event"] == "submit":
            self.submits += 1
            seen.accepted += 1
            seen.mrs.add((event["iccid"], event["mr"]))
            seen.text = event["text"]
        elif event["event"] == "refuse":
            seen.refused.append(f"{event['kind']} {event['code']}")
        else:
            seen.lost += 1
        self.last[event["iccid"]] = event["t"]
        self.tried[event["iccid"]].append(event)

    def twice(self) -> list[Part]:
        """The parts that the network took more than once."""
        return [part for part, seen in self.parts.items() if seen.accepted > 1]

    def too_fast(self, limits: Mapping[str, float]) -> list[str]:
        """Where a limit was exceeded. A part counts from the commit that permits it, which lies between the modem's
        prompt and the PDU's end: so much slack each comparison has, and no more."""
        found = []
        for iccid, events in self.tried.items():
            for key, window in WINDOWS.items():
                limit = int(limits[key])
                for first, last in zip(events, events[limit:], strict=False):
                    if last["t"] - first["t_prompt"] < window:
                        found.append(f"{iccid}: more than {limit} {key} at t={last['t']:.3f}")
            for first, last in pairwise(events):
                gap = last["t"] - first["t_prompt"]
                if first["recipient"] != last["recipient"] and gap < limits["min_gap_seconds"]:
                    found.append(f"{iccid}: {gap:.3f} s between two messages at t={last['t']:.3f}")
        return found

    def most(self) -> dict[str, int]:
        """The fullest window of each kind, of all SIMs, as `too_fast` measures."""
        return {key: max((_fullest(events, window) for events in self.tried.values()), default=0)
                for key, window in WINDOWS.items()}  # fmt: skip

    def first_since(self, iccid: str, moment: float) -> float:
        """When a SIM first submitted after a moment; it must have."""
        events = self.tried[iccid]
        return float(events[bisect_right(events, moment, key=lambda event: event["t"])]["t"])

    def refusals(self) -> Counter[str]:
        return Counter(code for seen in self.parts.values() for code in seen.refused)


def _fullest(events: list[Event], window: float) -> int:
    begun = [event["t_prompt"] for event in events]
    return max(n + 1 - bisect_right(begun, event["t"] - window) for n, event in enumerate(events))
