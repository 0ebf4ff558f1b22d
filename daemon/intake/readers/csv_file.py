"""Reads a list from CSV: comma, semicolon or tab, whichever makes a table whose columns can be told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import REQUIRED, Item, Unreadable
from daemon.intake.readers.source import Source
from daemon.intake.readers.table import SAMPLE, Found, Layout, Record, layout_of, rows

_SEPARATORS = ",;\t"
_SEP_LINE = re.compile(r'"?sep=([^\w\s"]|\t)"?\s*', re.IGNORECASE)  # Excel's own way to name the separator


class _Broken(Exception):
    """The file is no CSV from some record on."""

    def __init__(self, fault: Unreadable) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def read(source: Source, columns: Mapping[str, str]) -> Iterator[Item]:
    """The rows of a CSV file. Quotation marks that do not match make the whole file unreadable: what follows them
    could be anything."""
    data = source.read()
    encoding = encoding_of(data)
    if isinstance(encoding, Unreadable):
        yield encoding
        return
    named = _SEP_LINE.fullmatch(_lines(data, encoding).readline(100))
    best = _best(data, encoding, named[1] if named else _SEPARATORS, columns)
    if isinstance(best, Unreadable):
        yield best
        return
    separator, layout = best
    try:
        yield from rows(_records(data, encoding, separator), layout, separator=separator)
    except _Broken as broken:
        yield broken.fault


def _best(data: bytes, encoding: str, separators: str, columns: Mapping[str, str]) -> tuple[str, Layout] | Unreadable:
    """The separator that shows the surest layout, and that layout."""
    found: list[tuple[tuple[int, ...], str, Layout]] = []
    faults: list[tuple[bool, int, Unreadable]] = []
    for separator in separators:
        sample, broken = _sample(data, encoding, separator)
        layout = broken if broken and not sample else layout_of(sample, columns)
        if isinstance(layout, Layout):
            found.append((_sureness(layout, sample), separator, layout))
        else:
            faults.append((len({len(record.cells) for record in sample} - {1}) == 1, layout.line, layout))
    clear, _, fault = max(faults, key=lambda each: each[:2], default=(False, 0, Unreadable("the file is empty")))
    _, separator, best = max(found, key=lambda each: each[0], default=((), "", None))
    if best is None or (clear and best.width == 1 and best.found is Found.BY_CONTENTS):
        return fault  # a guess does not stand where another separator shows a table whose numbers are in doubt
    return separator, best


def _sample(data: bytes, encoding: str, separator: str) -> tuple[list[Record], Unreadable | None]:
    """The first records, and what is wrong with the one behind them."""
    sample = []
    try:
        for record in islice(_records(data, encoding, separator), SAMPLE):
            sample.append(record)  # noqa: PERF402 - what came before the fault counts
    except _Broken as broken:
        return sample, broken.fault
    return sample, None


def _sureness(layout: Layout, sample: Sequence[Record]) -> tuple[int, ...]:
    cut = sum(len(record.cells) > layout.width for record in sample)
    return layout.found, sum(name in layout.places for name in REQUIRED), -cut, -layout.header, layout.width


def _lines(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")


def _records(data: bytes, encoding: str, separator: str) -> Iterator[Record]:
    """Each record that is not blank. Raises _Broken."""
    lines = _lines(data, encoding)
    skipped = 1
    if not _SEP_LINE.fullmatch(lines.readline(100)):
        lines, skipped = _lines(data, encoding), 0
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _Broken(Unreadable(_reason(str(error)), line)) from None
        if any(cell.strip() for cell in cells):
            yield Record(line, cells)


def _reason(error: str) -> str:
    if "field limit" in error:
        return "a cell of the row that begins here is enormous: look for a quotation mark that is never closed"
    return (
        "the quotation marks of the row that begins here do not match: a cell that begins with one must end with one, "
        'and one inside is written twice, as in "say ""hello"" to her"'
    )
