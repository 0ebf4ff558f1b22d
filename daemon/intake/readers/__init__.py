"""Chooses the reader of a file by what it holds and by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Final

from daemon.intake.readers.items import Item, Unreadable

Reader = Callable[[bytes, Mapping[str, str]], Iterator[Item]]
"""From a file's bytes to its rows. The mapping is a column map, from our names to the list's, empty where a person
gave none. Gives no End; an Unreadable is its last item."""

READERS: Final[Mapping[str, str]] = {
    "csv": "csv_file", "jsonl": "jsonl_file", "xlsx": "workbook", "vcf": "vcard", "ufdr": "ufdr", "sms": "sms_file",
}  # fmt: skip
"""The module of each kind of file. Each has a `read`, and is imported only when a file needs it."""

_KINDS: Final[Mapping[str, str]] = {
    "csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "xlsx": "xlsx", "xlsm": "xlsx", "vcf": "vcf",
    "vcard": "vcf", "ufdr": "ufdr", "xml": "ufdr", "zip": "ufdr",
}  # fmt: skip
_ZIP: Final = b"PK\x03\x04"
_IN_WORKBOOK: Final = b"xl/workbook.xml"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_WORKBOOK: Final = "this is an Excel workbook of the old kind, or one with a password: save it as .xlsx without one"
_VCARD: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCARD\s", re.IGNORECASE)


def kind_of(name: str) -> str:
    """What the name of a file says of its contents: a key of READERS. SMS Server Tools gives its files any name."""
    return _KINDS.get(name.rpartition(".")[2].lower(), "sms") if "." in name else "sms"


def reader_of(data: bytes, kind: str) -> Reader:
    """The reader for a file's bytes. What a file holds is believed before its name."""
    if data.startswith(_OLE):
        return lambda _data, _columns: iter([Unreadable(_OLD_WORKBOOK)])
    if data.startswith(_ZIP):
        kind = "xlsx" if _IN_WORKBOOK in data else "ufdr"
    elif _VCARD.match(data):
        kind = "vcf"
    read: Reader = import_module(f"daemon.intake.readers.{READERS[kind]}").read
    return read
