"""Whatever is done to a file, its reader gives rows or a reason, and neither hangs nor fails in another way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FILES = {
    "list.csv": b'sep=;\nName;Phone;text\nAnn;"07700 900001";"a ""b"" c"\nBob;+44 (0)7700 900002;\xc5\xb5\n',
    "list.jsonl": b'{"to": "07700900001", "text": "Hello"}\n{"to": 7700900002, "text": ["x"]}\n',
    "list.vcf": b'BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:=C3=B6;=\n A\nTEL;TYPE="a;b":tel:07700900001\nEND:VCARD\n',
    "list.xml": b'<project><model type="Contact" deleted_state="Deleted"><field name="Name"><value>A</value></field>'
    b'<model type="PhoneNumber"><field name="Value"><value>07700900001</value></field></model></model></project>',
    "send": b"To: 447700900001\nAlphabet: UCS\nValidity: 2 hours\n\n\x01u\x00a",
}  # fmt: skip


def spoilt(data: bytes) -> st.SearchStrategy[bytes]:
    """The file with bytes changed, cut out, doubled or cut off."""
    places = st.integers(0, len(data))
    pieces = st.binary(max_size=6) | st.sampled_from([b'"', b"\n", b"\x00", b"<", b"&", b"=", b"{", b"\xff\xfe"])

    def change(edits: list[tuple[int, int, bytes]]) -> bytes:
        result = data
        for at, length, piece in edits:
            result = result[:at] + piece + result[at + length :]
        return result

    return st.lists(st.tuples(places, st.integers(0, 12), pieces), min_size=1, max_size=4).map(change)


@pytest.mark.parametrize("name", sorted(FILES))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_spoilt_file_gives_rows_or_a_reason(tools: Any, name: str, data: st.DataObject) -> None:
    found = tools.read(name, data.draw(spoilt(FILES[name])))
    assert found.fault or found.rows or name.endswith((".csv", ".jsonl", ".xml"))


def test_a_ucs_text_with_half_a_character_says_so(tools: Any) -> None:
    found = tools.read("send", FILES["send"][:-2] + b"\x00" + FILES["send"][-2:])
    assert "cut off" in found.fault


@pytest.mark.parametrize("kind", ["workbook", "report"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_a_spoilt_archive_gives_rows_or_a_reason(tools: Any, kind: str, data: st.DataObject) -> None:
    whole = tools.workbook_once if kind == "workbook" else tools.archive({"report.xml": FILES["list.xml"]})
    found = tools.read("list.xlsx", data.draw(spoilt(whole)))
    assert found.fault or found.rows


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
@given(data=st.data())
@settings(max_examples=20, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_a_workbook_with_a_spoilt_part_gives_rows_or_a_reason(tools: Any, part: str, data: st.DataObject) -> None:
    members = tools.members(tools.workbook_once)
    members[part] = data.draw(spoilt(members[part]))
    found = tools.read("list.xlsx", tools.archive(members))
    assert found.fault or found.rows
