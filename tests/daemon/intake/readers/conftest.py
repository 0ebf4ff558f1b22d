"""Builds lists in every format that is taken, as other people's tools write them, and reads them back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest

from daemon.core.address import read_cell
from daemon.intake.readers import kind_of, read_file
from daemon.intake.readers.items import Note, Row, Unreadable

UFDR_SPACE = "http://pa.cellebrite.com/report/2.0"


@dataclass
class Read:
    """What a file gave: of each row the last three digits of its numbers, or the reason why it has none."""

    rows: list[Row] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fault: str = ""

    @property
    def names(self) -> list[str]:
        return [row.cells.get("name", "") for row in self.rows]

    @property
    def marks(self) -> list[list[str]]:
        return [list(row.marks) for row in self.rows]


def read(name: str, data: bytes, columns: Mapping[str, str] | None = None) -> Read:
    """Read a file as the sandboxed child does."""
    found = Read()
    for item in read_file(io.BytesIO(data), kind_of(name), columns or {}):
        assert not found.fault, "something comes behind the end"
        match item:
            case Row():
                assert item.row == len(found.rows) + 1
                found.rows.append(item)
                cell = read_cell(item.cells.get("to", ""), "GB", international=False)
                faults = "; ".join(f"{fault.column}: {fault.reason}" for fault in item.faults)
                found.numbers.append(faults or cell.reason or " ".join(number.e164[-3:] for number in cell.numbers))
            case Note(text):
                found.notes.append(text)
            case Unreadable(reason):
                found.fault = reason
    return found


def workbook(sheets: Mapping[str, Iterable[Sequence[object]]], formats: Mapping[str, str] | None = None) -> bytes:
    """An Excel workbook. `formats` are number formats of cells of its first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    for place, number_format in (formats or {}).items():
        book.worksheets[0][place].number_format = number_format
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(members: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return file.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return {name: source.read(name) for name in source.namelist()}


def as_excel_does(data: bytes) -> bytes:
    """The same workbook with its strings in a table of their own, as Excel writes them, some of them in pieces."""
    parts = members(data)
    strings: list[bytes] = []

    def shared(match: re.Match[bytes]) -> bytes:
        strings.append(match[1])
        return b't="s"><v>%d</v>' % (len(strings) - 1)

    for name in [name for name in parts if name.startswith("xl/worksheets/")]:
        parts[name] = re.sub(rb't="inlineStr"><is><t[^>]*>(.*?)</t></is>', shared, parts[name], flags=re.DOTALL)
    items = b"".join(b"<si><r><t>%s</t></r><r><t>%s</t></r></si>" % (text[:2], text[2:]) for text in strings)
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s">%s</sst>' % (space, items)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>", b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s" /></Types>' % kind
    )
    return archive(parts)


def values(**fields: str) -> str:
    return "".join(
        f'<field name="{name}" type="String"><value type="String">{escape(value)}</value></field>'
        for name, value in fields.items()
    )


def contact(name: str, *entries: tuple[str, str, str], deleted: str = "Intact") -> str:
    """A contact of a UFDR; an entry is its model's type, its category and its value."""
    models = "".join(
        f'<model type="{kind}" id="e" deleted_state="Intact">{values(Category=category, Value=value)}</model>'
        for kind, category, value in entries
    )
    inner = f'<multiModelField name="Entries" type="ContactEntry">{models}</multiModelField>'
    return f'<model type="Contact" id="c" deleted_state="{deleted}">{values(Name=name)}{inner}</model>'


def party(number: str, name: str = "", *, owner: bool = False) -> str:
    fields = values(Identifier=number, Name=name, IsPhoneOwner=str(owner))
    return f'<model type="Party" id="p" deleted_state="Intact">{fields}</model>'


def call(*parties: str) -> str:
    inner = f'<multiModelField name="Parties" type="Party">{"".join(parties)}</multiModelField>'
    return f'<model type="Call" id="k" deleted_state="Intact">{inner}</model>'


def report(*models: str, before: str = "") -> str:
    kinds = "".join(f'<modelType type="x">{model}</modelType>' for model in models)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{before}<project id="1" xmlns="{UFDR_SPACE}">'
        f"<decodedData>{kinds}</decodedData></project>"
    )


CELLEBRITE_HEADER = ("#", "Name", "Interaction Statuses", "Entries", "Source", "Account")
CELLEBRITE = [
    ("Contacts (5)",),
    CELLEBRITE_HEADER,
    (1, "Ann", "", "Phone-Mobile: 07700 900001\nEmail-Home: ann@example.org", "Phone", ""),
    (2, "Bob", "", "Phone-: +44 (0)7700\u00a0900002\nUser ID-WhatsApp User Id: 447700900002@s.whatsapp.net", "", ""),
    (3, "Cat", "", "Phone-Home: 0115 496 0000\nPhone-Mobile: 07700900003\nPhone-Mobile: 07700900013", "SIM", ""),
    (4, "Dan", "", "User ID-Facebook Id: 100004", "Facebook", ""),
    (5, "Eve", "", "User ID-WhatsApp User Id: 447700900005@s.whatsapp.net", "WhatsApp", ""),
]
CELLEBRITE_FOUND = ["001", "002", "003 013", "no telephone number among these entries", "005"]


@pytest.fixture(scope="session")
def tools() -> Any:
    """The builders and the reader, as one."""

    class Tools:
        read: Callable[..., Read] = staticmethod(read)
        workbook = staticmethod(workbook)
        workbook_once = as_excel_does(workbook({"Contacts": CELLEBRITE}))
        archive, members = staticmethod(archive), staticmethod(members)
        contact, call, party, report = map(staticmethod, (contact, call, party, report))
        cellebrite, cellebrite_found, cellebrite_header = CELLEBRITE, CELLEBRITE_FOUND, CELLEBRITE_HEADER
        moment = datetime(2026, 5, 2, 9)  # noqa: DTZ001 - workbooks know no offsets

    return Tools
