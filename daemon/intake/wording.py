"""Reads message.txt, and the approved wordings of texts/ that it may name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from daemon.core.template import BadTemplate, NoValue, Template, parse
from daemon.intake.cells import BadCell, text_in
from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import Unreadable

NAME = "message.txt"
MOST_BYTES = 64 * 1024
VERIFIED_DAYS = 365
"""How long a wording stands after it was last verified, unless it names its own end with `until`."""

_BY_NAME = re.compile(r"text:[ \t]*(\S+)", re.IGNORECASE)
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*\n", re.DOTALL)
_KEYS = ("owner", "verified", "until")


@dataclass(frozen=True, slots=True)
class Wording:
    """A text for every row of a list. `text` is as it was written, with its fields; `notes` say where it comes from."""

    text: str
    template: Template
    notes: tuple[str, ...] = ()


def read(data: bytes, texts: Path, today: date) -> Wording | Unreadable:
    """The wording in the bytes of message.txt, or in the file of `texts` that it names: `text: NAME`."""
    written = _decoded(data, NAME)
    if isinstance(written, Unreadable):
        return written
    named = _BY_NAME.fullmatch(written.strip())
    if named is None:
        return _wording(written, NAME, ())
    name = named[1].removesuffix(".txt")
    if not _SAFE_NAME.fullmatch(name):
        return _fault(NAME, "the name behind text: is no wording's name: write it as its file in texts/ is called")
    try:
        kept = _decoded((texts / f"{name}.txt").read_bytes(), f"texts/{name}.txt")
    except OSError:
        known = ", ".join(sorted(path.stem for path in texts.glob("*.txt"))) or "none yet"
        return _fault(NAME, f"the spool has no texts/{name}.txt; wordings here: {known}")
    return kept if isinstance(kept, Unreadable) else _approved(kept, name, today)


def for_one_person(data: bytes, texts: Path, today: date) -> str | Unreadable:
    """The text of an answer, or of the file of `texts` that it names. It belongs to no list, so it has no fields."""
    wording = read(data, texts, today)
    if isinstance(wording, Unreadable):
        return wording
    try:
        return wording.template.fill({})
    except NoValue:
        return _fault(NAME, "an answer belongs to no list, so nothing can stand for a field in braces")


def _approved(written: str, name: str, today: date) -> Wording | Unreadable:
    """A wording of texts/: its owner and dates, then the text."""
    file = f"texts/{name}.txt"
    front = _FRONT.match(written)
    if front is None:
        return _fault(file, "it has no owner: begin it with lines of ---, owner: NAME, verified: 2026-05-01, ---")
    about = {}
    for line in (front[1] or "").splitlines():
        key, colon, value = (piece.strip() for piece in line.partition(":"))
        if not line.strip():
            continue
        if not colon or key.lower() not in _KEYS or not value:
            reason = f"its line {line.strip()[:40]!r} is not understood: write {', '.join(_KEYS)}, each with a value"
            return _fault(file, reason)
        about[key.lower()] = value
    if "owner" not in about or "verified" not in about:
        return _fault(file, "owner and verified must both stand between the two lines of ---")
    try:
        verified = date.fromisoformat(about["verified"])
        until = date.fromisoformat(about["until"]) if "until" in about else verified + timedelta(days=VERIFIED_DAYS)
    except (ValueError, OverflowError):
        return _fault(file, "verified and until are dates, written as 2026-05-01")
    notes = [f"the wording is texts/{name}: owner {about['owner']}, last verified {verified}"]
    if today > until:
        notes.append(f"the wording is past its date ({until}): have {about['owner']} verify it before release")
    return _wording(written[front.end() :], file, tuple(notes))


def _wording(text: str, file: str, notes: tuple[str, ...]) -> Wording | Unreadable:
    text = text.rstrip("\n")  # an editor's, not a person's
    if not text.strip():
        return _fault(file, "it is empty: write the text that everybody on the list is to get")
    try:
        return Wording(text_in(text), parse(text), notes)
    except (BadCell, BadTemplate) as error:
        return _fault(file, str(error))


def _decoded(data: bytes, file: str) -> str | Unreadable:
    """The file's text, with line feeds as its only line ends."""
    if not data:
        return _fault(file, "it is empty: write the text that everybody on the list is to get")
    if len(data) > MOST_BYTES:
        return _fault(file, f"it is larger than {MOST_BYTES // 1024} KiB: no text message is")
    encoding = encoding_of(data)
    if isinstance(encoding, Unreadable):
        return _fault(file, "it is not plain text: save it as UTF-8")
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _fault(file: str, reason: str) -> Unreadable:
    return Unreadable(f"{file}: {reason}", column=file)
