"""Writes a file for people whole: a reader sees the old one or the new one, never half of it."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TextIO

from daemon.folders import sync

MODE = 0o640


def write_whole(path: Path, writer: Callable[[TextIO], object]) -> None:
    """Let `writer` fill a new file, and put it in the place of `path`. UTF-8; line ends are as written.

    Raises OSError, with `path` as it was and nothing left behind; whatever `writer` raises, likewise.
    """

    def write(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        writer(text)
        text.detach()

    put_whole(path, write)


def put_whole(path: Path, writer: Callable[[BinaryIO], object]) -> None:
    """The same for octets."""
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "it is no file, and nothing is put in its place", str(path))
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            writer(file)
            file.flush()
            os.fchmod(descriptor, MODE)
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync(path.parent)
