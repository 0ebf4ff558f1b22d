"""Answers by folder: a file in replies/outgoing/ named by a number is the answer to whoever wrote from there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import structlog

from daemon.core.batch import Problem
from daemon.core.blanking import blanked
from daemon.intake import wording
from daemon.intake.opening import user_name
from daemon.intake.readers.items import Unreadable
from daemon.intake.spool import Claim, Spool, is_meant
from daemon.store import StoreFull
from daemon.store.stops import NotPossible

LOOK_SECONDS = 1
_TAKEN = ".taken"
TAIL_DIGITS = 3
"""How many digits of a number people see who may not see all."""


class Answer(Protocol):
    """Queues an answer to a number; the same `once` again changes nothing. Raises NotPossible, StoreFull."""

    def __call__(self, number: str, text: str, by: str, once: str | None = None) -> object: ...


class OutgoingFolder:
    """Looked at by one thread, every LOOK_SECONDS. A file is taken when two looks found it alike, and sent once: it is
    known again after a crash by its inode and time."""

    def __init__(self, spool: Spool, folder: Path, texts: Path, answer: Answer, today: Callable[[], date]) -> None:
        self._spool, self._folder, self._texts = spool, folder, texts
        self._answer, self._today = answer, today
        self._seen: dict[str, tuple[int, ...]] = {}
        self._log = structlog.get_logger("intake")

    def look(self) -> None:
        """Queue what has come to rest since the last look. Lives on whatever lies there."""
        try:
            (self._folder / _TAKEN).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._claim_still()
            for claim in self._taken():
                self._heed(claim)
        except (OSError, StoreFull) as error:
            self._log.warning("replies/outgoing/ not served; trying again", reason=str(error))

    def _claim_still(self) -> None:
        """Take out of people's hands what has not changed since the last look."""
        found: dict[str, tuple[int, ...]] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if is_meant(entry.name) and stat.S_ISREG(status.st_mode):
                    found[entry.name] = (status.st_ino, status.st_mtime_ns, status.st_size)
        for name, mark in found.items():
            if self._seen.get(name) == mark:
                place = self._folder / _TAKEN / f"{mark[0]}-{mark[1]}"
                place.mkdir(mode=0o700, exist_ok=True)
                (self._folder / name).rename(place / name)
        self._seen = found

    def _taken(self) -> Iterator[Claim]:
        for place in sorted((self._folder / _TAKEN).iterdir()):
            if files := sorted(place.iterdir()):
                yield from (Claim(path, attempted=True) for path in files)
            else:
                place.rmdir()

    def _heed(self, claim: Claim) -> None:
        try:
            text = self._text(claim.path)
            owner = user_name(claim.path.lstat().st_uid)
            self._answer(claim.path.stem, text, owner, claim.path.parent.name)
        except NotPossible as why_not:
            self._spool.reject(claim, _problem(str(why_not)), _nameless(claim.name))
            self._log.warning("answer not sent: see its file in rejected/")
        else:
            claim.path.unlink()
            claim.path.parent.rmdir()

    def _text(self, path: Path) -> str:
        """What the file says, or the approved wording that it names. Raises NotPossible, OSError."""
        with path.open("rb") as file:
            text = wording.for_one_person(file.read(wording.MOST_BYTES + 1), self._texts, self._today())
        if isinstance(text, Unreadable):
            raise NotPossible(text.reason.replace(wording.NAME, path.name))
        return text


def _nameless(name: str) -> str:
    """A name that tells the answer apart, and holds no whole number: who is on no list is never erased."""
    number, dot, kind = name.rpartition(".")
    digits = "".join(character for character in number or kind if character.isdigit())
    return f"answer-to-{digits[-TAIL_DIGITS:] or 'nobody'}{f'.{kind}' if dot and number else ''}"


def _problem(reason: str) -> Sequence[Problem]:
    reason = f"{blanked(reason)} Nothing was sent. Mend it, and drop it in replies/outgoing/ under the number again."
    return [Problem(0, 0, "", "", reason)]
