"""What is wrong with a configuration, every fault of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right. `key` is a dotted path, "" when the whole file is meant; `line` counts from 1."""

    key: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = ", ".join(filter(None, (f"line {self.line}" if self.line else "", self.key)))
        return f"{place}: {self.message}" if place else self.message


class SettingsError(Exception):
    """The configuration cannot be used. `problems` holds all that is wrong, in the order of the file."""

    def __init__(self, path: Path, problems: Sequence[Fault]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda fault: fault.line or 0))
        count = "1 error" if len(self.problems) == 1 else f"{len(self.problems)} errors"
        super().__init__("\n  ".join([f"{path}: {count} in the configuration", *map(str, self.problems)]))
