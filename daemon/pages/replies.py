"""What people texted back, as documents, as lines, and as the table `replies.csv`: the most pressing first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from daemon.clock import iso
from daemon.core.handover import Handover
from daemon.core.reply import OPEN, Reply, ReplyKind, Turn, is_overdue
from daemon.core.spans import HOUR
from daemon.core.triage import Kind, WordList, pressing
from daemon.pages.looks import moment_of, words
from daemon.pages.outcomes import write_table
from daemon.pages.text import table as lines_of

HEADER: Final = (
    "received_at", "number", "about", "state", "overdue", "handover", "complete", "batch", "sim", "text",
)  # fmt: skip
NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Hinted:
    """A reply, what it seems to be about, whether it waits for too long, and who has the conversation ("" for us)."""

    reply: Reply
    about: Kind
    overdue: bool = False
    handover: str = ""

    @property
    def open(self) -> bool:
        """Whether it waits for a person."""
        return self.reply.state in OPEN


class Waiting:
    """The replies that wait for a person, gathered while all pass by in the order of reading: the `first` of them,
    their `count`, and `overdue_at`, when the next of them will have waited for too long (infinite when none will)."""

    MOST: Final = 30

    def __init__(self, now: float, overdue_hours: float) -> None:
        self.first: list[Hinted] = []
        self.count, self.overdue_at = 0, float("inf")
        self._now, self._seconds = now, overdue_hours * HOUR

    def watch(self, hinted: Iterable[Hinted]) -> Iterator[Hinted]:
        """Hand the replies through."""
        for one in hinted:
            if one.open:
                self._add(one)
            yield one

    def _add(self, one: Hinted) -> None:
        self.count += 1
        if self.count <= self.MOST:
            self.first.append(one)
        overdue_at = one.reply.received_at + self._seconds
        if self._now < overdue_at < self.overdue_at:
            self.overdue_at = overdue_at


def handed_over(handovers: Iterable[Handover], now: float) -> dict[str, str]:
    """Who has whose conversation, by person: "turning-point (3f9a2c): assigned, overdue"."""
    found: dict[str, list[str]] = {}
    for one in handovers:
        late = ", overdue" if one.overdue(now) else ""
        found.setdefault(one.recipient, []).append(f"{one.service} ({one.reference}): {one.state}{late}")
    return {recipient: "; ".join(words) for recipient, words in found.items()}


def in_order(
    replies: Iterable[Reply], word_list: WordList, now: float = 0.0, overdue_hours: float = 0.0,
    handed: Mapping[str, str] = NOBODY,
) -> list[Hinted]:  # fmt: skip
    """Those that wait for a person first, the most pressing of them first, and the older before the newer; then the
    others, the newest first. `replies` oldest first, `handed` as `handed_over` gives it."""
    hinted = (
        Hinted(
            reply, word_list.kind(shown(reply)), is_overdue(reply, now, overdue_hours), handed.get(reply.recipient, "")
        )
        for reply in replies
    )
    return sorted(hinted, key=lambda one: _place(one.reply, one.about))


def _place(reply: Reply, about: Kind) -> tuple[bool, int, float]:
    if reply.state in OPEN:
        return False, pressing(about), reply.received_at
    return True, 0, -reply.received_at


def shown(reply: Reply) -> str:
    """The text as people read it; "" for what is none."""
    return reply.text if reply.kind is ReplyKind.TEXT else ""


def reply_document(one: Hinted, zone: tzinfo) -> dict[str, Any]:
    """One reply as `outpost replies --json` gives it."""
    reply = one.reply
    return {
        "id": reply.reply_id,
        "number": reply.recipient or reply.number,
        "about": one.about.value,
        "state": reply.state.value,
        "overdue": one.overdue,
        "handover": one.handover,
        "kind": reply.kind.value,
        "text": shown(reply),
        "complete": reply.complete,
        "reason": reply.reason,
        "batch": reply.batch,
        "message": reply.message_id,
        "sim": reply.iccid,
        "received_at": iso(reply.received_at, zone),
    }


def reply_lines(documents: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Replies, a line each, the most pressing first."""
    return lines_of(
        ("RECEIVED", "NUMBER", "ABOUT", "STATE", "HANDED OVER", "BATCH", "TEXT"),
        [
            (
                d["received_at"], d["number"], words(d["about"]), f"{d['state']}{', overdue' if d['overdue'] else ''}",
                d["handover"], d["batch"],
                " ".join((d["text"] or f"[{d['reason'] or d['kind']}]").split()),
            )
            for d in documents
        ],
        "no reply waits for an answer",
    )  # fmt: skip


def turn_document(turn: Turn, zone: tzinfo) -> dict[str, Any]:
    """One text of a conversation, whoever wrote it."""
    return {
        "at": iso(turn.at, zone), "ours": turn.ours, "text": turn.text if turn.kind is ReplyKind.TEXT else "",
        "state": turn.state, "kind": turn.kind.value, "sim": turn.iccid, "complete": turn.complete, "id": turn.item_id,
    }  # fmt: skip


def write_replies(path: Path, hinted: Iterable[Hinted], zone: tzinfo) -> None:
    """Write `replies.csv`. Raises OSError."""
    rows = (
        (
            iso(one.reply.received_at, zone), one.reply.recipient or one.reply.number, one.about, one.reply.state,
            "yes" if one.overdue else "no", one.handover, "yes" if one.reply.complete else "no",
            one.reply.batch, one.reply.iccid, _text_or_why(one.reply),
        )
        for one in hinted
    )  # fmt: skip
    write_table(path, HEADER, rows)


def _text_or_why(reply: Reply) -> str:
    if reply.kind is ReplyKind.TEXT:
        return reply.text
    return f"[{reply.reason}]" if reply.reason else f"[{words(reply.kind)}: no text]"


def conversation_file(recipient: str) -> str:
    """The name of the file of a conversation: the number, or a sender's name without what a file may not have."""
    return re.sub(r"[^\w+.-]", "_", recipient).lstrip(".") + ".txt"


def conversation_document(
    recipient: str, hinted: Sequence[Hinted], turns: Sequence[Turn], zone: tzinfo
) -> dict[str, Any]:
    """One conversation as `outpost replies NUMBER --json` gives it; `hinted` are its replies."""
    return {
        "number": recipient,
        "handover": hinted[0].handover if hinted else "",
        "replies": [reply_document(one, zone) for one in hinted],
        "turns": [turn_document(turn, zone) for turn in turns],
    }


def conversation_lines(document: dict[str, Any], zone: tzinfo) -> Iterator[str]:
    """The same for people, oldest turn first."""
    waiting = [reply for reply in document["replies"] if reply["state"] in OPEN]
    yield document["number"]
    if waiting:
        most = min((reply["about"] for reply in waiting), key=lambda about: pressing(Kind(about)))
        yield f"{len(waiting)} waiting for an answer; about: {words(most)} (a guess by its words)"
    else:
        yield "answered"
    if document["handover"]:
        yield f"handed over to {document['handover']}"
    yield f"To answer, write the text into a file replies/outgoing/{conversation_file(document['number'])}"
    for turn in document["turns"]:
        yield from turn_lines(turn, zone)


def turn_lines(turn: dict[str, Any], zone: tzinfo) -> Iterator[str]:
    """One text of a conversation, for people."""
    yield ""
    whose = f"we ({words(turn['state'])})" if turn["ours"] else f"they (reply {turn['id']})"
    missing = "" if turn["complete"] else " · a part is missing"
    yield f"{moment_of(turn['at'], zone)} · {whose}, SIM {turn['sim']}{missing}"
    yield turn["text"] if turn["kind"] == ReplyKind.TEXT else f"[{words(turn['kind'])}: no text]"
