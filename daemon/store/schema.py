"""The tables, as numbered migrations: each is one file of SQL, applied once, in a transaction of its own."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("outpost")

_STATEMENT_END = re.compile(r"^;$", re.MULTILINE)  # alone on its line: a trigger has others inside


def _register(file: Traversable, number: int) -> None:
    statements = _STATEMENT_END.split(file.read_text("utf-8"))

    @migrations(name=file.name.removesuffix(".sql"))
    def apply(db: Database) -> None:
        for statement in statements:
            db.conn.execute(statement)
        db.conn.execute(f"PRAGMA user_version = {number}")


_FILES = sorted(files("daemon.store").joinpath("migrations").iterdir(), key=lambda file: file.name)
for _number, _file in enumerate((file for file in _FILES if file.name.endswith(".sql")), start=1):
    _register(_file, _number)

VERSION = len(migrations._migrations)  # noqa: SLF001 - the library has no public list of all
"""The newest schema that this program knows."""
