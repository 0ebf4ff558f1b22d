"""Workbooks as people and forensic tools make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")


def test_a_plain_sheet_with_a_text_for_each(tools: Any) -> None:
    found = tools.read("list.xlsx", tools.workbook({"Sheet1": [
        ("to", "text", "not_before", "flash", "priority"),
        (7700900001, "Hello", tools.moment, True, 2),
        (),
        ("+44 7700 900002", "x", None, False, 1.0),
        (447700900003.0, "x", "", "", ""),
    ]}))  # fmt: skip
    assert (found.numbers, found.fault, found.notes) == (["001", "002", "003"], "", [])
    assert [row.line for row in found.rows] == [2, 4, 5]
    assert found.rows[0].cells == {
        "to": "7700900001", "text": "Hello", "not_before": "2026-05-02T09:00:00", "flash": "yes", "priority": "2",
    }  # fmt: skip
    assert found.rows[1].cells["priority"] == "1"


@pytest.mark.parametrize(("value", "number_format"), [
    (7700000000, "General"), (7.7e9, "0.00E+00"), (447701000000, "General"), (447700123000, "0.00E+00"),
])  # fmt: skip
def test_a_number_that_excel_rounded_is_spoilt(tools: Any, value: float, number_format: str) -> None:
    found = tools.read("list.xlsx", tools.workbook({"S": [("to",), (value,)]}, {"A2": number_format}))
    assert "spoilt" in found.numbers[0]


def test_a_number_that_is_only_shown_with_an_exponent_is_whole(tools: Any) -> None:
    data = tools.workbook({"S": [("to",), (447700900123,)]}, {"A2": "0.00E+00"})
    assert tools.read("l.xlsx", data).numbers == ["123"]


def test_a_formula_is_not_calculated(tools: Any) -> None:
    rows = [("07700900001", "=1+1"), ('="0770"&"0900002"',), ("07700900003", "x")]
    data = tools.workbook({"S": [("to", "text"), *rows]})
    bare = tools.read("l.xlsx", data)
    assert [number.partition(":")[0] for number in bare.numbers] == ["text", "to", "003"]
    assert "not stored" in bare.numbers[0]
    members = tools.members(data)
    sheet = members["xl/worksheets/sheet1.xml"]
    stored = sheet.replace(b'0900002"</f><v />', b'0900002"</f><v>07700900002</v>').replace(b"<v></v>", b"<v>2</v>")
    assert stored != sheet, sheet
    found = tools.read("l.xlsx", tools.archive(members | {"xl/worksheets/sheet1.xml": stored}))
    assert found.numbers[1] == "002"


def test_a_workbook_may_have_so_many_cells(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.intake.readers.workbook.MAX_CELLS", 10)
    assert "cells" in tools.read("l.xlsx", tools.workbook({"S": [("to", "text"), *[("07700900001", "x")] * 9]})).fault


def test_the_contacts_of_cellebrite(tools: Any) -> None:
    data = tools.workbook({
        "Summary": [("Report", "Phone"), ("Owner number", "07700900999")],
        "Contacts": tools.cellebrite,
        "SMS Messages": [("SMS Messages (1)",), ("#", "From", "To", "Body"), (1, "07700900077", "07700900078", "x")],
    })  # fmt: skip
    found = tools.read("Report.xlsx", data)
    assert found.numbers == tools.cellebrite_found
    assert found.names == ["Ann", "Bob", "Cat", "Dan", "Eve"]
    assert [row.line for row in found.rows] == [3, 4, 5, 6, 7]
    assert '"Entries"' in found.notes[1]
    assert "sheets that are read: Contacts; not read: Summary, SMS Messages" in found.notes[0]


def test_strings_that_are_kept_in_a_table_of_their_own(tools: Any) -> None:
    found = tools.read("Report.xlsx", tools.workbook_once)
    assert (found.numbers, found.names) == (tools.cellebrite_found, ["Ann", "Bob", "Cat", "Dan", "Eve"])


def test_cellebrite_with_a_column_for_each_entry_and_deleted_ones(tools: Any) -> None:
    found = tools.read("r.xlsx", tools.workbook({"Contacts": [
        ("Contacts",), ("made by", "a tool"),
        ("#", "Name", "Entry", "Entry (2)", "Deleted"),
        (1, "Ann", "Phone-Mobile: 07700900001", "Phone-Work: 07700900011", ""),
        (2, "Bob", "", "Phone-Mobile: 07700900002", "Yes"),
    ]}))  # fmt: skip
    assert (found.numbers, found.marks) == (["001 011", "002"], [[], ["deleted"]])


def test_the_calls_of_cellebrite(tools: Any) -> None:
    found = tools.read("r.xlsx", tools.workbook({"Call Log": [
        ("Call Log (2)",), ("#", "Parties", "Direction", "Status", "Duration", "Time"),
        (1, "From: +447700900001 Ann\nTo: +447700900999 Me (owner)", "Incoming", "", "00:00:10", "01/05/2026 10:00"),
        (2, "To: 07700900002", "Outgoing", "", "00:00:10", "01/05/2026 10:00"),
    ]}))  # fmt: skip
    assert (found.numbers, found.marks) == (["001", "999", "002"], [[], ["owner"], []])
    assert found.names == ["Ann", "Me", ""]


def test_the_contacts_of_axiom(tools: Any) -> None:
    found = tools.read("axiom.xlsx", tools.workbook({
        "Artifacts": [("Artifact", "Count"), ("Android Contacts", 2)],
        "Android Contacts": [
            ("Display Name", "Phone Number(s)", "Email Address(es)", "Source"),
            ("Ann", "07700900001; +447700900011", "", "contacts2.db"), ("Bob", "447700900002", "b@example.org", "x"),
        ],
        "Android Contacts (2)": [("Display Name", "Phone Number(s) - Mobile"), ("Cat", "07700900003")],
    }))  # fmt: skip
    assert found.numbers == ["001 011", "002", "003"]
    assert "Android Contacts, Android Contacts (2); not read: Artifacts" in found.notes[0]


def test_the_contacts_of_oxygen(tools: Any) -> None:
    found = tools.read("oxygen.xlsx", tools.workbook({"Contacts": [
        ("Contact", "Phones & Emails", "Type"),
        ("Ann", "Mobile: +447700900001\nEmail: ann@example.org", "Phonebook"), ("Bob", "+44 7700 900002", "WhatsApp"),
    ]}))  # fmt: skip
    assert found.numbers == ["001", "002"]


def test_a_column_map_chooses_sheet_and_columns(tools: Any) -> None:
    data = tools.workbook({"Contacts": [("Name", "Phone"), ("Ann", "07700900001")], "Ours": [
        ("Subject", "Line A", "Line B"), ("Bob", "07700900002", "07700900003"),
    ]})  # fmt: skip
    found = tools.read("l.xlsx", data, {"to": "line b", "ref": "Subject"})
    assert (found.numbers, found.rows[0].cells["ref"]) == (["003"], "Bob")


def test_a_guess_by_contents_is_said(tools: Any) -> None:
    found = tools.read("l.xlsx", tools.workbook({"Blatt1": [("Wer", "Anschluss"), ("Ann", "07700 900001")]}))
    assert found.numbers == ["001"]
    assert "Anschluss" in found.notes[0]
    assert "no header names them" in found.notes[0]


def test_a_workbook_is_known_by_what_it_holds(tools: Any) -> None:
    data = tools.workbook({"S": [("to", "text"), ("07700900001", "Hello")]})
    assert tools.read("list.csv", data).numbers == tools.read("list", data).numbers == ["001"]


def good(tools: Any) -> bytes:
    data: bytes = tools.workbook({"S": [("to", "text"), ("07700900001", "Hello")]})
    return data


def part(tools: Any, xml: str) -> bytes:
    data: bytes = tools.archive({"xl/workbook.xml": xml})
    return data


def swollen(tools: Any) -> bytes:
    """A workbook that says of one part that it is enormous."""
    data = tools.archive({"xl/workbook.xml": b"<a>" + b" " * 12_345})
    return bytes(data.replace((12_348).to_bytes(4, "little"), (2**30).to_bytes(4, "little")))


ENTITIES = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'


@pytest.mark.parametrize(("make", "reason"), [
    (lambda tools: good(tools)[:3000], "damaged"),
    (lambda _: b"to,text", "damaged"),
    (lambda tools: part(tools, ""), "damaged"),
    (lambda tools: part(tools, "<a/>"), "cannot be read"),
    (swollen, "expands to more"),
    (lambda tools: part(tools, ENTITIES), "declares XML entities"),
    (lambda tools: part(tools, OUTSIDE), "declares XML entities"),
    (lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old kind"),
    (lambda tools: tools.archive({"word/document.xml": "<a/>"}), "neither a workbook"),
    (lambda tools: tools.workbook({"S": [("a", "b"), ("c", "d")]}), "no column is named to"),
    (lambda tools: tools.workbook({"S": []}), "empty"),
])  # fmt: skip
def test_a_workbook_that_cannot_be_read_says_why(tools: Any, make: Callable[[Any], bytes], reason: str) -> None:
    found = tools.read("list.xlsx", make(tools))
    assert (found.rows, reason in found.fault) == ([], True), found.fault
