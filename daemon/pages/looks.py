"""How states, times and shares look on a page: always a word, with a shape and a colour that only repeat it."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final
from xml.etree.ElementTree import Element

from daemon.core.message import BatchState, MessageState, SimState
from daemon.pages.markup import tag

GOOD, WARN, BAD, QUIET = "good", "warn", "bad", "quiet"

_LOOKS: Final[dict[str, tuple[str, str]]] = {
    SimState.READY: ("✔", GOOD), SimState.WAITING: ("◷", GOOD), SimState.RESTING: ("▲", WARN),
    SimState.BLOCKED: ("✖", BAD), SimState.PAUSED: ("‖", WARN), SimState.ABSENT: ("○", WARN),
    SimState.LOCKED: ("✖", BAD),
    MessageState.HELD: ("◷", QUIET), MessageState.QUEUED: ("◷", QUIET), MessageState.SENDING: ("▶", GOOD),
    MessageState.SENT: ("➤", GOOD), MessageState.DELIVERED: ("✔", GOOD), MessageState.UNDELIVERED: ("▲", WARN),
    MessageState.FAILED: ("✖", BAD), MessageState.EXPIRED: ("▲", WARN), MessageState.IN_DOUBT: ("?", BAD),
    MessageState.SUPPRESSED: ("⊘", QUIET), MessageState.CANCELLED: ("⊘", QUIET), "rejected": ("✖", BAD),
    BatchState.AWAITING_RELEASE: ("▲", WARN), BatchState.RELEASED: ("▶", GOOD), BatchState.FINISHED: ("✔", GOOD),
}  # fmt: skip
_OTHER: Final = ("•", QUIET)


def state(name: str) -> Element:
    """A state as a word with its shape before it."""
    shape, kind = _LOOKS.get(name, _OTHER)
    return tag("span", tag("span", f"{shape} ", aria_hidden="true"), words(name), class_=f"state {kind}")


def words(name: str) -> str:
    """A name as the programs have it, in words: "awaiting release"."""
    return name.replace("_", " ")


def bar(n: int, of: int, label: str) -> Element:
    """How much of something is done or used, as a bar that a screen reader reads out as `label`."""
    share = min(100, round(100 * n / of)) if of else 0
    return tag("span", tag("span", style=f"width:{share}%"), class_="bar", role="img", aria_label=label, title=label)


def moment(at: float | None, zone: tzinfo) -> str:
    """A time for people: "Fri 27 Nov 2026, 22:31:05 GMT". Empty for None."""
    if at is None:
        return ""
    return f"{datetime.fromtimestamp(at // 1, zone):%a %d %b %Y, %H:%M:%S %Z}"


def moment_of(iso: str | None, zone: tzinfo) -> str:
    """The same of a time in ISO 8601."""
    return moment(datetime.fromisoformat(iso).timestamp(), zone) if iso else ""


def count(n: int, one: str, many: str = "") -> str:
    """A number and its noun: "1 batch", "2 batches"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def record_head(head: str) -> Element:
    """The head of the record, as `outpost audit verify --head` takes it from paper."""
    return tag("span", "Head of the record: ", tag("code", head or "nothing is on record"))
