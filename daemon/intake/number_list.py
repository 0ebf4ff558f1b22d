"""Reads a list of numbers for the command line: opt-outs and exclusions, plain or hashed, one or more to a line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from daemon.core.address import e164
from daemon.store.lists import HASHED

_HASH = re.compile(rf"{HASHED}[0-9a-fA-F]{{64}}")
_CELLS = re.compile(r"[,;\t]")


@dataclass(slots=True)
class NumberList:
    """`entries` are numbers in E.164 and hashes; `problems` say what was passed over: which file, which line."""

    entries: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_all(given: Iterable[str], country: str) -> NumberList:
    """Numbers, hashes and files, as a person names them. `country` is the region of numbers written nationally.

    Raises OSError when a file cannot be read.
    """
    found = NumberList()
    for one in given:
        entry = _entry(one, country)
        if entry:
            found.entries.append(entry)
        elif Path(one).exists():
            _read(Path(one), country, found)
        else:
            found.problems.append(f"{one}: neither a whole number nor a file. Write +44… or name a file")
    return found


def _read(path: Path, country: str, found: NumberList) -> None:
    """Every cell of the file that is a number; a first line without one is a header."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        entries = [entry for cell in _CELLS.split(line) if (entry := _entry(cell, country))]
        found.entries += entries
        if not entries and line.strip() and number > 1 and not line.startswith("#"):
            found.problems.append(f"{path.name}, line {number}: holds no number that can be read")


def _entry(cell: str, country: str) -> str | None:
    cell = cell.strip()
    return cell if _HASH.fullmatch(cell) else e164(cell, country)
