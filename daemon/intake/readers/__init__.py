"""Chooses the reader of a file by what it holds and by its name, and says which formats are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Final

from daemon.intake.readers.items import Item, Unreadable

Reader = Callable[[bytes, Mapping[str, str]], Iterator[Item]]
"""From a file's bytes to its rows. The mapping is a column map, from our names to the list's, empty where a person
gave none. Gives no End; an Unreadable is its last item."""

READERS: Final[Mapping[str, str]] = {"csv": "csv_file", "jsonl": "jsonl_file"}
"""The module of each kind of file. Each has a `read`, and is imported only when a file needs it."""

_KINDS: Final[Mapping[str, str]] = {
    "csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl",
}  # fmt: skip
_BEGINNINGS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PK\x03\x04", "this is an Excel workbook or a zip file, whatever its name says: save the list as CSV UTF-8"),
)
OTHER_FORMAT: Final = (
    "this kind of file is not taken: save the list as .csv (with the columns to and text) or as .jsonl"
)


def kind_of(name: str) -> str | None:
    """What the name of a file says of its contents: a key of READERS, None when no reader fits."""
    return _KINDS.get(name.rpartition(".")[2].lower()) if "." in name else None


def reader_of(data: bytes, kind: str) -> Reader:
    """The reader for a file's bytes. What a file begins with is believed before its name."""
    for beginning, reason in _BEGINNINGS:
        if data.startswith(beginning):
            return _refusing(reason)
    read: Reader = import_module(f"daemon.intake.readers.{READERS[kind]}").read
    return read


def _refusing(reason: str) -> Reader:
    return lambda _data, _columns: iter([Unreadable(reason)])
