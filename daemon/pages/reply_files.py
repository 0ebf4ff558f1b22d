"""Keeps the folder `replies` as the store is, reading no more of it than what has changed asks for."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

from daemon.core.handover import Handover, HandoverState
from daemon.core.reply import Reply, is_overdue
from daemon.core.triage import Kind, WordList, pressing
from daemon.folders import sync
from daemon.pages.files import write_whole
from daemon.pages.replied import Answers, Replied
from daemon.pages.replies import (
    Hinted,
    Waiting,
    conversation_document,
    conversation_file,
    conversation_lines,
    handed_over,
    shown,
    write_replies,
)
from daemon.store import Replies
from daemon.store.handovers import Handovers
from daemon.store.replies import Standing

TABLE: Final = "replies.csv"
_KINDS: Final = tuple(Kind)
_UNKNOWN: Final = 255


class Guesses:
    """What each reply seems to be about. A guess takes a hundred times as long as reading the text, and is kept while
    the text stays the same: in nine octets, however many replies there are."""

    def __init__(self, word_list: WordList) -> None:
        self._words = word_list
        self._hashes = array("q")  # of the texts, by the replies' ids
        self.places = bytearray()
        """The place of each kind in the order of reading, by the replies' ids."""

    def about(self, reply_id: int, text: str) -> Kind:
        """What it is about; `text` as people read it."""
        lacking = reply_id + 1 - len(self.places)
        if lacking > 0:
            self._hashes.extend([0] * lacking)
            self.places.extend([_UNKNOWN] * lacking)
        if self.places[reply_id] == _UNKNOWN or self._hashes[reply_id] != hash(text):
            self._hashes[reply_id] = hash(text)
            self.places[reply_id] = pressing(self._words.kind(text))
        return _KINDS[self.places[reply_id]]


@dataclass(frozen=True, slots=True)
class Found:
    """What all replies came to when the table was written: those that are `waiting`, and what each batch was
    `answered`. It holds from `since`, and `until` somebody will have waited for too long (seconds since the epoch)."""

    since: float
    until: float
    waiting: Waiting
    answered: Mapping[str, Replied]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the files of a round are written with; `handed` as `handed_over` gives it."""

    folder: Path
    zone: tzinfo
    now: float
    overdue_hours: float
    handed: Mapping[str, str]


class ReplyFiles:
    """One thread keeps them; any thread may call `use`."""

    def __init__(self, replies: Replies, handovers: Handovers, word_list: WordList) -> None:
        self._replies, self._handovers = replies, handovers
        self._words = word_list
        self._guesses = Guesses(word_list)
        self._settings: object = None                 # with which the files were written
        self._shown: Mapping[str, object] | None = None  # how each conversation stood when its file was written
        self._told: object = None                     # how all stood when the table was
        self._found: Found | None = None

    def use(self, word_list: WordList) -> None:
        """Take these words from now on."""
        self._words = word_list

    def keep(self, folder: Path, zone: tzinfo, now: float, overdue_hours: float) -> Found:
        """Write what has changed since the last time; what all replies come to. Raises OSError."""
        self._begin_anew_with(self._words, zone, overdue_hours)
        handovers = self._handovers.find(closed=True)
        handed = handed_over((one for one in handovers if one.state is not HandoverState.CLOSED), now)
        standings = self._replies.standings()  # before the replies: what comes meanwhile is seen the next time
        frame = Frame(folder, zone, now, overdue_hours, handed)
        self._keep_conversations(standings, frame)
        told = handovers, {person: (standing.theirs, handed.get(person)) for person, standing in standings.items()}
        found = self._found
        if found is None or told != self._told or not found.since <= now < found.until:
            found = self._found = self._write_table(frame, handovers)
            self._told = told
        return found

    def _begin_anew_with(self, words: WordList, zone: tzinfo, overdue_hours: float) -> None:
        """Take nothing as written that was written with others."""
        settings = words, zone, overdue_hours
        if settings != self._settings:
            self._settings, self._guesses = settings, Guesses(words)
            self._shown = self._told = None

    def _keep_conversations(self, standings: Mapping[str, Standing], frame: Frame) -> None:
        before = self._shown or {}
        shown = {person: (standing, frame.handed.get(person)) for person, standing in standings.items()}
        for person in (person for person, standing in shown.items() if before.get(person) != standing):
            if person:
                self._write_conversation(person, frame)
            else:
                deque(self._hinted(self._replies.each(person), frame), maxlen=0)
        if self._shown is None or before.keys() != shown.keys():
            _forget_others(frame.folder, filter(None, shown))
        self._shown = shown

    def _write_conversation(self, person: str, frame: Frame) -> None:
        hinted = list(self._hinted(self._replies.find(recipient=person), frame))
        document = conversation_document(person, hinted, self._replies.conversation(person), frame.zone)
        lines = conversation_lines(document, frame.zone)
        write_whole(
            frame.folder / conversation_file(person), lambda file: file.writelines(f"{line}\n" for line in lines)
        )

    def _write_table(self, frame: Frame, handovers: Iterable[Handover]) -> Found:
        waiting, answers = Waiting(frame.now, frame.overdue_hours), Answers()
        hinted = self._hinted(self._replies.in_order(bytes(self._guesses.places)), frame)
        write_replies(frame.folder / TABLE, answers.watch(waiting.watch(hinted)), frame.zone)
        late = (one.due_at for one in handovers if one.state is HandoverState.ASSIGNED and not one.overdue(frame.now))
        return Found(frame.now, min((waiting.overdue_at, *late)), waiting, answers.replied(handovers))

    def _hinted(self, replies: Iterable[Reply], frame: Frame) -> Iterator[Hinted]:
        for reply in replies:
            about = self._guesses.about(reply.reply_id, shown(reply))
            late = is_overdue(reply, frame.now, frame.overdue_hours)
            yield Hinted(reply, about, late, frame.handed.get(reply.recipient, ""))


def _forget_others(folder: Path, people: Iterable[str]) -> None:
    """Remove the files of conversations that are no more. Raises OSError."""
    keep = {conversation_file(person) for person in people}
    gone = [file for file in folder.glob("*.txt") if file.name not in keep]
    for file in gone:
        file.unlink(missing_ok=True)
    if gone:
        sync(folder)
