"""Chooses the reader of a file by its name, and says which formats are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from daemon.intake.readers import csv_file, jsonl_file
from daemon.intake.readers.items import Item

Reader = Callable[[bytes, str], Iterator[Item]]
"""From a file's bytes and their encoding to its rows. Gives no End; an Unreadable is its last item."""

READERS: dict[str, Reader] = {"csv": csv_file.read, "jsonl": jsonl_file.read}

OTHER_FORMAT = (
    "this kind of file is not taken: save the list as .csv (with the columns to and text) or as .jsonl"
)


def kind_of(name: str) -> str | None:
    """The key into READERS for a file of this name, None when no reader fits."""
    kind = name.rpartition(".")[2].lower()
    return kind if "." in name and kind in READERS else None
