"""Finds the header and the number column of any table by looking, and gives its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from daemon.core.template import field_name
from daemon.intake.readers.headers import PARTIES, number_columns, number_like
from daemon.intake.readers.items import COLUMNS, DELETED, OWNER, Fault, Item, Note, Row, Unreadable, shortened

SAMPLE = 100
"""How many records are looked at before the layout is settled."""
MOST_TITLES = 5

_DELETED_NAMES = frozenset({"deleted", "deleted?", "deleted state", "deleted_state", "is deleted"})
_DELETED = frozenset({"yes", "y", "true", "1", "deleted", "trash"})
_PARTY = re.compile(r"(?:(?:from|to|party|general)\s*:)?\s*(\+?\d[\d\s().-]{4,}\d|\S+@\S+)?\s*(.*)", re.IGNORECASE)
_SIGNS = {",": "comma", ";": "semicolon (;)", "\t": "tab"}
_OWNER = re.compile(r"\(\s*owner\s*\)", re.IGNORECASE)


class Record(NamedTuple):
    """One line of a table that is not blank. `bad` says of columns, counted from 0, why their cells have no value."""

    line: int
    cells: Sequence[str]
    bad: Mapping[int, str] = {}


class Found(IntEnum):
    """How the number column was found, the surest last."""

    BY_CONTENTS = 1
    BY_NAME = 2
    AS_TO = 3       # it is named `to`, or the column map names it


class Layout(NamedTuple):
    """How a table is to be read. `header` counts from 0 among its records, -1 when it has none.

    `places` are the columns of each name: several are joined by line breaks. `notes` are for people.
    """

    found: Found
    header: int
    width: int
    places: Mapping[str, Sequence[int]]
    parties: bool
    notes: Sequence[str]


def layout_of(sample: Sequence[Record], columns: Mapping[str, str]) -> Layout | Unreadable:
    """Settle the layout from a table's first records. `columns` is from our names to the table's headers."""
    if not sample:
        return Unreadable("the file is empty")
    tops = [[field_name(cell) for cell in record.cells] for record in sample[: MOST_TITLES + 1]]
    if columns:
        wanted = {field_name(header) for header in columns.values()}
        at = next((at for at, names in enumerate(tops) if wanted.issubset(names)), None)
        return _not_mapped(sample[0], tops, columns) if at is None else _named(sample, at, tops[at], columns)
    for at, names in enumerate(tops):
        if "to" in names:
            return _named(sample, at, names, columns)
    for at, names in enumerate(tops):
        if _by_name(sample, at, names):
            return _named(sample, at, names, columns)
    return _by_contents(sample, tops)


def rows(records: Iterable[Record], layout: Layout, *, separator: str = "", first: int = 0) -> Iterator[Item]:
    """The rows of a whole table, behind `first` others.

    With a `separator`, cells beyond the header make a bad row: a text was cut by it. A row with fewer cells says so.
    """
    yield from map(Note, layout.notes)
    deleted = next((at for name, at in layout.places.items() if name in _DELETED_NAMES), ())
    number = first
    for index, record in enumerate(records):
        if index <= layout.header:
            continue
        cells, faults = _cells(record, layout)
        surplus = [cell for cell in record.cells[layout.width :] if cell.strip()] if separator else []
        if surplus:
            faults = [Fault("", shortened(separator.join(surplus)), _too_many(record, layout, separator))]
        cut = _too_few(record, layout, separator) if separator and layout.header >= 0 else ""
        gone = any(at < len(record.cells) and record.cells[at].strip().lower() in _DELETED for at in deleted)
        marks = [DELETED] if gone else []
        if not layout.parties:
            number += 1
            yield Row(number, record.line, cells, faults, marks, cut)
            continue
        for to, name, owner in parties_of(cells.get("to", "")):
            number += 1
            named = {**cells, "to": to, "name": name}
            yield Row(number, record.line, named, faults, [*marks, OWNER] if owner else marks, cut)


def parties_of(cell: str) -> list[tuple[str, str, bool]]:
    """The sides of a call: number, name, and whether it is the phone's owner. A cell without any gives an empty one."""
    found = []
    for line in filter(str.strip, cell.splitlines()):
        owner = _OWNER.search(line) is not None
        match = _PARTY.fullmatch(_OWNER.sub("", line).strip())
        to, name = (match[1] or "", match[2].strip()) if match else ("", line)
        found.append((to or name, name if to else "", owner))
    return found or [("", "", False)]


def _too_many(record: Record, layout: Layout, separator: str) -> str:
    sign = _SIGNS.get(separator, separator)
    return (
        f"the row has {len(record.cells)} cells, the header {layout.width}: a text that holds a {sign} must stand in "
        f'quotation marks, as in "Hello{separator} friend"'
    )


def _too_few(record: Record, layout: Layout, separator: str) -> str:
    """Why the row lacks its last cells, "" when it lacks none."""
    have = len(record.cells)
    if have >= layout.width:
        return ""
    cells, sign = "1 cell" if have == 1 else f"{have} cells", _SIGNS.get(separator, separator)
    return f"the row has {cells}, the header {layout.width}: look for a {sign} that is missing"


def _cells(record: Record, layout: Layout) -> tuple[dict[str, str], list[Fault]]:
    cells: dict[str, str] = {}
    have = len(record.cells)
    for name, places in layout.places.items():
        if len(places) == 1:
            if places[0] < have:
                cells[name] = record.cells[places[0]]
        else:
            cells[name] = "\n".join(record.cells[at] for at in places if at < have and record.cells[at].strip())
    if not record.bad:
        return cells, []
    faults = [
        Fault(name, shortened(cells.get(name, "")), record.bad[at])
        for name, places in layout.places.items() if name in COLUMNS
        for at in places if at in record.bad
    ]  # fmt: skip
    return cells, faults


def _named(sample: Sequence[Record], at: int, names: list[str], columns: Mapping[str, str]) -> Layout | Unreadable:
    """The layout of a table whose header is the record `at`."""
    record = sample[at]
    meant = {*COLUMNS, *map(field_name, columns.values())}
    twice = sorted({name for name in names if name in meant and names.count(name) > 1})
    if twice:
        return Unreadable(f"two columns are named {twice[0]}: keep the one that is meant", record.line, twice[0])
    places = _places(names)
    places |= {name: [names.index(field_name(header))] for name, header in columns.items()}
    notes: list[str] = []
    found, parties = Found.AS_TO, False
    if "to" not in places:
        found = Found.BY_NAME
        numbers = _by_name(sample, at, names)
        if not numbers:
            found = Found.BY_CONTENTS
            best = _best(sample[at + 1 :])
            if isinstance(best, Unreadable):
                return best
            numbers = (best,)
        places["to"] = numbers
        parties = names[numbers[0]] == PARTIES if numbers[0] < len(names) else False
        heads = ", ".join(_head(record, number) for number in numbers)
        why = "" if found is Found.BY_NAME else ": no header names them, and this column holds telephone numbers"
        notes.append(f"the numbers are taken from the column {heads}{why}")
    if at:
        notes.append(f"the column names stand in line {record.line}; what is above them is not read")
    return Layout(found, at, len(names), places, parties, notes)


def _by_contents(sample: Sequence[Record], tops: list[list[str]]) -> Layout | Unreadable:
    """The layout of a table that names no number column in any way that is known."""
    best = _best(sample)
    if isinstance(best, Unreadable):
        return best
    first = next(at for at, record in enumerate(sample) if best < len(record.cells) and number_like(record.cells[best]))
    if first:
        above = range(min(first, len(tops)))
        header = max(above, key=lambda at: (sum(map(bool, tops[at])), -at))
        return _named(sample, header, tops[header], {})
    width = max(len(record.cells) for record in sample)
    places: dict[str, Sequence[int]] = {f"column {at + 1}": [at] for at in range(width)}
    note = f"the file does not name its columns; the numbers are taken from column {best + 1}"
    return Layout(Found.BY_CONTENTS, -1, width, {**places, "to": [best]}, parties=False, notes=[note])


def _best(sample: Sequence[Record]) -> int | Unreadable:
    """The one column that mostly holds telephone numbers."""
    width = max((len(record.cells) for record in sample), default=0)
    scores = []
    for at in range(min(width, 200)):
        written = [record.cells[at] for record in sample if at < len(record.cells) and record.cells[at].strip()]
        looks = [number_like(cell) for cell in written]
        if looks and sum(map(bool, looks)) * 2 >= len(looks):
            scores.append((sum(look == 2 for look in looks) * 2 >= len(looks), at))
    best = [at for sure, at in scores if sure] or [at for _, at in scores]
    if len(best) == 1:
        return best[0]
    shown = shortened(" | ".join(sample[0].cells)) if sample else ""
    if not best:
        return Unreadable(
            "no column is named to, and none holds telephone numbers: the first line must name the columns, as in: "
            "to,text", sample[0].line if sample else 0, "", shown,
        )  # fmt: skip
    which = " and ".join(str(at + 1) for at in best[:5])
    return Unreadable(
        f"columns {which} all hold what may be telephone numbers: name the one that is meant to",
        sample[0].line, "", shown,
    )  # fmt: skip


def _by_name(sample: Sequence[Record], at: int, names: Sequence[str]) -> tuple[int, ...]:
    """The number columns that the record `at` names, when there is a number in them or nothing below it."""
    numbers = number_columns(names)
    below = sample[at + 1 :]
    if not below or any(_holds(record, number) for number in numbers for record in below):
        return numbers
    return ()


def _holds(record: Record, at: int) -> bool:
    if at >= len(record.cells):
        return False
    return any(number_like(to) for to, _, _ in parties_of(record.cells[at])) or number_like(record.cells[at]) > 0


def _places(names: Sequence[str]) -> dict[str, Sequence[int]]:
    """Every named column; one whose name was there before gets a number, as spreadsheets do."""
    places: dict[str, Sequence[int]] = {}
    for at, name in enumerate(names):
        serial, unique = 1, name
        while unique in places:
            serial += 1
            unique = f"{name} ({serial})"
        if name:
            places[unique] = [at]
    return places


def _head(record: Record, at: int) -> str:
    name = record.cells[at].strip() if at < len(record.cells) else ""
    return f'"{shortened(name, 40)}"' if name else str(at + 1)


def _not_mapped(first: Record, tops: list[list[str]], columns: Mapping[str, str]) -> Unreadable:
    best = max(tops, key=lambda names: sum(field_name(header) in names for header in columns.values()))
    missing = [header for header in columns.values() if field_name(header) not in best]
    return Unreadable(
        f"the list has no column named {shortened(missing[0], 40)}, which columns in batch.toml asks for",
        first.line, "", shortened(" | ".join(filter(None, best))),
    )  # fmt: skip
