"""Runs the reader of a file in a child process with limits, so that no file can harm the service."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import daemon
from daemon.intake.readers.items import End, Item, Unreadable, decode

WALL_SECONDS = 300.0
"""How long one file may take, the time included in which the service digests its rows."""

_ROOT = str(Path(daemon.__file__).resolve().parents[1])
_LIBRARY = importlib.util.find_spec("openpyxl")
_PATHS = [_ROOT, *(str(Path(place).parent) for place in (_LIBRARY and _LIBRARY.submodule_search_locations) or ())]
"""Where the child finds modules beside the standard library."""
_START = (
    "import json, sys; sys.path.extend(json.loads(sys.argv[1])); "
    "from daemon.intake.reader_process import main; main(*sys.argv[2:])"
)


def read_items(
    fd: int, kind: str, wall_seconds: float = WALL_SECONDS, *, columns: Mapping[str, str] | None = None
) -> Generator[Item]:
    """What the open file `fd` holds, read as `kind`. The last item is an End or an Unreadable.

    `columns` is from our name of a column to the list's, where a person gave them.
    Closing the generator early ends the child. Raises OSError when no process or thread can be started.
    """
    os.lseek(fd, 0, os.SEEK_SET)
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-c", _START, json.dumps(_PATHS), kind, json.dumps(dict(columns or {}))],
        stdin=fd,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        encoding="ascii",
        start_new_session=True,  # Ctrl-C at a terminal is meant for the service
    )
    overdue = threading.Event()

    def end() -> None:
        overdue.set()
        child.kill()

    timer = threading.Timer(wall_seconds, end)
    timer.daemon = True
    try:
        _start(timer)
        yield from _answers(child, overdue)
    finally:
        timer.cancel()
        child.kill()
        if child.stdout:
            child.stdout.close()
        child.wait()


def _start(thread: threading.Thread) -> None:
    try:
        thread.start()
    except RuntimeError as error:  # how Python says that the system gives no more threads
        raise OSError(errno.EAGAIN, str(error)) from error


def _answers(child: subprocess.Popen[str], overdue: threading.Event) -> Iterator[Item]:
    garbled = False
    for line in child.stdout or ():
        try:
            item = decode(line)
        except (ValueError, TypeError, KeyError):
            garbled = garbled or bool(line.strip())  # a line cut off: the next one, or the child's end, says why
            continue
        if isinstance(item, End) and garbled:
            break
        yield item
        if isinstance(item, End | Unreadable):
            return
    yield Unreadable("reading the file took too long: cut it into smaller files" if overdue.is_set() else _death(child))


def _death(child: subprocess.Popen[str]) -> str:
    code = child.wait()
    if code == -signal.SIGXCPU:
        return (
            "reading the file took too much processor time: cut it into smaller files, or export the contacts alone"
        )
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"the reader of this file died ({how}): save the list as CSV UTF-8 and drop it again"
