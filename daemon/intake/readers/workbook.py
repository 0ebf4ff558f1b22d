"""Reads a list from an Excel workbook: its contacts' sheets, or the sheet whose columns can be told best."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice, repeat
from typing import Any, Final

import openpyxl

from daemon.intake.readers.archive import BROKEN, DAMAGED, Refused, expanded, no_dtd, opened
from daemon.intake.readers.items import Item, Note, Row, Unreadable, shortened
from daemon.intake.readers.source import Source
from daemon.intake.readers.table import SAMPLE, Found, Layout, Record, layout_of, rows

MAX_CELLS: Final = 3_000_000
MAX_SHEETS: Final = 100
MAX_LINES: Final = 1_048_576     # Excel's own limit
_CONTACTS: Final = "contact"
_ROUNDED: Final = (
    "spoilt by a spreadsheet, which rounded its digits away: take it from the source again, with the column as text"
)
_NOT_CALCULATED: Final = "a formula whose result is not stored, and nothing is calculated here: write the value itself"
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ZEROS: Final = 1_000_000        # a number that ends with so many zeros was rounded, not dialled
_NUMBER_DIGITS: Final = 1_000_000
_NO_LIST: Final = "the workbook has no sheet whose columns can be told"


def read(source: Source, columns: Mapping[str, str]) -> Iterator[Item]:
    """The rows of a workbook. Formulas are never calculated: the value that was stored with each is read."""
    data = source.read()
    try:
        calculated = _examine(data)
        yield from _read(_book(data, stored=True), _book(data, stored=False) if calculated else None, columns)
    except Refused as refused:
        yield refused.fault
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl has no error of its own: a damaged file meets any
        kind = type(error).__name__
        yield Unreadable(f"the workbook cannot be read ({kind}): open it, save it as .xlsx, and drop it again")


def _book(data: bytes, *, stored: bool) -> Any:
    """The workbook, of formulas with the values that are stored with them, or with what they say."""
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=stored, keep_links=False)


def _examine(data: bytes) -> bool:
    """Look at the parts before openpyxl does. Whether there are formulas. Raises Refused."""
    with opened(io.BytesIO(data)) as archive:
        parts = [member.filename for member in archive.infolist() if member.filename.endswith((".xml", ".rels"))]
        expanded(archive, parts)
        try:
            for part in parts:
                with archive.open(part) as file:
                    no_dtd(file)
            return any(_FORMULA.search(archive.read(part)) for part in parts if part.startswith("xl/worksheets/"))
        except BROKEN:
            raise Refused(DAMAGED) from None


def _read(book: Any, formulas: Any | None, columns: Mapping[str, str]) -> Iterator[Item]:
    sheets = [sheet for sheet in book.worksheets[:MAX_SHEETS] if sheet.sheet_state == "visible"]
    budget = _Budget()
    found: list[tuple[Any, Layout]] = []
    faults: list[Unreadable] = []
    for sheet in sheets:
        sample = list(islice(_records(sheet, formulas, budget), SAMPLE))
        layout = layout_of(sample, columns) if sample else Unreadable("the workbook is empty")
        if isinstance(layout, Layout):
            found.append((sheet, layout))
        else:
            faults.append(layout)
    if not found:
        yield _fault(faults)
        return
    chosen = _chosen(found)
    yield from _said(chosen, sheets)
    last = 0
    for sheet, layout in chosen:
        for item in rows(_records(sheet, formulas, budget), layout, first=last):
            last = item.row if isinstance(item, Row) else last
            yield item


def _chosen(found: Sequence[tuple[Any, Layout]]) -> Sequence[tuple[Any, Layout]]:
    """All sheets of contacts that name their number column, or else the one sheet with the surest layout."""
    contacts = [
        (sheet, layout) for sheet, layout in found
        if _CONTACTS in sheet.title.lower() and layout.found is not Found.BY_CONTENTS
    ]  # fmt: skip
    return contacts or [max(found, key=lambda each: (each[1].found, "text" in each[1].places))]


def _said(chosen: Sequence[tuple[Any, Layout]], sheets: Sequence[Any]) -> Iterator[Note]:
    if len(sheets) > 1:
        read_ones = [sheet.title for sheet, _ in chosen]
        others = [sheet.title for sheet in sheets if sheet.title not in read_ones]
        left = f"; not read: {', '.join(map(shortened, others[:20]))}" if others else ""
        yield Note(f"sheets that are read: {', '.join(map(shortened, read_ones))}{left}")


def _fault(faults: Sequence[Unreadable]) -> Unreadable:
    if not faults:
        return Unreadable(_NO_LIST)
    best = max(faults, key=lambda fault: fault.line)
    return best if len(faults) == 1 else best._replace(reason=f"{_NO_LIST}; of one of them: {best.reason}")


class _Budget:
    """Counts the cells that were read, of all sheets."""

    def __init__(self) -> None:
        self.cells = 0

    def spend(self, line: int, cells: int) -> None:
        """Raises Refused."""
        self.cells += cells
        if self.cells > MAX_CELLS or line > MAX_LINES:
            raise Refused(f"the workbook has more than {MAX_CELLS:,} cells: keep the list alone in it")


def _records(sheet: Any, formulas: Any | None, budget: _Budget) -> Iterator[Record]:
    """Each row of a sheet that is not blank. `formulas` is the workbook with what its formulas say."""
    said = repeat(()) if formulas is None else _cells(formulas[sheet.title])
    for line, (row, formula) in enumerate(zip(_cells(sheet), said, strict=False), 1):
        budget.spend(line, len(row))
        cells, bad = [], {}
        for at, cell in enumerate(row):
            value = cell.value
            if isinstance(value, (int, float)) and not isinstance(value, bool) and _rounded(cell, value):
                bad[at] = _ROUNDED
            elif value is None and at < len(formula) and formula[at].data_type == "f":
                bad[at] = _NOT_CALCULATED
            cells.append(_written(value))
        while cells and not cells[-1].strip():
            cells.pop()
        if cells or bad:
            yield Record(line, cells, bad)


def _cells(sheet: Any) -> Iterator[Sequence[Any]]:
    """The cells of each row. What a sheet says of its own size is not believed."""
    sheet.reset_dimensions()
    rows_of: Iterator[Sequence[Any]] = sheet.iter_rows()
    return rows_of


def _written(value: object) -> str:
    """A cell's value as a person would have typed it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _rounded(cell: Any, value: float) -> bool:
    """Whether a number lost its digits: it is shown with an exponent or is as long as a number, and ends with zeros."""
    if abs(value) < _NUMBER_DIGITS * 10 or value % 10:
        return False
    shown = str(cell.number_format or "").upper()
    return value % _ZEROS == 0 or ("E+" in shown and value % 1000 == 0)
