"""vCards, UFDR reports and message files of SMS Server Tools."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

OLD = """\
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Z=C3=B6e;=
Ann
TEL;CELL;VOICE:07700 900001
TEL;HOME:0115 496 0000
PHOTO;ENCODING=BASE64;JPEG:
 /9j/4AAQ
 TEL:07700900009

END:VCARD
"""
MIDDLE = """\
BEGIN:VCARD
VERSION:3.0
N:Green;Bob;;;
FN:Bob Gr
 een
ORG:One\\, Two;Three
item1.TEL;type=CELL;type=pref:+44 7700\u00a0900002
item1.X-ABLabel:mobile
TEL:447700900012
END:VCARD
BEGIN:VCARD
FN:Nobody
EMAIL:nobody@example.org
END:VCARD
"""
NEW = """\
begin:vcard
VERSION:4.0
FN:Cat
TEL;VALUE=uri;TYPE="voice,cell;x:y":tel:+44-7700-900-003;ext=5
TEL;VALUE=uri:tel:07700900003
end:vcard
"""
VCARDS = {
    "2.1": (OLD.replace("\n", "\r\n"), ["001"], ["Ann Z\u00f6e"]),
    "3.0": (MIDDLE, ["002 012", "no number in this cell"], ["Bob Green", "Nobody"]),
    "4.0": (NEW, ["003"], ["Cat"]),
}


@pytest.mark.parametrize("version", sorted(VCARDS))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_vcards(tools: Any, version: str, encoding: str) -> None:
    text, numbers, names = VCARDS[version]
    found = tools.read("contacts.vcf", text.encode(encoding))
    assert (found.numbers, found.names, found.fault) == (numbers, names, "")
    assert found.rows[0].line == 1


def test_a_card_inside_a_card_is_not_the_person(tools: Any) -> None:
    inner = "BEGIN:VCARD\nFN:Helper\nTEL:07700900009\nEND:VCARD\n"
    found = tools.read("c.vcf", f"BEGIN:VCARD\nFN:Ann\nAGENT:\n{inner}TEL:07700900001\nEND:VCARD\n".encode())
    assert (found.numbers, found.names) == (["001"], ["Ann"])


def test_a_file_of_cards_that_was_cut_off_is_rejected(tools: Any) -> None:
    found = tools.read("c.vcf", b"BEGIN:VCARD\nTEL:07700900001\nEND:VCARD\nBEGIN:VCARD\nTEL:0770090")
    assert "cut off" in found.fault
    assert "no vCard" in tools.read("c.vcf", b"to,text\n").fault


def test_the_contacts_of_a_report_and_the_owner_of_the_phone(tools: Any) -> None:
    xml = tools.report(
        tools.call(tools.party("+447700900001", "Ann"), tools.party("+447700900999", "Me", owner=True)),
        tools.contact(
            "Ann & Co", ("PhoneNumber", "Mobile", "+44 7700 900001"), ("PhoneNumber", "Home", "0115 496 0000"),
            ("UserID", "WhatsApp User Id", "447700900011@s.whatsapp.net"), ("EmailAddress", "", "a@example.org"),
        ),
        tools.contact("Bob", ("PhoneNumber", "", "07700900002"), deleted="Deleted"),
        tools.contact("Cat"),
    )  # fmt: skip
    expected = ["001 011", "002", "no number in this cell", "999"]
    for name, data in (
        ("r.ufdr", tools.archive({"report.xml": xml, "files/a.jpg": b"\xff\xd8"})), ("report.xml", xml.encode()),
    ):  # fmt: skip
        found = tools.read(name, data)
        assert (found.numbers, found.marks) == (expected, [[], ["deleted"], [], ["owner"]])
        assert (found.names, found.fault) == (["Ann & Co", "Bob", "Cat", "Me"], "")


def test_a_report_without_contacts_gives_the_other_sides_once(tools: Any) -> None:
    me = tools.party("+447700900999", owner=True)
    xml = tools.report(
        tools.call(tools.party("+447700900001"), me), tools.call(me, tools.party("+447700900001")),
        tools.call(me, tools.party("+447700900002", "Bob")),
    )  # fmt: skip
    found = tools.read("r.ufdr", tools.archive({"Report/report.xml": xml}))
    assert (found.numbers, found.marks) == (["001", "002", "999"], [[], [], ["owner"]])
    assert "no contacts" in found.notes[0]


@pytest.mark.parametrize(("xml", "reason"), [
    ("<project", "damaged"), ("<html/>", "no report"), ("", "damaged"),
    ("<a>" * 100, "nested deeper"),
    ('<!DOCTYPE a [<!ENTITY b "bbbb">]><project>&b;</project>', "declares XML entities"),
    ('<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><project/>', "declares XML entities"),
])  # fmt: skip
def test_a_report_that_cannot_be_read_says_why(tools: Any, xml: str, reason: str) -> None:
    assert reason in tools.read("r.ufdr", tools.archive({"report.xml": xml})).fault


def test_a_message_file(tools: Any) -> None:
    found = tools.read("send_x1Y2z3", b"To: 44 7700 900001\nFlash: yes\nPriority: HIGH\nFrom: me\n\nHello\n\nthere\n")
    assert (found.numbers, found.fault) == (["001"], "")
    assert found.rows[0].cells == {
        "to": "+447700900001", "flash": "yes", "priority": "high", "text": "Hello\n\nthere",
    }  # fmt: skip
    assert found.notes == ["headers that are not used: from"]


@pytest.mark.parametrize(("alphabet", "body", "text"), [
    ("", "caf\u00e9 \u20ac".encode("cp1252"), "caf\u00e9 \u20ac"), ("", "caf\u00e9".encode(), "caf\u00e9"),
    ("ISO", b"\xa35", "\u00a35"), ("UTF-8", "\u0175".encode(), "\u0175"),
    ("UCS2", "\u0175".encode("utf-16-be"), "\u0175"), ("GSM", b"\x01\x005\n", "\u00a3@5"),
])  # fmt: skip
def test_the_alphabet_of_a_message_file(tools: Any, alphabet: str, body: bytes, text: str) -> None:
    head = f"To: 447700900001\n{f'Alphabet: {alphabet}' if alphabet else 'Report: yes'}\n\n".encode()
    assert tools.read("x.txt", head + body).rows[0].cells["text"] == text


@pytest.mark.parametrize(("to", "numbers"), [
    ("447700900001", ["001"]), ("07700900001", ["001"]), ("+447700900001", ["001"]),
    ("447700900001\nTo: 447700900002", ["001", "002"]), ("447700900001, 447700900002", ["001", "002"]),
    ("s85258", ["a short code or too short, not a mobile number"]),
])  # fmt: skip
def test_to_whom_a_message_file_goes(tools: Any, to: str, numbers: list[str]) -> None:
    assert tools.read("x", f"To: {to}\r\n\r\nHello".encode()).numbers == numbers


@pytest.mark.parametrize(("validity", "hours"), [
    ("0", 1 / 12), ("143", 12), ("167", 24), ("168", 48), ("255", 63 * 168), ("2 hours", 2), ("1 week", 168),
])  # fmt: skip
def test_how_long_a_message_file_is_good(tools: Any, validity: str, hours: float) -> None:
    before = datetime.now(UTC).timestamp()
    [row] = tools.read("x", f"To: 447700900001\nValidity: {validity}\n\nHello".encode()).rows
    after = datetime.now(UTC).timestamp()
    until = datetime.fromisoformat(row.cells["not_after"]).timestamp()
    assert before - 1 <= until - hours * 3600 <= after


@pytest.mark.parametrize("header", [
    "Binary: yes", "Hex: yes", "Text_is_pdu: yes", "Voicecall: yes", "System_message: yes", "Ping: yes",
    "Include: /etc/passwd", "Macro: a=b", "UDH: 060504", "Alphabet: Klingon", "Validity: for ever",
])  # fmt: skip
def test_what_a_message_file_may_not_ask_for(tools: Any, header: str) -> None:
    found = tools.read("x", f"To: 447700900001\n{header}\n\nHello".encode())
    assert re.search(r"never sent|none of ISO|not a validity", found.fault + "".join(found.numbers))


@pytest.mark.parametrize("data", [
    b"Hello", b"Dear all:\n\nHello", b"From: 44\n\nHello", bytes(range(256)), b"To: 44\nno header\n\nx",
])  # fmt: skip
def test_other_files_are_not_taken(tools: Any, data: bytes) -> None:
    assert ".csv" in tools.read("notes.txt", data).fault
