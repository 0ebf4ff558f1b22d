"""Opens a zip archive that a list comes in, and nothing in it that is larger or deeper than a list."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final
from xml.parsers import expat

from daemon.intake.readers.items import Unreadable

MAX_MEMBERS: Final = 200_000
MAX_EXPANDED: Final = 400 * 1024 * 1024
"""How large the parts of a workbook may become, in bytes."""

ENCRYPTED: Final = 0x1
"""General purpose bit flag of a member (APPNOTE 4.4.4)."""
_CHUNK: Final = 1 << 16

BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, ValueError, LookupError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
"""What zipfile and expat raise for a file that is damaged or made to harm."""
DAMAGED: Final = "the file is damaged, or was cut off: copy or export it again"


class Refused(Exception):
    """The archive is not read. `fault` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.fault = Unreadable(reason)


@contextmanager
def opened(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open an archive. Raises Refused."""
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN:
        raise Refused(DAMAGED) from None
    with archive:
        if len(archive.infolist()) > MAX_MEMBERS:
            raise Refused(f"the file holds more than {MAX_MEMBERS:,} files: export the contacts alone")
        yield archive


def expanded(archive: zipfile.ZipFile, names: list[str], most: int = MAX_EXPANDED) -> None:
    """Make sure that these members can be read, and stay bearable. zipfile never gives more than a member declares.

    Raises Refused.
    """
    members = [archive.getinfo(name) for name in names]
    if any(member.flag_bits & ENCRYPTED for member in members):
        raise Refused("the file is protected by a password: save it without one")
    if sum(member.file_size for member in members) > most:
        raise Refused(f"what is read of the file expands to more than {most // 2**20} MiB: export the contacts alone")


def member(archive: zipfile.ZipFile, name: str, most: int) -> IO[bytes]:
    """Open one member, which may hold so many bytes. Raises Refused."""
    expanded(archive, [name], most)
    try:
        return archive.open(name)
    except BROKEN:
        raise Refused(DAMAGED) from None


def no_dtd(file: IO[bytes]) -> None:
    """Read an XML file as far as its first element: a document type declares entities, and no list needs one.

    Raises Refused, and expat.ExpatError for what is no XML.
    """
    parser = expat.ParserCreate()
    done: list[str] = []

    def refuse(*_: object) -> None:
        raise Refused("the file declares XML entities, which no list needs: export it again")

    def stop(name: str, _: object) -> None:
        done.append(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    while not done:
        chunk = file.read(_CHUNK)
        parser.Parse(chunk, not chunk)
