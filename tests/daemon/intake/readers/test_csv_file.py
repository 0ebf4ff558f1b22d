"""Whatever a spreadsheet writes comes back as it was, from every separator and encoding."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.intake.readers import csv_file
from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import MAX_BYTES, Item, Note, Row, Unreadable
from daemon.intake.readers.source import Source

ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16 le": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16 be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}


def read(data: bytes, columns: Mapping[str, str] | None = None) -> list[Item]:
    return list(csv_file.read(Source(io.BytesIO(data), MAX_BYTES), columns or {}))


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


def test_every_column_is_a_field() -> None:
    [row] = rows("Full  Name,to,text,\nAnn,1,Hello,\n")
    assert row == Row(1, 2, {"full name": "Ann", "to": "1", "text": "Hello"}, [], [])


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


def test_a_table_without_numbers_is_shown() -> None:
    [fault] = read(b"a;b\n1;2\n")
    assert isinstance(fault, Unreadable)
    assert "no column is named to" in fault.reason
    assert (fault.line, fault.value) == (1, "a | b")


def noted(data: bytes, columns: Mapping[str, str] | None = None) -> tuple[list[str], list[dict[str, str]]]:
    """The notes and the cells of a file that is read whole."""
    items = read(data, columns)
    assert not [item for item in items if isinstance(item, Unreadable)], items
    return [i.text for i in items if isinstance(i, Note)], [i.cells for i in items if isinstance(i, Row)]


def test_the_number_column_is_known_by_its_name_and_said() -> None:
    notes, cells = noted(b"Name,Mobile No,Landline\nAnn,07700900123,01154960000\n")
    assert cells == [{"name": "Ann", "mobile no": "07700900123", "landline": "01154960000", "to": "07700900123"}]
    assert notes == ['the numbers are taken from the column "Mobile No"']


def test_the_number_column_is_found_by_its_contents_and_the_guess_is_said() -> None:
    notes, cells = noted(b"who;reach on\nAnn;07700 900123\nBob;447700900124\n")
    assert [row["to"] for row in cells] == ["07700 900123", "447700900124"]
    assert "reach on" in notes[0]
    assert "no header names" in notes[0]


def test_a_table_without_a_header_is_read_from_its_first_line() -> None:
    notes, cells = noted("Ann\t07700\u00a0900123\nBob\t+44 7700 900124\n".encode())
    assert [row["to"] for row in cells] == ["07700\u00a0900123", "+44 7700 900124"]
    assert "column 2" in notes[0]


def test_a_title_above_the_header_is_passed_over() -> None:
    notes, cells = noted(b"Contacts (2)\n\nName,Phone number\nAnn,07700900123\n")
    assert [row["name"] for row in cells] == ["Ann"]
    assert "line 3" in notes[1]


def test_excels_own_line_names_the_separator() -> None:
    _, cells = noted(b"sep=|\r\nto|text\r\n07700900123|Hello, friend; hello\r\n")
    assert cells == [{"to": "07700900123", "text": "Hello, friend; hello"}]


def test_several_columns_of_one_kind_are_one_cell() -> None:
    _, cells = noted(b"Name,Phone 1 - Value,Phone 2 - Value\nAnn,07700900123,07700900124\nBob,,07700900125\n")
    assert [row["to"] for row in cells] == ["07700900123\n07700900124", "07700900125"]


def test_a_column_map_is_obeyed() -> None:
    _, cells = noted(b"Id,GSM 2,GSM 1\n7,07700900123,07700900124\n", {"to": "gsm 1", "ref": "ID"})
    assert [(row["to"], row["ref"]) for row in cells] == [("07700900124", "7")]
    [fault] = read(b"Id,GSM\n7,07700900123\n", {"to": "Handy"})
    assert isinstance(fault, Unreadable)
    assert "Handy" in fault.reason


def test_two_columns_that_may_be_meant_are_a_question() -> None:
    [fault] = read(b"a,b\n07700900123,07700900124\n")
    assert isinstance(fault, Unreadable)
    assert "columns 1 and 2" in fault.reason


def test_a_list_of_numbers_alone_may_hold_several_in_a_cell() -> None:
    assert [row["to"] for row in noted(b"to\n07700900123, 07700900124\n07700900125\n")[1]] == [
        "07700900123, 07700900124", "07700900125",
    ]  # fmt: skip


def test_utf_16_without_a_mark_is_seen() -> None:
    assert noted("to,text\n07700900123,\u0175\n".encode("utf-16-le"))[1] == [{"to": "07700900123", "text": "\u0175"}]
    assert noted("to,text\n07700900123,\u0175\n".encode("utf-16-be"))[1] == [{"to": "07700900123", "text": "\u0175"}]
