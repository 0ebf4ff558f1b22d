"""Opens a claimed file, and nothing that only looks like one."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.intake.readers.items import MAX_BYTES, Unreadable
from daemon.intake.stillness import Signature, signature

_KINDS = {
    stat.S_IFLNK: "a symbolic link is never followed: drop the file itself",
    stat.S_IFDIR: "folders are not taken: drop the list as one file",
    stat.S_IFIFO: "a named pipe is not a file: drop the list as one file",
    stat.S_IFSOCK: "a socket is not a file: drop the list as one file",
    stat.S_IFCHR: "a device is not a file: drop the list as one file",
    stat.S_IFBLK: "a device is not a file: drop the list as one file",
}


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A regular file, open for reading."""

    descriptor: int
    signature: Signature
    owner: str

    def changed(self) -> bool:
        """Whether somebody wrote into it since it was opened."""
        return signature(os.fstat(self.descriptor)) != self.signature


@contextmanager
def opened(path: Path) -> Iterator[OpenFile | Unreadable]:
    """Open a regular file of bearable size, or say why not. Neither follows a link nor waits for a pipe.

    Raises OSError when the machine, not the file, is at fault.
    """
    before = path.lstat()  # to open a device can already do something to it
    if not stat.S_ISREG(before.st_mode):
        yield Unreadable(_KINDS.get(stat.S_IFMT(before.st_mode), "this is not a file"))
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        user = user_name(os.geteuid())
        yield Unreadable(f"the service (user {user}) may not read the file: let its group read it, and drop it again")
        return
    try:
        yield _examined(descriptor)
    finally:
        os.close(descriptor)


def _examined(descriptor: int) -> OpenFile | Unreadable:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return Unreadable("this is not a file")
    if status.st_size > MAX_BYTES:
        return Unreadable(f"the file is larger than {MAX_BYTES // 2**20} MiB: cut the list into smaller files")
    if status.st_size == 0:
        return Unreadable("the file is empty")
    return OpenFile(descriptor, signature(status), user_name(status.st_uid))


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
