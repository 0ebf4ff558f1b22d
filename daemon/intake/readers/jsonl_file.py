"""Reads a list from JSON lines: one object a line, with the keys that a CSV file has as columns."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping

from daemon.core.template import field_name
from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import Fault, Item, Row, Unreadable, shortened
from daemon.intake.readers.source import Source

_EXAMPLE = 'as in {"to": "+44…", "text": "…"}'


def read(source: Source, columns: Mapping[str, str]) -> Iterator[Item]:
    """The rows of a JSON lines file. A line that is no JSON object is one bad row: the next stands by itself."""
    data = source.read()
    encoding = encoding_of(data)
    if isinstance(encoding, Unreadable):
        yield encoding
        return
    keys = {field_name(header): name for name, header in columns.items()}
    row = 0
    for line, text in enumerate(io.TextIOWrapper(io.BytesIO(data), encoding=encoding), start=1):
        if not text.strip():
            continue
        row += 1
        try:
            value = json.loads(text, object_pairs_hook=_object)
        except (ValueError, RecursionError):
            yield _bad(row, line, text, f"the line is not JSON: write one object a line, {_EXAMPLE}")
            continue
        if isinstance(value, _Twice):
            yield _bad(row, line, text, f"the key {shortened(value.key, 40)} stands twice in the line")
        elif not isinstance(value, dict):
            yield _bad(row, line, text, f"the line is not an object, {_EXAMPLE}")
        else:
            named = {keys[key]: cell for key, cell in value.items() if key in keys}
            yield _row(row, line, {**value, **named})


class _Twice:
    """Stands for an object that names a key twice: which of the two is meant cannot be known."""

    def __init__(self, key: str) -> None:
        self.key = key


def _object(pairs: list[tuple[str, object]]) -> dict[str, object] | _Twice:
    named: dict[str, object] = {}
    for key, value in pairs:
        name = field_name(key)
        if name in named:
            return _Twice(name)
        named[name] = value
    return named


def _bad(row: int, line: int, text: str, reason: str) -> Row:
    return Row(row, line, {}, [Fault("", shortened(text.strip()), reason)])


def _row(row: int, line: int, value: dict[str, object]) -> Row:
    cells: dict[str, str] = {}
    faults: list[Fault] = []
    for name, cell in value.items():
        if isinstance(cell, str):
            cells[name] = cell
        elif name == "text" and cell is not None:
            faults.append(Fault("text", shortened(_shown(cell)), f"the text must stand in quotation marks, {_EXAMPLE}"))
        elif cell is not None:
            cells[name] = _shown(cell)
    return Row(row, line, cells, faults)


def _shown(cell: object) -> str:
    """A number, true or false as it was written; anything else in a form that its column will turn down."""
    return json.dumps(cell, default=lambda _: "…")
