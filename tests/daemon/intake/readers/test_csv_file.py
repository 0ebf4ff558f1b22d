"""Whatever a spreadsheet writes comes back as it was, from every separator and encoding."""

from __future__ import annotations

import codecs
import csv
import io
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.intake.readers import csv_file
from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import Item, Note, Row, Unreadable

ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16 le": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16 be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}


def read(data: bytes) -> list[Item]:
    encoding = encoding_of(data)
    return [encoding] if isinstance(encoding, Unreadable) else list(csv_file.read(data, encoding))


def rows(text: str) -> list[Row]:
    items = read(text.encode())
    assert all(isinstance(item, Row) for item in items), items
    return [item for item in items if isinstance(item, Row)]


def written(table: list[list[str]], separator: str, quoting: int) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=quoting).writerows(table)
    return file.getvalue()


def lines_in(text: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", text))


cell = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
table = st.lists(st.tuples(cell.filter(str.strip), cell, cell), min_size=1, max_size=5)
separators = st.sampled_from(",;\t")
quotings = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])


@given(table, separators, quotings, st.sampled_from(sorted(ENCODINGS)), st.permutations(["to", "text", "ref"]))
def test_any_cells_come_back(
    cells: list[tuple[str, str, str]], separator: str, quoting: int, encoding: str, names: list[str]
) -> None:
    parts = [written([names], separator, quoting), *(written([list(row)], separator, quoting) for row in cells)]
    items = read(ENCODINGS[encoding]("".join(parts)))
    expected, line = [], 1
    for number, row in enumerate(cells, 1):
        line += lines_in(parts[number - 1])
        expected.append((number, line, dict(zip(names, row, strict=True))))
    assert [(item.row, item.line, item.cells) for item in items] == expected


windows = st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=1, max_size=12)


@given(st.lists(st.tuples(windows.filter(str.strip), windows), min_size=1, max_size=5), separators)
def test_windows_1252_comes_back(cells: list[tuple[str, str]], separator: str) -> None:
    data = written([["to", "text"], *map(list, cells)], separator, csv.QUOTE_MINIMAL).encode("cp1252")
    assume(encoding_of(data) == "cp1252")
    assert [item.cells for item in read(data)] == [{"to": to, "text": text} for to, text in cells]


def test_the_signs_of_a_windows_list_are_read() -> None:
    data = "to,text\n1,\u201cSupport\u201d \u2013 caf\u00e9 \u00a35 \u20ac6\n".encode("cp1252")
    assert read(data)[0].cells["text"] == "\u201cSupport\u201d \u2013 caf\u00e9 \u00a35 \u20ac6"


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_reason(data: bytes) -> None:
    for prefix in (b"", b"to,text\n"):
        for item in read(prefix + data):
            assert isinstance(item, Row | Note | Unreadable)


def test_a_row_has_the_line_where_it_begins() -> None:
    found = rows('to,text\r\n\r\n1,"one\r\ntwo"\r\n , \r\n2,x\r\n')
    assert [(row.row, row.line) for row in found] == [(1, 3), (2, 6)]


def test_header_names_may_be_in_any_case_and_spaced() -> None:
    [row] = rows("\n Text ;TO; Not_Before\nHello, friend;1;\n")
    assert row.cells == {"text": "Hello, friend", "to": "1", "not_before": ""}


def test_columns_that_are_not_used_are_named() -> None:
    note, row = read(b"name,to,text,\nAnn,1,Hello,\n")
    assert isinstance(note, Note)
    assert note.text.endswith("name")
    assert row == Row(1, 2, {"to": "1", "text": "Hello"}, [])


def test_a_text_cut_by_its_own_comma_is_a_bad_row() -> None:
    bad, good = rows("to,text\n1,Hello, friend\n2,Hello,\n")
    assert [(fault.column, fault.value) for fault in bad.faults] == [("", " friend")]
    assert "quotation marks" in bad.faults[0].reason
    assert not good.faults


def test_a_short_row_has_no_such_cells() -> None:
    assert rows("to,text,ref\n1\n")[0].cells == {"to": "1"}


@pytest.mark.parametrize("body", ['1,"a"b\n2,c\n', '1,"a\n2,b\n', '1,"' + "x" * 140_000 + '"\n'])
def test_quotation_marks_that_do_not_match_end_the_file(body: str) -> None:
    *_, last = read(f"to,text\n0,good\n{body}".encode())
    assert isinstance(last, Unreadable)
    assert last.line == 3
    assert "quotation mark" in last.reason


@pytest.mark.parametrize(
    ("header", "missing"), [("a,b", "to or text"), ("to;b", "text"), ("text", "to"), ("to|text", "to or text")]
)
def test_a_header_that_lacks_a_column_is_shown(header: str, missing: str) -> None:
    [fault] = read(f"{header}\n1,2\n".encode())
    assert isinstance(fault, Unreadable)
    assert f"named {missing}:" in fault.reason
    assert fault.line == 1
