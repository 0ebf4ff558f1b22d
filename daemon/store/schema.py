"""The tables, as numbered migrations: each is one file of SQL, applied once, in a transaction of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

_STATEMENT_END = re.compile(r"^;$", re.MULTILINE)  # alone on its line: a trigger has others inside
_FILES = sorted(Path(__file__).with_name("migrations").glob("*.sql"))

VERSION = len(_FILES)
"""The newest schema that this program knows."""


def migrations() -> Migrations:
    """All of them, in order."""
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415 - slow to load; who only reads needs none

    found = Migrations("outpost")
    for number, file in enumerate(_FILES, start=1):
        _register(found, file, number)
    return found


def _register(found: Migrations, file: Path, number: int) -> None:
    @found(name=file.stem)
    def apply(db: Database) -> None:
        for statement in _STATEMENT_END.split(file.read_text("utf-8")):
            db.conn.execute(statement)
        db.conn.execute(f"PRAGMA user_version = {number}")
