"""Opens a claimed file, and nothing that only looks like one."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.access import user_name
from daemon.intake.readers.items import MAX_BYTES, Unreadable
from daemon.intake.stillness import Signature, signature

_BLOCK = 4096
"""What copies in blocks copies in multiples of this: a page of memory."""

_KINDS = {
    stat.S_IFLNK: "a symbolic link is never followed: drop the file itself",
    stat.S_IFDIR: "this is a folder, where a file should be",
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

    def being_written(self) -> bool | None:
        """Whether anybody has the file open for writing. None: the kernel does not tell this user.

        A read lease is granted only on a file that nobody writes (F_SETLEASE, fcntl(2)), to its owner and to root.
        """
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_SETSIG, signal.SIGURG)  # is ignored; SIGIO would kill
            fcntl.fcntl(self.descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return True if error.errno == errno.EAGAIN else None
        fcntl.fcntl(self.descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False

    def cut_off(self) -> bool:
        """Whether a list of lines looks like the beginning of a copy that broke off: whole blocks, and no line end."""
        size = self.signature[1]
        return size % _BLOCK == 0 and not os.pread(self.descriptor, 2, size - 2).rstrip(b"\0").endswith((b"\n", b"\r"))


@contextmanager
def opened(path: Path, most: int = MAX_BYTES) -> Iterator[OpenFile | Unreadable]:
    """Open a regular file of `most` bytes, or say why not. Neither follows a link nor waits for a pipe.

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
        yield _examined(descriptor, most)
    finally:
        os.close(descriptor)


def writers_of(path: Path) -> bool | None:
    """Whether anybody has the file at `path` open for writing. None: it cannot be known, as of a folder."""
    try:
        with opened(path) as file:
            return None if isinstance(file, Unreadable) else file.being_written()
    except OSError:
        return None


def _examined(descriptor: int, most: int) -> OpenFile | Unreadable:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return Unreadable("this is not a file")
    if status.st_size > most:
        way = "cut the list into smaller files" if most == MAX_BYTES else (
            "export the contacts alone, or let an administrator raise intake.archive_gib"
        )  # fmt: skip
        return Unreadable(f"the file is larger than {most / 2**20:,.0f} MiB: {way}")
    if status.st_size == 0:
        return Unreadable("the file is empty")
    return OpenFile(descriptor, signature(status), user_name(status.st_uid))
