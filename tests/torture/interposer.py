"""Compiles interposer.c, and gives it its orders while the service runs."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("interposer.c")
LAYOUT = struct.Struct("<iiiiq488s")
WRITES, SYNCS, READS = 1, 2, 4
NANO = 10**9


def compiled(folder: Path) -> Path | None:
    """The library, built into `folder`; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "interposer.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
    return library


class Interposer:
    """One for all lives of a service: start it under `environment`."""

    def __init__(self, folder: Path, library: Path) -> None:
        path = folder / "orders"
        path.write_bytes(bytes(LAYOUT.size))
        with path.open("r+b") as file:
            self._orders = mmap.mmap(file.fileno(), LAYOUT.size)
        self.environment = {"LD_PRELOAD": str(library), "TORTURE_ORDERS": str(path)}
        self.ahead = 0.0
        self._failing = (0, 0, 1, b"")

    def fail(self, error: int, below: str, *, calls: int = WRITES | SYNCS | READS, one_in: int = 1) -> None:
        """From now on one call in `one_in` of these kinds fails so, on files whose path holds `below`."""
        self._failing = (error, calls, one_in, below.encode())
        self._write()

    def mend(self) -> None:
        self._failing = (0, 0, 1, b"")
        self._write()

    def set_clock(self, ahead: float) -> None:
        """The service's wall clock is so many seconds ahead of the machine's."""
        self.ahead = ahead
        self._write()

    def _write(self) -> None:
        error, calls, one_in, below = self._failing
        self._orders[:] = LAYOUT.pack(error, calls, one_in, 0, round(self.ahead * NANO), below)
