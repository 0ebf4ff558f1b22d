"""Writes `replies/`: one file for each conversation, and all replies as a table, the most pressing first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from daemon.clock import iso
from daemon.core.handover import Handover
from daemon.core.reply import OPEN, Reply, ReplyKind, Turn, is_overdue
from daemon.core.triage import Kind, WordList, pressing
from daemon.folders import sync
from daemon.pages.files import write_whole
from daemon.pages.looks import moment_of, words
from daemon.pages.outcomes import write_table
from daemon.pages.text import table as lines_of
from daemon.store import Replies
from daemon.store.handovers import Handovers

TABLE: Final = "replies.csv"
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


class ReplyFiles:
    """Keeps the folder `replies` as the store is."""

    def __init__(self, replies: Replies, handovers: Handovers, word_list: WordList) -> None:
        self._replies, self._handovers = replies, handovers
        self.use(word_list)

    def use(self, word_list: WordList) -> None:
        """Take these words from now on."""
        self._words = word_list
        self._standings: dict[str, Any] | None = None  # how each conversation stood when its file was written

    def write(self, folder: Path, zone: tzinfo, now: float, overdue_hours: float) -> list[Hinted]:
        """Write what has changed since the last time, and give all replies in the order of reading. Raises OSError."""
        handed = handed_over(self._handovers.find(), now)
        hinted = in_order(self._replies.find(), self._words, now, overdue_hours, handed)
        late = {one.reply.recipient for one in hinted if one.overdue}
        standings = {
            recipient: (*standing, recipient in late, handed.get(recipient))
            for recipient, standing in self._replies.standings().items()
        }
        if standings == self._standings:
            return hinted
        before = self._standings or {}
        own: defaultdict[str, list[Hinted]] = defaultdict(list)
        for one in hinted:
            own[one.reply.recipient].append(one)
        for recipient, standing in standings.items():
            if before.get(recipient) != standing:
                document = conversation_document(recipient, own[recipient], self._replies.conversation(recipient), zone)
                _write_lines(folder / conversation_file(recipient), conversation_lines(document, zone))
        _forget_others(folder, standings)
        write_replies(folder / TABLE, hinted, zone)
        self._standings = standings
        return hinted


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
    others, the newest first. `handed` as `handed_over` gives it."""
    hinted = [
        Hinted(
            reply, word_list.kind(shown(reply)), is_overdue(reply, now, overdue_hours), handed.get(reply.recipient, "")
        )
        for reply in replies
    ]
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


def write_replies(path: Path, hinted: Sequence[Hinted], zone: tzinfo) -> None:
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


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    write_whole(path, lambda file: file.writelines(f"{line}\n" for line in lines))


def _forget_others(folder: Path, recipients: Iterable[str]) -> None:
    """Remove the files of conversations that are no more. Raises OSError."""
    keep = {conversation_file(recipient) for recipient in recipients}
    gone = [file for file in folder.glob("*.txt") if file.name not in keep]
    for file in gone:
        file.unlink(missing_ok=True)
    if gone:
        sync(folder)
