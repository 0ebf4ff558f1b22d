"""JSON lines: each line stands by itself."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.intake.readers import jsonl_file
from daemon.intake.readers.items import MAX_BYTES, Row, decode, encode
from daemon.intake.readers.source import Source


def rows(text: str, columns: Mapping[str, str] | None = None) -> list[Row]:
    source = Source(io.BytesIO(text.encode()), MAX_BYTES)
    return [item for item in jsonl_file.read(source, columns or {}) if isinstance(item, Row)]


@given(st.lists(st.fixed_dictionaries({"to": st.text(), "text": st.text()}, optional={"ref": st.text()}), max_size=5))
def test_any_objects_come_back(objects: list[dict[str, str]]) -> None:
    found = rows("\n".join(json.dumps(value) for value in objects))
    assert [(row.row, row.line, row.cells) for row in found] == [(n, n, value) for n, value in enumerate(objects, 1)]
    assert [decode(encode(row)) for row in found] == found


def test_keys_may_be_in_any_case_and_numbers_bare() -> None:
    [row] = rows('{" TO ": 447400100000, "Text": "Hello", "priority": -2, "flash": true, "ref": null}')
    assert row.cells == {"to": "447400100000", "text": "Hello", "priority": "-2", "flash": "true"}


def test_blank_lines_are_no_rows() -> None:
    assert [(row.row, row.line) for row in rows('\n{"to": "1"}\n \n{"to": "2"}\n')] == [(1, 2), (2, 4)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("to,text", "not JSON"),
        ('{"to": "1"', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('["1", "Hello"]', "not an object"),
        ('{"to": "1", "To": "2", "text": "Hello"}', "stands twice"),
        ('{"to": "1", "text": 5}', "quotation marks"),
        ('{"to": "1", "text": ["Hello"]}', "quotation marks"),
    ],
)
def test_a_bad_line_is_one_bad_row(line: str, reason: str) -> None:
    bad, good = rows(f'{line}\n{{"to": "1", "text": "Hello"}}\n')
    assert reason in bad.faults[0].reason
    assert (good.row, good.line, good.faults) == (2, 2, [])


def test_a_column_map_names_keys() -> None:
    [row] = rows('{"Handy": "07700900123", "name": "Ann"}', {"to": "handy"})
    assert isinstance(row, Row)
    assert row.cells == {"handy": "07700900123", "name": "Ann", "to": "07700900123"}
