"""When a list would be through, under today's limits and quiet hours: the same rules as for sending, run ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import islice
from math import inf
from typing import Final, NamedTuple

from daemon.core.quiet_hours import QuietHours, opens_at
from daemon.core.throttle import History, Limits, next_allowed

RADIO_SECONDS = 5.0
"""What one submit takes on GSM, as a rule: four to six seconds."""
MOST_EXACT: Final = 10_000
"""So many messages are run ahead one by one; what a longer queue takes is taken from them in proportion."""


class Planned(NamedTuple):
    """One message. `sim` is the ICCID of the only SIM that may send it, "" for any."""

    recipient: str
    parts: int
    priority: int = 0
    sim: str = ""


class Beside(NamedTuple):
    """A batch that is being sent: how many of its messages wait, and those in their order, the next one first."""

    waiting: int
    messages: Iterator[Planned]


@dataclass(slots=True)
class Lane:
    """One SIM: its history so far and its limits, and what a forecast gave it. `messages`, `parts`, `first` and `last`
    are of the list that is asked about, `taken` and `began` of all."""

    history: History
    limits: Limits
    free_at: float
    iccid: str = ""
    messages: int = 0
    parts: int = 0
    first: float = inf
    last: float = -inf
    taken: int = 0
    began: float = inf
    newcomers: dict[int, float] = field(default_factory=dict)
    """When the next message of so many parts to somebody new may start, as far as that was asked for."""

    def take(self, message: Planned, at: float, *, ours: bool) -> None:
        """Send a message of ours or of another batch at that time."""
        for _ in range(message.parts):
            self.history.add(at, message.recipient)
        self.free_at = at + message.parts * RADIO_SECONDS
        self.newcomers.clear()
        self.taken += 1
        self.began = min(self.began, at)
        if ours:
            self.messages += 1
            self.parts += message.parts
            self.first, self.last = min(self.first, at), max(self.last, self.free_at)


class Through(NamedTuple):
    """Start of the first and end of the last message of a list, in seconds since the epoch, and how many messages of
    other batches go before that end."""

    starts_at: float
    finishes_at: float
    ahead: int


def finish(
    lanes: Sequence[Lane], messages: Sequence[Planned], quiet: QuietHours, zone: tzinfo, others: Sequence[Beside] = ()
) -> Through | None:
    """When a list is through that takes its turns among the `others`. None: there is no SIM, nothing to send, or a
    message that can never fit.

    The lanes are used up by it; what each got of the list stands in them.
    """
    ours = sorted(messages, key=lambda message: -message.priority)
    if not lanes or not ours:
        return None
    queue = _Queue(ours, others)
    for message, mine in islice(queue.in_turn(), MOST_EXACT):
        able = [lane for lane in lanes if message.sim in ("", lane.iccid)]
        ways = [(_start(lane, message, quiet, zone), lane) for lane in able]
        at, lane = min(ways, key=lambda way: way[0], default=(inf, lanes[0]))
        if at < inf:
            lane.take(message, at, ours=mine)
        elif mine:
            return None
    placed = sum(lane.messages for lane in lanes)
    ahead = sum(lane.taken for lane in lanes) - placed
    if placed < len(ours):
        ahead = queue.ahead
        _stretch(lanes, ours, queue)
    used = [lane for lane in lanes if lane.messages]
    if not used:
        return None
    return Through(min(lane.first for lane in used), max(lane.last for lane in used), ahead)


class _Queue:
    """A list, the highest priority first, among batches that are being sent: by priority, then in turn.

    About `ahead` of their messages go before the end of the list, `before` of them before its first.
    """

    def __init__(self, ours: Sequence[Planned], others: Sequence[Beside]) -> None:
        self._lines = [iter(ours), *(other.messages for other in others)]
        self._next = [next(line, None) for line in self._lines]
        self.ahead = self.before = 0
        for other, head in zip(others, self._next[1:], strict=True):
            if head is None:
                continue
            outranks = ours[-1].priority < head.priority
            equals = sum(message.priority == head.priority for message in ours)
            self.ahead += other.waiting if outranks else min(other.waiting, equals)
            self.before += other.waiting if ours[0].priority < head.priority else 0

    def in_turn(self) -> Iterator[tuple[Planned, bool]]:
        """Each message and whether it is of the list, up to the list's last."""
        turns = list(range(len(self._lines)))
        while self._next[0] is not None:
            heads = [(-head.priority, turns[at], at) for at, head in enumerate(self._next) if head is not None]
            _, _, at = min(heads)
            head = self._next[at]
            if head is not None:
                yield head, at == 0
            turns[at] = max(turns) + 1
            self._next[at] = next(self._lines[at], None)


def _stretch(lanes: Sequence[Lane], ours: Sequence[Planned], queue: _Queue) -> None:
    """Give the lanes the whole list in the proportions of what was run ahead."""
    run, placed = sum(lane.taken for lane in lanes), sum(lane.messages for lane in lanes)
    if not run:
        return
    began, ended = min(lane.began for lane in lanes), max(lane.free_at for lane in lanes if lane.taken)
    times, parts = (len(ours) + queue.ahead) / run, sum(message.parts for message in ours)
    for lane in lanes:
        share = lane.messages / placed if placed else lane.taken / run
        if share:
            lane.messages, lane.parts = max(1, round(share * len(ours))), round(share * parts)
            lane.first = lane.first if placed else began + (ended - began) * queue.before / run
            lane.last = began + (lane.free_at - began) * times


def _start(lane: Lane, message: Planned, quiet: QuietHours, zone: tzinfo) -> float:
    """The first instant at which both the limits and the hour allow it."""
    recipient, parts = message.recipient, message.parts
    if lane.history.last_to(recipient) is not None:
        return _search(lane, recipient, parts, quiet, zone)
    if parts not in lane.newcomers:
        lane.newcomers[parts] = _search(lane, None, parts, quiet, zone)
    return lane.newcomers[parts]


def _search(lane: Lane, recipient: str | None, parts: int, quiet: QuietHours, zone: tzinfo) -> float:
    at = lane.free_at
    while True:
        allowed = max(at, next_allowed(lane.history, lane.limits, at, parts=parts, recipient=recipient).at)
        if allowed == inf:
            return allowed
        opens = opens_at(allowed, quiet, zone)
        if opens == allowed:
            return allowed
        at = opens
