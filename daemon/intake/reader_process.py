"""The sandboxed child: reads a file from standard input, writes its rows to standard output, and can do nothing else.

It starts with the standard library alone, so that it starts fast; a workbook's reader adds openpyxl. It opens no path
but that of its modules.
"""

from __future__ import annotations

import ctypes
import json
import resource
import signal
import sys
from collections.abc import Iterator, Mapping

from daemon.intake.readers import read_file
from daemon.intake.readers.items import MAX_ROWS, End, Item, Row, Unreadable, encode

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 60
OPEN_FILES = 8

_CLONE_NEWNET = 0x40000000    # unshare(2)
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1         # prctl(2)
_PR_SET_NO_NEW_PRIVS = 38

TOO_MUCH_MEMORY = (
    f"reading the file takes more than {MEMORY_BYTES // 2**20} MiB of memory: cut the list into smaller files, or "
    "export the contacts alone"
)
TOO_MANY_ROWS = f"the file has more than {MAX_ROWS:,} rows: cut the list into smaller files"


def main(kind: str, columns: str) -> None:
    """Read standard input as `kind`, a name's kind of READERS. `columns` is JSON: from our names to the list's."""
    _confine()
    try:
        for item in _items(kind, json.loads(columns)):
            sys.stdout.write(encode(item) + "\n")
        sys.stdout.flush()
    except MemoryError:
        _say(TOO_MUCH_MEMORY)
    except BrokenPipeError:
        sys.exit(1)  # the service went, or wants no more of this file
    except Exception as error:  # noqa: BLE001 - whatever a file does to its reader is that file's fault
        _say(f"the reader failed on this file ({type(error).__name__}): save the list as CSV UTF-8 and drop it again")


def _say(reason: str) -> None:
    sys.stdout.write("\n" + encode(Unreadable(reason)) + "\n")
    sys.stdout.flush()


def _items(kind: str, columns: Mapping[str, str]) -> Iterator[Item]:
    rows = 0
    with open(0, "rb", closefd=False) as file:
        for item in read_file(file, kind, columns):
            rows += isinstance(item, Row)
            if rows > MAX_ROWS:
                yield Unreadable(TOO_MANY_ROWS)
                return
            yield item if rows or not isinstance(item, End) else Unreadable("the file has no rows")


def _confine() -> None:
    """Give up what reading needs not: memory, time, files, processes, the network, and life without the service."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):  # meant for the service, which ends this process itself
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),  # a core file would hold numbers and texts
    ):
        hard = resource.getrlimit(limit)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (least, least))
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(_CLONE_NEWNET) != 0:  # not root: where the kernel allows it, through a user namespace
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
