"""What people ask for by laying a file into replies/outgoing/ or handover/outgoing/, named by whom it is about."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Protocol

import structlog

from daemon.access import user_name
from daemon.core.batch import Problem
from daemon.core.blanking import blanked
from daemon.core.not_possible import NotPossible
from daemon.intake import wording
from daemon.intake.readers.items import Unreadable
from daemon.intake.spool import Claim, Spool, is_meant
from daemon.intake.taking import FORGOTTEN
from daemon.store import StoreFull

LOOK_SECONDS = 1
_TAKEN = ".taken"
TAIL_DIGITS = 3
"""How many digits of a number people see who may not see all."""


class Answer(Protocol):
    """Queues an answer to a number; the same `once` again changes nothing. Raises NotPossible, StoreFull."""

    def __call__(self, number: str, text: str, by: str, once: str | None = None) -> object: ...


Act = Callable[[Path, str, str], object]
"""Does what a file asks for, by the user who laid it there; the same last argument again changes nothing. Raises
NotPossible, StoreFull, OSError."""


class OutgoingFolder:
    """Looked at by one thread, every LOOK_SECONDS. A file is taken when two looks found it alike, and heeded once: it
    is known again after a crash by its inode and time."""

    def __init__(self, spool: Spool, folder: Path, act: Act, *, forgetful: bool = False) -> None:
        """`forgetful`: a disk has lost what the database knew last, perhaps of the files that an earlier run had taken:
        they are rejected."""
        self._spool, self._folder, self._act = spool, folder, act
        self._forgetful = forgetful
        self._seen: dict[str, tuple[int, ...]] = {}
        self._log = structlog.get_logger("intake")

    def look(self) -> None:
        """Queue what has come to rest since the last look. Lives on whatever lies there."""
        try:
            (self._folder / _TAKEN).mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._forgetful:
                for claim in self._taken():
                    self._refuse(claim, FORGOTTEN)
                self._forgetful = False
            self._claim_still()
            for claim in self._taken():
                self._heed(claim)
        except (OSError, StoreFull) as error:
            self._log.warning("folder not served; trying again", folder=self._shown, reason=str(error))

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
            self._act(claim.path, user_name(claim.path.lstat().st_uid), claim.path.parent.name)
        except NotPossible as why_not:
            again = f"Nothing was done. Mend it, and drop it in {self._shown}/ under its name again."
            self._refuse(claim, f"{why_not} {again}")
        else:
            claim.path.unlink()
            claim.path.parent.rmdir()

    def _refuse(self, claim: Claim, reason: str) -> None:
        name = _nameless(claim.name, self._folder)
        self._spool.reject(claim, [Problem(0, 0, "", "", blanked(reason))], name)
        self._log.warning("not done: see its problems file in rejected/", folder=self._shown, file=name)

    @property
    def _shown(self) -> str:
        return f"{self._folder.parent.name}/{self._folder.name}"


class AnswerFiles:
    """An answer is a file named by a number; it holds the text, or names an approved wording."""

    def __init__(self, texts: Path, answer: Answer, today: Callable[[], date]) -> None:
        self._texts, self._answer, self._today = texts, answer, today

    def send(self, path: Path, by: str, once: str) -> None:
        """Queue it, once. Raises NotPossible, StoreFull, OSError."""
        with path.open("rb") as file:
            text = wording.for_one_person(file.read(wording.MOST_BYTES + 1), self._texts, self._today())
        if isinstance(text, Unreadable):
            raise NotPossible(text.reason.replace(wording.NAME, path.name))
        self._answer(path.stem, text, by, once)


def _nameless(name: str, folder: Path) -> str:
    """A name that tells the file apart, and holds no whole number: who is on no list is never erased."""
    number, dot, kind = name.rpartition(".")
    digits = "".join(character for character in number or kind if character.isdigit())
    what = "answer-to" if folder.parent.name == "replies" else "handover-of"
    return f"{what}-{digits[-TAIL_DIGITS:] or 'nobody'}{f'.{kind}' if dot and number else ''}"
