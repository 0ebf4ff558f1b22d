"""Moves a dropped file through the spool: from incoming/ by a claim to accepted/ or rejected/, under safe names."""

from __future__ import annotations

import contextlib
import os
import stat
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from daemon.core.batch import Problem
from daemon.folders import sync
from daemon.intake import adoption, order, wording
from daemon.intake.stillness import Drop, signature

WriteProblems = Callable[[Path, Sequence[Problem]], None]

MOST_NAME_BYTES = 200
"""The longest name that is taken: `NAME.problems.csv` and a number must fit in the 255 bytes of a Linux file name."""

FOLDER_TIMES, INCOMPLETE_TIMES = 5.0, 60.0
"""A folder is dropped file by file: it must lie still for longer, and one that lacks something for much longer."""

_IGNORED_ENDS = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download", "~")
_IGNORED_STARTS = (".", "~$")             # hidden, and the lock files of office programs
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(slots=True, eq=False)
class Claim:
    """A file that is ours: it lies alone in a folder of its own under .claimed/, so that it keeps its name.

    `attempted`: it may be in the queue already, since an earlier try, perhaps before a crash, came that far.
    `forgotten`: if so, a disk may have lost what the database knew of it, and its people may have been texted. `due`
    and `pause` are for its next try, in seconds.
    """

    path: Path
    attempted: bool
    forgotten: bool = False
    due: float = 0.0
    pause: float = 0.0

    @property
    def name(self) -> str:
        return self.path.name


class Spool:
    """The folders. One thread moves files in them, besides the people who drop and fetch them."""

    def __init__(self, root: Path, write_problems: WriteProblems) -> None:
        self.incoming = root / "incoming"
        self.accepted = root / "accepted"
        self.rejected = root / "rejected"
        self.texts = root / "texts"
        self.presets = root / "presets"
        self._claimed = root / ".claimed"
        self._copy = self._claimed / ".copy"
        self._write_problems = write_problems
        self._serial = 0

    def make(self) -> None:
        """Create the folders that are not there. Raises OSError."""
        for folder in (self.incoming, self.accepted, self.rejected):
            folder.mkdir(mode=0o770, parents=True, exist_ok=True)
        for folder in (self.texts, self.presets):
            folder.mkdir(mode=0o750, exist_ok=True)
        self._claimed.mkdir(mode=0o700, exist_ok=True)

    def dropped(self) -> dict[str, Drop]:
        """What lies in incoming/ and is meant for us, by name; links are not followed. Raises OSError."""
        found = {}
        with os.scandir(self.incoming) as entries:
            for entry in entries:
                if is_meant(entry.name):
                    try:
                        status = entry.stat(follow_symlinks=False)
                        found[entry.name] = _folder(entry.path, status) if entry.is_dir(follow_symlinks=False) \
                            else Drop.of(status)
                    except FileNotFoundError:
                        continue  # gone between two looks
        return found

    def claim(self, name: str) -> Claim:
        """Take a file out of incoming/ by rename. Raises OSError; then it lies where it was."""
        while True:
            self._serial += 1
            folder = self._claimed / f"{self._serial:08}"
            try:
                folder.mkdir(mode=0o700)
                break
            except FileExistsError:
                continue  # a claim from before a restart
        try:
            path = (self.incoming / name).rename(folder / name)  # a folder too, which must let us write in it
        except OSError:
            folder.rmdir()
            raise
        with contextlib.suppress(OSError):  # the file is ours all the same
            for changed in (folder, self._claimed, self.incoming):
                sync(changed)
        return Claim(path, attempted=False)

    def recovered(self, *, forgotten: bool = False) -> list[Claim]:
        """The claims that an earlier run left behind. What it had no time to adopt is adopted now. Raises OSError."""
        claims = []
        for folder in (self.accepted, self.rejected):
            for path in folder.iterdir():
                if self._copied(path):
                    self._adopt(path)
        for folder in sorted(path for path in self._claimed.iterdir() if path.is_dir() and path != self._copy):
            files = sorted(folder.iterdir())
            claims += [Claim(path, attempted=True, forgotten=forgotten) for path in files]
            if not files:
                folder.rmdir()
        return claims

    def is_opened_anew(self, name: str, inner: str = "") -> bool:
        """Whether a name that just came is an empty new file, whose maker has still to write it."""
        try:
            status = (self.incoming / name / inner).lstat()
        except OSError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_size == 0

    def accept(self, claim: Claim, problems: Sequence[Problem]) -> Path:
        """Put the file into accepted/, and what is wrong with some of its rows into rejected/. Raises OSError."""
        return self._put(claim, self.accepted, problems)

    def reject(self, claim: Claim, problems: Sequence[Problem], name: str = "") -> Path:
        """Put the file into rejected/, under another name where one is given, with the reasons beside it. Raises
        OSError."""
        return self._put(claim, self.rejected, problems, name)

    def explain(self, name: str, problems: Sequence[Problem]) -> None:
        """Write the reasons alone, for a file that cannot be moved. Raises OSError."""
        self._write_problems(self._problems_of(safe_name(name)), problems)

    def _put(self, claim: Claim, folder: Path, problems: Sequence[Problem], name: str = "") -> Path:
        name = self._free_name(claim, safe_name(name or claim.name))
        if problems:
            self._write_problems(self._problems_of(name), problems)
        # The copy is of what was read: from here on, whoever dropped it could reach it again.
        mine = self._copied(claim.path)
        path = claim.path.rename(folder / name)
        if mine:
            self._adopt(path)
        with contextlib.suppress(OSError):
            claim.path.parent.rmdir()  # else the next start clears it away
        return path

    def _copied(self, path: Path) -> bool:
        """Whether there is a copy now that is to take the place of a drop. A drop stays its dropper's where none can be
        made."""
        try:
            adoption.remove(self._copy)
            return adoption.copied(path, self._copy)
        except OSError as error:
            _not_adopted(path, error)
            return False

    def _adopt(self, path: Path) -> None:
        try:
            adoption.exchange(self._copy, path)
            adoption.remove(self._copy)
        except OSError as error:
            _not_adopted(path, error)

    def _free_name(self, claim: Claim, name: str) -> str:
        """The name, with a number when an earlier file or its problems hold it."""
        stem, dot, suffix = name.rpartition(".")
        number = 1
        while not self._is_free(name, claim):
            number += 1
            name = f"{stem}-{number}.{suffix}" if dot and stem else f"{suffix}-{number}"
        return name

    def _is_free(self, name: str, claim: Claim) -> bool:
        # An earlier try of this claim may have written its problems and come no further: they are written again.
        taken = [self.accepted / name, self.rejected / name]
        if not claim.attempted:
            taken.append(self._problems_of(name))
        return not any(os.path.lexists(path) for path in taken)

    def _problems_of(self, name: str) -> Path:
        return self.rejected / f"{name}.problems.csv"


def _not_adopted(path: Path, error: OSError) -> None:
    structlog.get_logger("intake").warning(
        "file stays the property of who dropped it", file=safe_name(path.name), reason=error.strerror
    )


def is_meant(name: str) -> bool:
    """Whether a name in incoming/ is a drop, and not hidden or half done."""
    return not name.startswith(_IGNORED_STARTS) and not is_half_done(name) and name.lower() not in _LITTER


def is_half_done(name: str) -> bool:
    """Whether programs that copy give such a name to what they have not finished."""
    return name.lower().endswith(_IGNORED_ENDS)


def _folder(path: str, status: os.stat_result) -> Drop:
    """A dropped folder as one thing. It is complete with a wording and a list, and with nothing half done in it."""
    marks, changed_at, names, half_done = [*signature(status), status.st_mode], status.st_mtime_ns, set(), False
    try:
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                inner = entry.stat(follow_symlinks=False)
                marks += [hash(entry.name), *signature(inner)]
                changed_at = max(changed_at, inner.st_mtime_ns)
                half_done = half_done or is_half_done(entry.name)
                if is_meant(entry.name):
                    names.add(entry.name.lower())
    except PermissionError:
        return Drop(tuple(marks), changed_at)  # why it cannot be read is told when it is taken
    complete = wording.NAME in names and len(names - {wording.NAME, order.NAME}) == 1 and not half_done
    return Drop(tuple(marks), changed_at, FOLDER_TIMES if complete else INCOMPLETE_TIMES)


def name_fault(name: str) -> str:
    """Why a file of this name is not taken, "" when it is."""
    if any(unicodedata.category(char) in _UNSAFE for char in name):
        return "the file's name holds a line break, a control character or bytes that are not UTF-8: rename it"
    if len(os.fsencode(name)) > MOST_NAME_BYTES:
        return f"the file's name is longer than {MOST_NAME_BYTES} bytes: rename it"
    return ""


def safe_name(name: str) -> str:
    """The name with what cannot be shown written as %XX, and cut in its middle when it is too long."""
    safe = "".join(_escaped(char) if unicodedata.category(char) in _UNSAFE else char for char in name)
    raw = safe.encode()
    if len(raw) <= MOST_NAME_BYTES:
        return safe
    end = raw[-20:].decode("utf-8", "ignore")
    return raw[: MOST_NAME_BYTES - 23].decode("utf-8", "ignore") + "…" + end


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(char))
