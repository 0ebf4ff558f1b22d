"""What one dropped file asks for, as values: its good rows, its bad rows, and who brought it."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.message import MessageState


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell of a file. `line` and `row` count from 1; `row` leaves the header out."""

    row: int
    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One good row. Times are seconds since the epoch.

    `state` is HELD, or SUPPRESSED with a `reason` when the row must not be texted (a duplicate).
    """

    row: int
    recipient: str          # MSISDN in E.164
    text: str
    parts: int
    ref: str = ""
    priority: int = 0       # higher goes first
    flash: bool = False
    not_before: float | None = None
    not_after: float | None = None
    zones: str = ""         # the recipient's time zones, a space between them; "" is the station's
    state: MessageState = MessageState.HELD
    reason: str = ""
    cell: str = ""          # the number as the list has it
    note: str = ""          # what a person should know of this row


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One bad row, kept so that the outcomes show every row of the input. `to` is the cell as it was written."""

    row: int
    ref: str
    to: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A file that was taken. `sha256` is of its bytes, in hex; `owner` the user who dropped it."""

    name: str               # wanted name; the store makes it unique
    source: str             # the file's name as it was dropped
    sha256: str
    owner: str
    dropped_at: float
    released: bool          # True: policy lets it go at once
    sim: str = ""           # ICCID of the only SIM that may send it
    again: str = ""         # why content that came before is taken again, "" when it may not be
    token: str = ""         # names this very drop, so that a restart does not take it twice
    wording: str = ""       # the text with its fields, "" when each row has a text of its own
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a batch as the person reads it who lets it go. `parts` is 0 for a row that was rejected."""

    row: int
    ref: str
    cell: str               # the number as the list has it
    to: str                 # MSISDN, "" for a row that was rejected
    state: str
    reason: str
    note: str
    parts: int
    text: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reading of a dropped file has come."""

    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The batch is in the queue under this name."""

    batch_id: int
    name: str


@dataclass(frozen=True, slots=True)
class TakenBefore:
    """The same content came earlier, as this batch."""

    name: str


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of one row of a batch. Times are seconds since the epoch, None while the thing has not happened.

    `to` is the MSISDN, or the cell as it was written when it is none; `sim` is empty before a SIM took the message.
    """

    batch: str
    row: int
    ref: str
    to: str
    state: str
    reason: str
    parts: int
    sent_at: float | None
    delivered_at: float | None
    sim: str
    text: str
