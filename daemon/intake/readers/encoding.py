"""Finds how a file's characters are written: UTF-8, UTF-16, or Windows-1252."""

from __future__ import annotations

import codecs
import re

from daemon.intake.readers.items import Unreadable

_CHUNK = 1 << 20
_LOOK = 4096
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}",
)
_NOT_TEXT = "the file is not text: save the list as CSV UTF-8 and drop it again"


def encoding_of(data: bytes) -> str | Unreadable:
    """The codec that reads `data` without loss, or why it cannot be read."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16" if _reads(data, "utf-16") else Unreadable(_NOT_TEXT)
    if b"\x00" in data:
        codec = _unmarked_utf_16(data[:_LOOK])
        return codec if codec and _reads(data, codec) else Unreadable(_NOT_TEXT)
    if _reads(data, "utf-8"):
        return "utf-8-sig"
    if _UTF8_CHARACTER.search(data):
        return Unreadable("the file mixes UTF-8 with other bytes, or was cut off: save it again as CSV UTF-8")
    if _CONTROL.search(data) or not _reads(data, "cp1252"):
        return Unreadable(_NOT_TEXT)
    return "cp1252"


def _unmarked_utf_16(head: bytes) -> str:
    """The UTF-16 codec of a file without a byte order mark, "" for another: most of a list's high bytes are zero."""
    for codec, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        high, low = head[at::2], head[1 - at :: 2]
        if high.count(0) * 2 > len(high) and not low.count(0):
            return codec
    return ""


def _reads(data: bytes, codec: str) -> bool:
    """Whether the whole decodes, tried in pieces so that a large file costs little memory."""
    decoder = codecs.getincrementaldecoder(codec)()
    view = memoryview(data)
    try:
        for start in range(0, len(data), _CHUNK):
            if "\x00" in decoder.decode(view[start : start + _CHUNK]):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
