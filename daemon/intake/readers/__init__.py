"""Chooses the reader of a file by what it holds and by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Final

from daemon.intake.readers.archive import Refused, member, opened
from daemon.intake.readers.items import MAX_BYTES, MAX_REPORT, End, Item, Unreadable
from daemon.intake.readers.source import Source

Reader = Callable[[Source, Mapping[str, str]], Iterator[Item]]
"""From what a file holds to its rows. The mapping is a column map, from our names to the list's, empty where a person
gave none. Gives no End; an Unreadable is its last item. Raises Refused."""

READERS: Final[Mapping[str, str]] = {
    "csv": "csv_file", "jsonl": "jsonl_file", "xlsx": "workbook", "vcf": "vcard", "ufdr": "ufdr", "sms": "sms_file",
}  # fmt: skip
"""The module of each kind of file. Each has a `read`, and is imported only when a file needs it."""

_KINDS: Final[Mapping[str, str]] = {
    "csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "xlsx": "xlsx", "xlsm": "xlsx", "vcf": "vcf",
    "vcard": "vcf", "ufdr": "ufdr", "xml": "ufdr", "zip": "ufdr",
}  # fmt: skip
_ZIP: Final = b"PK\x03\x04"
_WORKBOOK: Final = "xl/workbook.xml"
_REPORT: Final = "report.xml"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_WORKBOOK: Final = "this is an Excel workbook of the old kind, or one with a password: save it as .xlsx without one"
_NEITHER: Final = "the archive holds neither a workbook nor a report.xml: export the contacts as UFDR or as Excel"
_VCARD: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCARD\s", re.IGNORECASE)
_HEAD: Final = 1 << 16


def kind_of(name: str) -> str:
    """What the name of a file says of its contents: a key of READERS. SMS Server Tools gives its files any name."""
    return _KINDS.get(name.rpartition(".")[2].lower(), "sms") if "." in name else "sms"


def read_file(file: IO[bytes], kind: str, columns: Mapping[str, str]) -> Iterator[Item]:
    """All items of a file that can be read from anywhere in it. What it holds is believed before its name's `kind`."""
    try:
        with _opened(file, kind) as (module, source):
            read: Reader = import_module(f"daemon.intake.readers.{module}").read
            for item in read(source, columns):
                yield item
                if isinstance(item, Unreadable):
                    return
            yield End(source.sha256)
    except Refused as refused:
        yield refused.fault


@contextmanager
def _opened(file: IO[bytes], kind: str) -> Iterator[tuple[str, Source]]:
    """The module of the reader, and what it is to read: the file, or of a phone's export the report. Raises Refused."""
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise Refused("the file is empty")
    if head.startswith(_OLE):
        raise Refused(_OLD_WORKBOOK)
    if head.startswith(_ZIP):
        with opened(file) as archive:
            names = {name.lower().rpartition("/")[2]: name for name in reversed(archive.namelist())}
            if _WORKBOOK not in archive.namelist():
                if _REPORT not in names:
                    raise Refused(_NEITHER)
                with member(archive, names[_REPORT], MAX_REPORT) as report:
                    yield READERS["ufdr"], Source(report, MAX_REPORT)
                return
        file.seek(0)
        kind = "xlsx"
    elif _VCARD.match(head):
        kind = "vcf"
    yield READERS[kind], Source(file, MAX_REPORT if kind == "ufdr" else MAX_BYTES)
