"""The red button for people without a terminal: while a file STOP lies in the spool's root, nothing is submitted."""

from __future__ import annotations

import os
from pathlib import Path


def pressed(spool_dir: Path) -> Path | None:
    """The file that stops the station, None when there is none. STOP.txt and stop will do: whoever needs it has no
    time for the right spelling."""
    try:
        names = os.listdir(spool_dir)  # noqa: PTH208 - before every part, and twenty times faster
    except OSError:
        return None  # no spool, so nobody can have laid a file there
    return next((spool_dir / name for name in names if name.partition(".")[0].upper() == "STOP"), None)


def since(file: Path) -> float:
    """When it was laid there (seconds since the epoch); 0.0 when it is gone meanwhile."""
    try:
        return file.lstat().st_mtime
    except OSError:
        return 0.0
