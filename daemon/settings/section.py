"""Takes keys out of one table of a TOML file, and notes each that is wrong instead of stopping at it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, TypeVar

from daemon.settings.faults import Fault
from daemon.settings.lines import Path, nearest

E = TypeVar("E", bound=StrEnum)

_KINDS: Mapping[type, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list", dict: "a table",
    date: "a date", datetime: "a date with a time", time: "a time",
}


class Faults:
    """The faults of one file, as they are found."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self.found: list[Fault] = []
        self._lines = lines

    def add(self, path: Path, message: str) -> None:
        self.found.append(Fault(".".join(path), nearest(self._lines, path), message))


class Section:
    """One table. A key that nobody takes is an unknown key: see `unknown_keys`.

    A take gives the default when the key is absent, and also, with a fault noted, when its value is wrong.
    """

    def __init__(self, faults: Faults, path: Path, table: Mapping[str, Any]) -> None:
        self.table = table
        self.path = path
        self.faults = faults
        self.taken: list[str] = []
        self.inner: list[Section] = []

    def fault(self, key: str, message: str) -> None:
        """Note what is wrong with `key`; `message` goes on after its name and says what to write."""
        self.faults.add((*self.path, key), message)

    def has(self, key: str) -> bool:
        """Whether the table has the key; that alone does not take it."""
        return key in self.table

    def section(self, key: str) -> Section:
        """The table under `key`, empty when it is absent."""
        table = self._take(key, (dict,), f"a table, [{'.'.join((*self.path, key))}]")
        inner = Section(self.faults, (*self.path, key), table if table is not None else {})
        self.inner.append(inner)
        return inner

    def text(self, key: str, default: str) -> str:
        """Text of at least one visible character."""
        value = self._take(key, (str,), "text in double quotes")
        if value is None:
            return default
        if not value.strip() or not value.isprintable():
            self.fault(key, "is empty or holds characters that cannot be shown; write plain text, or leave the key out")
            return default
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, none of them empty; () when it is absent."""
        value = self._take(key, (list,), 'a list of texts, such as ["/dev/ttyUSB0"]')
        if value is None:
            return ()
        if not all(isinstance(item, str) and item.strip() for item in value):
            self.fault(key, "holds something other than text; write each item in double quotes")
            return ()
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._take(key, (bool,), "true or false, without quotes")
        return default if value is None else bool(value)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both allowed."""
        value = self._take(key, (int,), "a whole number, without quotes")
        return default if value is None or not self._in_range(key, value, low, high) else int(value)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number, whole or not, from `low` to `high`, both allowed."""
        value = self._take(key, (int, float), "a number, without quotes")
        return default if value is None or not self._in_range(key, value, low, high) else value

    def choice(self, key: str, default: E) -> E:
        """The member of the default's enumeration that is written there."""
        value = self._take(key, (str,), "text in double quotes")
        if value is None:
            return default
        try:
            return type(default)(value)
        except ValueError:
            choices = ", ".join(f'"{item}"' for item in type(default))
            self.fault(key, f'is "{value}"; write one of {choices}')
            return default

    def day(self, key: str) -> date | None:
        """A date as TOML has it, without quotes; None when it is absent or wrong."""
        value = self._take(key, (date,), "a date without quotes, such as 2026-03-31")
        return value if isinstance(value, date) else None

    def _take(self, key: str, kinds: tuple[type, ...], wanted: str) -> Any:
        """The value, None when it is absent or of another kind. The kind is exact: true is not a number."""
        self.taken.append(key)
        value = self.table.get(key)
        if value is None or type(value) in kinds:
            return value
        # The value itself is not shown: it may be a PIN in the place of a file name.
        self.fault(key, f"is {_KINDS.get(type(value), 'something else')}; write {wanted}")
        return None

    def _in_range(self, key: str, value: float, low: float, high: float) -> bool:
        if low <= value <= high:  # false for nan too
            return True
        self.fault(key, f"is {value}; write a number from {low:.12g} to {high:.12g}")
        return False


def unknown_keys(root: Section) -> None:
    """Note each key that was not taken, with the one that was probably meant."""
    every = list(_walk(root))
    for section in every:
        for key in section.table:
            if key not in section.taken:
                section.fault(key, f"is no such key{_hint(key, section, every)}")


def _walk(section: Section) -> Iterable[Section]:
    yield section
    for inner in section.inner:
        yield from _walk(inner)


def _hint(key: str, section: Section, every: Iterable[Section]) -> str:
    longer = [known for known in section.taken if known.startswith(key)]
    if close := longer or difflib.get_close_matches(key, section.taken, n=1, cutoff=0.7):
        return f'; did you mean "{close[0]}"?'
    homes = [other.path for other in every if key in other.taken and other.path]
    if homes:
        return f"; it belongs in [{'.'.join(homes[0])}]"
    if section.taken:
        return f"; take it out. Known here: {', '.join(sorted(set(section.taken)))}"
    return "; take it out"
