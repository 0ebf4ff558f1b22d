"""Turns what a reader found into messages that can be sent, and says of every other row why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TypeVar
from zoneinfo import ZoneInfo

from daemon.core import address
from daemon.core.batch import NewMessage, Problem, RejectedRow
from daemon.core.message import MessageState
from daemon.core.throttle import Limits, never_fits
from daemon.intake import cells
from daemon.intake.cells import BadCell
from daemon.intake.readers.items import End, Item, Note, Row, Unreadable, shortened
from daemon.settings import Settings
from drivers.alphabet import part_count

_MOST_NAME = 60
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration asks of a row. `limits` are those of every SIM that the station knows of."""

    country: str
    international: bool
    max_parts: int
    zone: ZoneInfo
    limits: tuple[Limits, ...]

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        special = [*settings.networks.values(), *(sim.overrides for sim in settings.sims.values())]
        return cls(
            country=settings.station.country,
            international=settings.sending.international,
            max_parts=settings.sending.max_parts,
            zone=settings.station.zone,
            limits=(settings.throttle, *(settings.throttle.with_overrides(**keys) for keys in special)),
        )


@dataclass(slots=True)
class Sifted:
    """A file's rows, the good ones and the bad. `sha256` is of the bytes they came from, in hex."""

    messages: list[NewMessage] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sha256: str = ""

    @property
    def duplicates(self) -> int:
        return sum(message.state is MessageState.SUPPRESSED for message in self.messages)


def sift(items: Iterable[Item], rules: Rules, now: float) -> Sifted | Unreadable:
    """Judge every row of a file. The first row to a recipient counts, a later one is suppressed as its duplicate."""
    sieve = _Sieve(rules, now)
    for item in items:
        match item:
            case Row():
                sieve.put(item)
            case Note(text):
                sieve.sifted.notes.append(text)
            case Unreadable():
                return item
            case End(sha256):
                sieve.sifted.sha256 = sha256
    return sieve.sifted


def batch_name(file_name: str) -> str:
    """The name that a file gives its batch: safe in a path, on a command line and on a page."""
    plain = unicodedata.normalize("NFKD", PurePath(file_name).stem)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", plain)[:_MOST_NAME].lstrip(".-").rstrip(".")
    return safe or "batch"


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that was judged, kept since most rows of a list share one."""

    text: str
    parts: int
    reason: str


class _Sieve:
    """Judges one file, row after row."""

    def __init__(self, rules: Rules, now: float) -> None:
        self.sifted = Sifted()
        self._rules = rules
        self._now = now
        self._first: dict[str, int] = {}      # recipient: the row that texts them
        self._texts: dict[str, _Text] = {}

    def put(self, row: Row) -> None:
        found = [Problem(row.row, row.line, fault.column, fault.value, fault.reason) for fault in row.faults]
        message = None if any(fault.column == "" for fault in row.faults) else self._message(row, found)
        if message is None or found:
            self._reject(row, found)
            return
        original = self._first.setdefault(message.recipient, row.row)
        if original != row.row:
            message = replace(message, state=MessageState.SUPPRESSED, reason=f"duplicate of row {original}")
        self.sifted.messages.append(message)

    def _reject(self, row: Row, found: list[Problem]) -> None:
        reason = "; ".join(": ".join(filter(None, (problem.column, problem.reason))) for problem in found)
        ref, to, text = (_storable(row.cells.get(name, "")) for name in ("ref", "to", "text"))
        self.sifted.rejected.append(RejectedRow(row.row, ref, to, text, reason))
        self.sifted.problems.extend(found)

    def _message(self, row: Row, found: list[Problem]) -> NewMessage | None:
        """The row as a message; what is wrong with it is added to `found`, and then there may be none."""
        rules = self._rules
        faulted = {problem.column for problem in found}

        def bad(column: str, reason: str) -> None:
            if column not in faulted:
                found.append(Problem(row.row, row.line, column, shortened(row.cells.get(column, "")), reason))

        def cell(column: str, read: Callable[[str], T], default: T) -> T:
            try:
                return read(row.cells.get(column, ""))
            except BadCell as error:
                bad(column, str(error))
                return default

        number = address.parse(row.cells.get("to", ""), rules.country, international=rules.international)
        if isinstance(number, address.NotTextable):
            bad("to", number.reason)
        text = self._text(row.cells.get("text", ""))
        if text.reason:
            bad("text", text.reason)
        ref = cell("ref", cells.ref_in, "")
        not_before = cell("not_before", lambda value: cells.time_in(value, rules.zone), None)
        not_after = cell("not_after", lambda value: cells.time_in(value, rules.zone), None)
        if not_before is not None and not_after is not None and not_after < not_before:
            bad("not_after", "not_after lies before not_before: put the two right")
        if not_after is not None and not_after <= self._now:
            bad("not_after", "not_after has passed: give a later time, or take the row out")
        priority = cell("priority", cells.priority_in, 0)
        flash = cell("flash", cells.flash_in, default=False)
        if isinstance(number, address.NotTextable):
            return None
        return NewMessage(row.row, number.e164, text.text, text.parts, ref, priority, flash, not_before, not_after)

    def _text(self, raw: str) -> _Text:
        text = self._texts.get(raw)
        if text is None:
            text = self._texts[raw] = _text(raw, self._rules)
        return text


def _text(raw: str, rules: Rules) -> _Text:
    try:
        text = cells.text_in(raw)
    except BadCell as error:
        return _Text(raw, 0, str(error))
    parts = part_count(text)
    if parts > rules.max_parts:
        return _Text(text, parts, f"the text needs {parts} parts; sending.max_parts is {rules.max_parts}: shorten it")
    narrow = [never_fits(limits, parts) for limits in rules.limits]
    if all(narrow):  # on every SIM
        return _Text(text, parts, f"the text needs {parts} parts, which throttle.{narrow[0]} forbids: shorten it")
    return _Text(text, parts, "")


def _storable(cell: str) -> str:
    """A bad cell as the database takes it: lone surrogates are escaped."""
    return cell.encode("utf-8", "backslashreplace").decode("utf-8")
