"""Opens what was dropped: a list alone, or a folder with a wording, one list, and perhaps batch.toml."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from daemon.core.batch import Problem
from daemon.core.template import Template
from daemon.intake import order, wording
from daemon.intake.opening import OpenFile, opened
from daemon.intake.order import BadOrder, Order
from daemon.intake.readers import kind_of
from daemon.intake.readers.items import MAX_BYTES, Unreadable, shortened
from daemon.intake.spool import is_half_done, is_meant, name_fault
from daemon.intake.wording import Wording
from daemon.settings import Settings

T = TypeVar("T")
_LINES = frozenset({"csv", "jsonl"})
_CUT_OFF = (
    "the file looks cut off, as by a stick that was pulled out: copy it again; if it is whole, end its last line "
    "with a line break"
)
_ALIKE = "two files of the folder differ only in small and capital letters: keep the one that is meant"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A drop, open for reading. `name` is the list's file, `wording` None when each row has a text of its own."""

    file: OpenFile
    name: str
    kind: str
    order: Order = Order()
    wording: Wording | None = None
    beside: tuple[OpenFile, ...] = ()

    def changed(self) -> bool:
        """Whether somebody wrote into any of it since it was opened."""
        return any(file.changed() for file in (self.file, *self.beside))

    def being_written(self) -> bool:
        """Whether somebody surely has a file of it open for writing."""
        return any(file.being_written() is True for file in (self.file, *self.beside))

    def content(self, list_sha256: str) -> str:
        """SHA-256 of what would be sent to whom, in hex: of the list's bytes, and of the wording when there is one."""
        if self.wording is None:
            return list_sha256
        return hashlib.sha256(f"{list_sha256}\n{self.wording.text}".encode()).hexdigest()

    @property
    def template(self) -> Template | None:
        """The text of every row, None when each has its own."""
        return None if self.wording is None else self.wording.template

    @property
    def token(self) -> str:
        """Names this very copy of the list."""
        return "-".join(map(str, self.file.signature))


@contextmanager
def opened_bundle(path: Path, settings: Settings, now: float) -> Iterator[Bundle | list[Problem]]:
    """Open what lies at `path`, or say all that is wrong with it.

    Raises OSError when the machine, not the drop, is at fault.
    """
    with ExitStack() as stack:
        if fault := name_fault(path.name):
            yield [of_file(Unreadable(fault))]
        elif stat.S_ISDIR(path.lstat().st_mode):
            yield _folder(path, settings, now, stack)
        else:
            yield _alone(path, settings, stack)


def of_file(fault: Unreadable) -> Problem:
    """What is wrong with a file as a whole."""
    return Problem(0, fault.line, fault.column, shortened(fault.value), fault.reason)


def _alone(path: Path, settings: Settings, stack: ExitStack) -> Bundle | list[Problem]:
    kind = kind_of(path.name)
    file = stack.enter_context(opened(path, settings.intake.archive_bytes if kind == "ufdr" else MAX_BYTES))
    if isinstance(file, Unreadable):
        return [of_file(file)]
    if kind in _LINES and file.cut_off():
        return [of_file(Unreadable(_CUT_OFF))]
    return Bundle(file, path.name, kind)


def _folder(path: Path, settings: Settings, now: float, stack: ExitStack) -> Bundle | list[Problem]:
    try:
        every = sorted(entry.name for entry in path.iterdir())
    except PermissionError:
        return [of_file(Unreadable("the service may not look into the folder: let its group read it, and drop again"))]
    meant = [name for name in every if is_meant(name) or is_half_done(name)]
    names = {name.lower(): name for name in meant}
    problems = [of_file(Unreadable(_ALIKE))] if len(names) < len(meant) else []
    beside: list[OpenFile] = []
    station, read = settings.station, _Reader(path, names, stack, beside, problems)
    said = read(wording.NAME, lambda data: wording.read(
        data, station.spool_dir / "texts", datetime.fromtimestamp(now, station.zone).date()))  # fmt: skip
    asked = read(order.NAME, lambda data: order.read(data, station.zone, station.spool_dir / "presets"))
    lists = [name for key, name in names.items() if key not in (wording.NAME, order.NAME)]
    found = _alone(path / lists[0], settings, stack) if len(lists) == 1 else [of_file(Unreadable(_not_one(lists)))]
    if isinstance(found, list):
        return [*problems, *found]
    if problems:
        return problems
    return Bundle(found.file, found.name, found.kind, asked or Order(), said, tuple(beside))


def _not_one(lists: list[str]) -> str:
    if not lists:
        return "the folder holds no list: put one beside message.txt, such as contacts.csv"
    shown = ", ".join(shortened(name, 40) for name in lists[:5])
    return f"the folder holds {len(lists)} lists ({shown}): one folder is one batch, with one list"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the small files beside a list. Their faults are added to `problems`."""

    path: Path
    names: Mapping[str, str]
    stack: ExitStack
    beside: list[OpenFile]
    problems: list[Problem]

    def __call__(self, name: str, parse: Callable[[bytes], T | Unreadable]) -> T | None:
        if name not in self.names:
            return None
        file = self.stack.enter_context(opened(self.path / self.names[name]))
        if isinstance(file, Unreadable):
            self.problems.append(Problem(0, 0, name, "", f"{name}: {file.reason}"))
            return None
        self.beside.append(file)
        try:
            parsed = parse(os.pread(file.descriptor, order.MOST_BYTES + 1, 0))
        except BadOrder as error:
            self.problems.extend(error.problems)
            return None
        if isinstance(parsed, Unreadable):
            self.problems.append(of_file(parsed))
            return None
        return parsed
