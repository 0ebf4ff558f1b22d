"""Reads single cells: times, priorities, flash, and whether a text can be sent at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TypeVar

from daemon.core.batch import Problem
from daemon.intake.readers.items import Row, shortened

PRIORITIES = {"": 0, "normal": 0, "high": 1, "low": -1}
MOST_PRIORITY = 1000
MOST_REF = 200

_YES = frozenset({"1", "yes", "y", "true"})
_NO = frozenset({"", "0", "no", "n", "false"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HALF = re.compile(r"[\ud800-\udfff]")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_CLOCK = re.compile(r"[T ]\d")

T = TypeVar("T")


class BadCell(ValueError):
    """The cell cannot be used. The message is the reason, for the problems file."""


class RowCells:
    """The cells of one row. What is wrong with one is added to `found`, unless its column was at fault already."""

    def __init__(self, row: Row, found: list[Problem]) -> None:
        self._row, self._found = row, found
        self._faulted = {problem.column for problem in found}

    def __call__(self, column: str, read: Callable[[str], T], default: T) -> T:
        """What `read` makes of the cell; `default` when it raises BadCell."""
        try:
            return read(self._row.cells.get(column, ""))
        except BadCell as error:
            self.bad(column, str(error))
            return default

    def bad(self, column: str, reason: str) -> None:
        """Note what is wrong with the cell."""
        if column not in self._faulted:
            row = self._row
            self._found.append(Problem(row.row, row.line, column, shortened(row.cells.get(column, "")), reason))


def time_in(cell: str, zone: tzinfo) -> float | None:
    """Seconds since the epoch of an ISO 8601 time; without an offset it is local to `zone`. None for an empty cell.

    Raises BadCell.
    """
    cell = cell.strip()
    if not cell:
        return None
    try:
        time = datetime.fromisoformat(cell)
        if not _CLOCK.search(cell):
            raise BadCell("a date without a time of day: write both, as in 2026-05-01T09:00")
        return (time if time.tzinfo else time.replace(tzinfo=zone)).timestamp()
    except BadCell:
        raise
    except (ValueError, OverflowError):
        raise BadCell("not a time: write it as 2026-05-01T09:00, or with an offset as 2026-05-01T09:00+01:00") from None


def priority_in(cell: str) -> int:
    """A whole number, or normal, high or low. Higher goes first.

    Raises BadCell.
    """
    cell = cell.strip().lower()
    if cell in PRIORITIES:
        return PRIORITIES[cell]
    if re.fullmatch(r"[+-]?[0-9]{1,4}", cell) and abs(int(cell)) <= MOST_PRIORITY:
        return int(cell)
    raise BadCell(f"not a priority: write normal, high, low, or a number from -{MOST_PRIORITY} to {MOST_PRIORITY}")


def flash_in(cell: str) -> bool:
    """Raises BadCell."""
    cell = cell.strip().lower()
    if cell in _YES:
        return True
    if cell in _NO:
        return False
    raise BadCell("write yes or no")


def ref_in(cell: str) -> str:
    """Raises BadCell."""
    cell = cell.strip()
    if len(cell) > MOST_REF:
        raise BadCell(f"longer than {MOST_REF} characters")
    if _HALF.search(cell) or _CONTROL.search(cell):
        raise BadCell("holds a character that cannot be shown: take it out")
    return cell


def text_in(cell: str) -> str:
    """The text, never altered: what was approved is what is sent.

    Raises BadCell.
    """
    if all(unicodedata.category(char) in _INVISIBLE for char in cell):
        raise BadCell("the text is empty")
    if _HALF.search(cell):
        raise BadCell("the text holds half of a character (a lone surrogate): write the character again")
    if control := _CONTROL.search(cell):
        raise BadCell(f"the text holds a control character (U+{ord(control[0]):04X}): take it out")
    return cell


