"""Turns what a reader found into messages that can be sent, and says of every other row why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from zoneinfo import ZoneInfo

from daemon.core import address
from daemon.core.batch import NewMessage, Problem, RejectedRow
from daemon.core.local_time import zones_of
from daemon.core.message import MessageState
from daemon.core.template import NoValue, Template
from daemon.core.throttle import Limits, never_fits
from daemon.intake import cells
from daemon.intake.cells import BadCell
from daemon.intake.order import Deleted, Order
from daemon.intake.readers.items import COLUMNS, DELETED, OWNER, End, Item, Note, Row, Unreadable, shortened
from daemon.settings import Settings
from drivers.alphabet import part_count, plain

OWNERS = "the phone's owner"
MOST_CELL = 1000
_MOST_NAME = 60
_SHOWN_COLUMNS = 30
_KEPT_TEXTS = 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration and batch.toml ask of a row. `limits` are those of every SIM that the station knows of.

    `template` is the text of every row, None when each has its own.
    """

    country: str
    international: bool
    max_parts: int
    zone: ZoneInfo
    limits: tuple[Limits, ...]
    order: Order = Order()
    template: Template | None = None

    @classmethod
    def of(cls, settings: Settings, order: Order | None = None, template: Template | None = None) -> Rules:
        """As this configuration and this batch.toml say."""
        special = [*settings.networks.values(), *(sim.overrides for sim in settings.sims.values())]
        return cls(
            country=settings.station.country,
            international=settings.sending.international,
            max_parts=settings.sending.max_parts,
            zone=settings.station.zone,
            limits=(settings.throttle, *(settings.throttle.with_overrides(**keys) for keys in special)),
            order=order or Order(),
            template=template,
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
        """How many rows name somebody whom an earlier row names."""
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
    return sieve.done()


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
        self._number_columns: set[str] = set()
        self._texts: dict[str, _Text] = {}
        self._columns: dict[str, None] = {}   # the names that the list has, in its order
        self._more: list[tuple[NewMessage, bool]] = []  # to a further number of a row; whether it was deleted
        self._owners: set[str] = set()
        self._takes_deleted = rules.order.deleted is Deleted.TAKE
        self._rows = self._deleted = self._own_texts = self._made_plain = 0

    def put(self, row: Row) -> None:
        self._rows = row.row
        if row.cells.keys() - self._columns.keys():
            self._columns.update(dict.fromkeys(row.cells))
            given = row.cells.get("to", "").split("\n")
            self._number_columns.update(name for name, cell in row.cells.items() if cell.strip() and cell in given)
        self._columns.update(dict.fromkeys(fault.column for fault in row.faults if fault.column))
        found = [Problem(row.row, row.line, fault.column, fault.value, fault.reason) for fault in row.faults]
        faulty = any(fault.column == "" for fault in row.faults)
        message, numbers = (None, address.Cell()) if faulty else self._message(row, found)
        if message is None or found:
            self._reject(row, self._cut(row) or found)
            return
        self.sifted.problems.extend(
            Problem(row.row, row.line, "to", shortened(each.written), each.reason) for each in numbers.left_out
        )
        others = numbers.numbers[1:]
        deleted = DELETED in row.marks
        self._deleted += deleted
        if OWNER in row.marks:
            self._owners.update([message.recipient, *(number.e164 for number in others)])
        self.sifted.messages.append(self._left_out(message, deleted=deleted))
        for number in others:
            further = replace(
                message, recipient=number.e164, zones=zones_of(number.e164, self._rules.zone.key),
                note=f"a further number of row {row.row}",
            )  # fmt: skip
            self._more.append((further, deleted))

    def _cut(self, row: Row) -> list[Problem]:
        """What is wrong with a row that lacks a cell which its text needs: what it has instead cannot be trusted."""
        fields = self._rules.template.fields if self._rules.template else ("text",)
        if not row.cut or row.cells.keys() >= {"to", *fields}:
            return []
        return [Problem(row.row, row.line, "", shortened(row.cells.get("to", "")), row.cut)]

    def _left_out(self, message: NewMessage, *, deleted: bool) -> NewMessage:
        """The message, suppressed when it must not be texted, or not twice."""
        if deleted and not self._takes_deleted:
            reason = "deleted on the phone: left out, as batch.toml asks"
            return replace(message, state=MessageState.SUPPRESSED, reason=reason)
        if deleted:
            message = replace(message, note="; ".join(filter(None, (message.note, "deleted on the phone"))))
        first = self._first.setdefault(message.recipient, message.row)
        if first == message.row:
            return message
        return replace(message, state=MessageState.SUPPRESSED, reason=f"duplicate of row {first}")

    def done(self) -> Sifted | Unreadable:
        """What is known only after the last row. Further numbers of a row get rows of their own, behind all others."""
        sifted = self.sifted
        if self._columns and (fault := self._field_fault()):
            return Unreadable(fault)
        for number, (message, deleted) in enumerate(self._more, self._rows + 1):
            sifted.messages.append(self._left_out(replace(message, row=number), deleted=deleted))
        if self._owners:
            sifted.messages = [
                replace(each, state=MessageState.SUPPRESSED, reason=OWNERS) if each.recipient in self._owners else each
                for each in sifted.messages
            ]
        sifted.notes.extend(self._notes())
        return sifted

    def _field_fault(self) -> str:
        """Why the list does not give what the text needs, "" when it does: told now, and not at 2 a.m."""
        template = self._rules.template
        if template is None:
            if "text" in self._columns:
                return ""
            return (
                "no column is named text: name one so; or put the list into a folder, beside a message.txt that holds "
                "the text for everybody, and drop the folder"
            )
        unknown = [name for name in template.fields if name not in self._columns]
        if not unknown:
            return ""
        names = ", ".join(f"{{{name}}}" for name in dict.fromkeys(unknown))
        known = ", ".join(shortened(name, 40) for name in list(self._columns)[:_SHOWN_COLUMNS])
        return f"the text uses {names}, which is no column of the list; its columns: {known}"

    def _notes(self) -> Iterator[str]:
        if self._more:
            first, last = self._rows + 1, self._rows + len(self._more)
            rows = f"row {first}" if first == last else f"rows {first} to {last}"
            yield f"further numbers of rows that hold several are texted too: {len(self._more)}, as {rows} of the batch"
        if self._owners:
            yield "the phone's owner is left out"
        if self._deleted:
            done = "taken" if self._takes_deleted else "left out"
            yield f"entries that had been deleted on the phone: {self._deleted}, {done} (batch.toml: deleted)"
        if self._own_texts:
            yield f"rows with texts of their own, which are not used, since message.txt is: {self._own_texts}"
        if self._made_plain:
            yield f"texts in which plain signs stand in for others, as batch.toml asks: {self._made_plain}"
        unused = [shortened(name, 40) for name in self._columns if name not in {*COLUMNS, *self._number_columns}]
        if unused and self._rules.template is None:
            yield f"columns that are not used: {', '.join(unused[:_SHOWN_COLUMNS])}"

    def _reject(self, row: Row, found: list[Problem]) -> None:
        reason = "; ".join(": ".join(filter(None, (problem.column, problem.reason))) for problem in found)
        ref, to, text = (_storable(row.cells.get(name, "")) for name in ("ref", "to", "text"))
        self.sifted.rejected.append(RejectedRow(row.row, ref, to, text, reason))
        self.sifted.problems.extend(found)

    def _message(self, row: Row, found: list[Problem]) -> tuple[NewMessage | None, address.Cell]:
        """The row as a message to its first number, and all that its number cell gives.

        What is wrong with it is added to `found`, and then there may be none.
        """
        rules, order, read = self._rules, self._rules.order, cells.RowCells(row, found)
        to = row.cells.get("to", "")
        numbers = address.read_cell(to, rules.country, international=rules.international)
        if numbers.reason:
            read.bad("to", numbers.reason)
        text = self._text(row)
        if text.reason:
            read.bad("text", text.reason)
        ref = read("ref", cells.ref_in, "") or order.ref
        not_before = read("not_before", lambda value: cells.time_in(value, rules.zone), None) or order.not_before
        not_after = read("not_after", lambda value: cells.time_in(value, rules.zone), None) or order.not_after
        if not_before is not None and not_after is not None and not_after < not_before:
            read.bad("not_after", "it lies before not_before: put the two right")
        if not_after is not None and not_after <= self._now:
            read.bad("not_after", "it has passed: give a later time, or take the row out")
        priority = read("priority", cells.priority_in, 0) if row.cells.get("priority", "").strip() else order.priority
        flash = read("flash", cells.flash_in, default=False)
        if numbers.reason:
            return None, numbers
        first = numbers.numbers[0].e164
        message = NewMessage(
            row.row, first, text.text, text.parts, ref, priority, flash, not_before, not_after,
            cell=_storable(shortened(to, MOST_CELL)), note=_note(numbers.left_out),
            zones=zones_of(first, rules.zone.key),
        )  # fmt: skip
        return message, numbers

    def _text(self, row: Row) -> _Text:
        """The text of a row, with its fields filled and, where a person said so, its signs made plain."""
        raw, template = row.cells.get("text", ""), self._rules.template
        if template is not None:
            self._own_texts += bool(raw.strip())
            try:
                raw = template.fill(row.cells)
            except NoValue as error:
                return _Text("", 0, str(error))
        if self._rules.order.plain:
            changed = plain(raw)
            self._made_plain += changed != raw
            raw = changed
        text = self._texts.get(raw)
        if text is None:
            if len(self._texts) >= _KEPT_TEXTS:
                self._texts.clear()
            text = self._texts[raw] = _text(raw, self._rules)
        return text


def _note(left_out: Sequence[address.LeftOut]) -> str:
    """What a person should know of the numbers of a cell that get no text. It holds no digits of them."""
    return f"{len(left_out)} more in the cell: " + "; ".join(each.reason for each in left_out) if left_out else ""


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
