"""Reads a list from CSV: comma, semicolon or tab, whichever makes its first line name the columns `to` and `text`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from daemon.intake.readers.items import COLUMNS, REQUIRED, Fault, Item, Note, Row, Unreadable, shortened

_SEPARATORS = ",;\t"
_TOO_MANY = (
    "the row has more cells than the header: a text that holds the separator must stand in quotation marks, "
    'as in "Hello, friend"'
)


class _Header(NamedTuple):
    separator: str
    names: list[str]

    def missing(self) -> list[str]:
        return [name for name in REQUIRED if name not in self.names]


def read(data: bytes, encoding: str) -> Iterator[Item]:
    """The rows of a CSV file. Quotation marks that do not match make the whole file unreadable: what follows them
    could be anything."""
    header = _header(data, encoding)
    if isinstance(header, Unreadable):
        yield header
        return
    unknown = sorted({name for name in header.names if name and name not in COLUMNS})
    if unknown:
        yield Note(f"columns that are not used: {', '.join(shortened(name, 40) for name in unknown)}")
    where = [(name, at) for at, name in enumerate(header.names) if name in COLUMNS]
    row = 0
    for line, cells in _records(data, encoding, header.separator):
        if isinstance(cells, Unreadable):
            yield cells
            return
        if not any(cell.strip() for cell in cells):
            continue
        row += 1
        if row == 1:  # the header
            continue
        named = {name: cells[at] for name, at in where if at < len(cells)}
        surplus = [cell for cell in cells[len(header.names) :] if cell.strip()]
        faults = [Fault("", shortened(header.separator.join(surplus)), _TOO_MANY)] if surplus else []
        yield Row(row - 1, line, named, faults)


def _records(data: bytes, encoding: str, separator: str) -> Iterator[tuple[int, list[str] | Unreadable]]:
    """Each record with the line where it begins. Ends behind an Unreadable."""
    lines = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Unreadable(_csv_reason(str(error)), line)
            return
        yield line, cells


def _csv_reason(error: str) -> str:
    if "field limit" in error:
        return "a cell of the row that begins here is enormous: look for a quotation mark that is never closed"
    return (
        "the quotation marks of the row that begins here do not match: a cell that begins with one must end with one, "
        'and one inside is written twice, as in "say ""hello"" to her"'
    )


def _header(data: bytes, encoding: str) -> _Header | Unreadable:
    """The column names, lower case and trimmed, and the separator that shows the most of the required ones."""
    found = [_header_with(data, encoding, separator) for separator in _SEPARATORS]
    headers = [header for header in found if isinstance(header, _Header)]
    if not headers:
        return next(header for header in found if isinstance(header, Unreadable))
    best = min(headers, key=lambda header: len(header.missing()))
    if missing := best.missing():
        return Unreadable(
            f"no column is named {' or '.join(missing)}: the first line must name the columns, as in: to,text",
            line=1,
            value=shortened(best.separator.join(best.names)),
        )
    twice = sorted({name for name in best.names if name in COLUMNS and best.names.count(name) > 1})
    if twice:
        return Unreadable(f"two columns are named {twice[0]}: keep the one that is meant", line=1, column=twice[0])
    return best


def _header_with(data: bytes, encoding: str, separator: str) -> _Header | Unreadable:
    for _, cells in _records(data, encoding, separator):
        if isinstance(cells, Unreadable):
            return cells
        if any(cell.strip() for cell in cells):
            return _Header(separator, [cell.strip().lower() for cell in cells])
    return Unreadable("the file is empty")
