"""Writes the CSV files that people read back: what became of each row, and what was wrong with the bad ones."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TextIO

from daemon.core.batch import OutcomeRow, Problem
from daemon.giving_way import step
from daemon.pages.files import write_whole

OUTCOME_HEADER = ("batch", "row", "ref", "to", "state", "reason", "parts", "sent_at", "delivered_at", "sim", "text")
PROBLEM_HEADER = ("line", "column", "value", "reason")

_E164 = re.compile(r"\+[0-9]{1,15}")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SUSPECT = frozenset((*_FORMULA_STARTS, " "))


def write_outcomes(path: Path, rows: Iterable[OutcomeRow], zone: tzinfo) -> None:
    """Write `outcomes/BATCH.csv`. Times are ISO 8601 in `zone`, with offset. Raises OSError."""
    write_table(path, OUTCOME_HEADER, (_outcome_cells(row, zone) for row in rows))


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    """Write `rejected/NAME.problems.csv`. Line 0 speaks of the whole file. Raises OSError."""
    write_table(path, PROBLEM_HEADER, ((p.line, p.column, p.value, p.reason) for p in problems))


def harmless(cell: object) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula. A number in E.164 stays as is,
    since programs read it."""
    step()
    text = str(cell)
    if text[:1] in _SUSPECT and text.lstrip(" ").startswith(_FORMULA_STARTS) and not _E164.fullmatch(text):
        return f"'{text}"
    return text


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file whose cells no spreadsheet takes for formulas. Raises OSError."""

    def fill(file: TextIO) -> None:
        table = csv.writer(file)  # ends lines with CR LF (RFC 4180), and so quotes either inside a cell
        table.writerow(header)
        table.writerows([harmless(cell) for cell in row] for row in rows)

    write_whole(path, fill)


def _outcome_cells(row: OutcomeRow, zone: tzinfo) -> tuple[object, ...]:
    return (
        row.batch, row.row, row.ref, row.to, row.state, row.reason, row.parts,
        _iso(row.sent_at, zone), _iso(row.delivered_at, zone), row.sim, row.text,
    )  # fmt: skip


def _iso(time: float | None, zone: tzinfo) -> str:
    return "" if time is None else datetime.fromtimestamp(time, zone).isoformat(timespec="seconds")
