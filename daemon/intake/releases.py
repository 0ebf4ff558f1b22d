"""Release by folder: a request that somebody moved from awaiting/ into their folder in released/ lets its batch go."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from daemon.access import user_name
from daemon.core.not_possible import NotPossible
from daemon.core.release import Nobody, Ownership, releaser
from daemon.settings import Approval, Settings
from daemon.store import StoreFull
from daemon.store.decisions import Released

LOOK_SECONDS = 2
MOST_BYTES = 65_536
_REQUEST = re.compile(rb"\brequest\s+([0-9a-f]{64})\b")
_SHARED = "released/"


class Desk(Protocol):
    """Where releases are decided: see daemon/store/decisions.py."""

    def requested(self, sha256: str) -> str | None: ...
    def release(self, name: str, user: str, now: float, *, two_person: bool, request: str) -> Released: ...
    def refuse(self, name: str, why_not: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Moved:
    """A request found in a folder. `mark` changes when the file is another one or was moved again."""

    path: Path
    mark: tuple[int, ...]
    sha256: str
    folder: Ownership
    file: Ownership


class ReleasedFolder:
    """Looked at by one thread, every LOOK_SECONDS. Each file is heeded once."""

    def __init__(
        self,
        desk: Desk,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        on_decided: Callable[[Released | None], None],
    ) -> None:
        """`on_decided` is called after a release, and with None after a refusal."""
        self._desk, self._settings, self._clock, self._on_decided = desk, settings, clock, on_decided
        self._root = settings().station.spool_dir / "released"
        self._heeded: set[tuple[int, ...]] = set()
        self._log = structlog.get_logger("intake")

    def look(self) -> None:
        """Heed what was moved here since the last look. Lives on whatever lies there."""
        try:
            self._root.mkdir(mode=0o750, exist_ok=True)
            found = list(_requests(self._root, self._heeded))
        except OSError as error:
            self._log.warning("released/ cannot be read", reason=str(error))
            return
        for moved in found:
            try:
                self._heed(moved)
            except StoreFull:
                return  # said elsewhere; the next look tries again
            self._heeded.add(moved.mark)

    def _heed(self, moved: _Moved) -> None:
        name = self._desk.requested(moved.sha256)
        if name is None:
            self._log.info("no batch waits with this request: it is old, or was changed", file=str(moved.path))
            return
        approval = self._settings().sending.approval
        who = releaser(moved.folder, moved.file, os.geteuid())
        if isinstance(who, Nobody) and approval is Approval.TWO_PERSON:
            self._refuse(name, moved.path, f"nobody can tell who released it: {who.reason}.")
            return
        user = _SHARED if isinstance(who, Nobody) else user_name(who)
        try:
            released = self._desk.release(
                name, user, self._clock(), two_person=approval is Approval.TWO_PERSON, request=moved.sha256
            )
        except NotPossible as why_not:
            self._log.warning("release by file refused", batch=name, user=user, reason=str(why_not))
            self._on_decided(None)
        else:
            self._log.info("released by file", batch=name, user=user, people=released.people)
            self._on_decided(released)

    def _refuse(self, name: str, path: Path, why_not: str) -> None:
        self._desk.refuse(name, f"{path.parent.name}/{path.name}: {why_not}")
        self._log.warning("release by file refused", batch=name, reason=why_not)
        self._on_decided(None)


def _requests(root: Path, heeded: set[tuple[int, ...]]) -> Iterator[_Moved]:
    """The requests in released/ and in the folders of people in it. Links are followed nowhere."""
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # gone, or not for us to read
        try:
            with os.scandir(descriptor) as entries:
                names = sorted(entry.name for entry in entries)
            for name in names:
                moved = _request(folder, descriptor, name, heeded)
                if moved is not None:
                    yield moved
        finally:
            os.close(descriptor)


def _request(folder: Path, descriptor: int, name: str, heeded: set[tuple[int, ...]]) -> _Moved | None:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor)
    except OSError:
        return None
    try:
        status = os.fstat(file)
        mark = (status.st_dev, status.st_ino, status.st_ctime_ns)
        if not stat.S_ISREG(status.st_mode) or mark in heeded:
            return None
        found = _REQUEST.search(os.read(file, MOST_BYTES))
        if found is None:
            return None
        return _Moved(folder / name, mark, found[1].decode(), _ownership(os.fstat(descriptor)), _ownership(status))
    finally:
        os.close(file)


def _ownership(status: os.stat_result) -> Ownership:
    return Ownership(status.st_uid, stat.S_IMODE(status.st_mode))
