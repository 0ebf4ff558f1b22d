"""What a reader says about a file, as values that cross the pipe from the sandboxed child as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

COLUMNS = ("to", "text", "ref", "not_before", "not_after", "priority", "flash")
REQUIRED = ("to", "text")
OWNER, DELETED = "owner", "deleted"
"""Marks of a row: the phone's own entry; one that had been deleted on the phone."""
MAX_BYTES = 64 * 1024 * 1024
"""How large a list may be that is held in memory while it is read."""
MAX_REPORT = 2 * 1024 * 1024 * 1024
"""How large a phone's report may be, which is read piece by piece."""
MAX_ROWS = 100_000


class Fault(NamedTuple):
    """What the reader found wrong with one cell. Column "" speaks of the whole row: its cells cannot be trusted."""

    column: str
    value: str
    reason: str


class Row(NamedTuple):
    """One row. `row` counts from 1 and leaves header and blank lines out; `line` is the file's line where it begins.

    `cells` are all its columns by name, lower case: those in COLUMNS have a meaning, the others are fields of the text.
    `to` is the cell as it stands, and `text` may be missing. `marks` are OWNER and DELETED. `cut` says why the columns
    that `cells` lacks are not there, "" when the row has all that the header names.
    """

    row: int
    line: int
    cells: dict[str, str]
    faults: Sequence[Fault] = ()
    marks: Sequence[str] = ()
    cut: str = ""


class Note(NamedTuple):
    """Something that a person should know and that stops nothing."""

    text: str


class Unreadable(NamedTuple):
    """The file cannot be read: none of it is taken. The last item of its file. Line 0 speaks of the whole file."""

    reason: str
    line: int = 0
    column: str = ""
    value: str = ""


class End(NamedTuple):
    """The file was read to its end. `sha256` is of the bytes that the rows came from, in hex."""

    sha256: str


Item = Row | Note | Unreadable | End

_KINDS: dict[str, Callable[..., Item]] = {kind.__name__: kind for kind in (Row, Note, Unreadable, End)}
_to_json = json.JSONEncoder(separators=(",", ":")).encode


def encode(item: Item) -> str:
    """One line of ASCII, without its line end."""
    fields = item[:-2] if isinstance(item, Row) and not item.marks and not item.cut else item
    return _to_json([type(item).__name__, *fields])


def decode(line: str) -> Item:
    """The inverse of `encode`. Raises ValueError, TypeError or KeyError for a line that is none of ours."""
    kind, *fields = json.loads(line)
    item = _KINDS[kind](*fields)
    if isinstance(item, Row) and item.faults:
        return item._replace(faults=[Fault(*fault) for fault in item.faults])
    return item


def shortened(value: str, limit: int = 200) -> str:
    """A cell as a problems file shows it: whole, or its beginning."""
    return value if len(value) <= limit else value[:limit] + "…"
