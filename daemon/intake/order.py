"""Reads batch.toml, the sheet that a person lays beside a list: what to do with it, every mistake told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from daemon.core.batch import Problem
from daemon.core.template import field_name
from daemon.intake import cells
from daemon.intake.cells import BadCell
from daemon.intake.readers.items import shortened
from daemon.settings.lines import key_lines
from daemon.settings.section import Faults, Section, unknown_keys

NAME = "batch.toml"
MOST_BYTES = 64 * 1024

T = TypeVar("T")
_PRESET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


class Deleted(StrEnum):
    """What is done with entries that had been deleted on the phone."""

    TAKE = "take"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Order:
    """What batch.toml asks for. Times are seconds since the epoch; they, `ref` and `priority` are for every row that
    has none of its own. `columns` is from our name of a column to the list's.
    """

    ref: str = ""
    not_before: float | None = None
    not_after: float | None = None
    priority: int = 0
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sim: str = ""
    again: str = ""                 # the reason why the same content is taken again
    deleted: Deleted = Deleted.TAKE
    plain: bool = False             # True: plain signs replace those that force the dearer alphabet


class BadOrder(Exception):
    """The file cannot be obeyed. `problems` are all that is wrong with it, by line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} mistakes in {NAME}")
        self.problems = problems


def read(data: bytes, zone: ZoneInfo, presets: Path) -> Order:
    """Read the file's bytes. `zone` is for times without an offset; `presets` is the station's folder of column maps.

    Raises BadOrder.
    """
    root = _root(data, NAME)
    order = Order(
        ref=_cell(root, "ref", cells.ref_in, ""),
        not_before=_cell(root, "not_before", lambda text: cells.time_in(text, zone), None),
        not_after=_cell(root, "not_after", lambda text: cells.time_in(text, zone), None),
        priority=_cell(root, "priority", cells.priority_in, 0),
        columns=_columns(root, presets),
        sim=_sim(root),
        again=_again(root),
        deleted=root.choice("deleted", Deleted.TAKE),
        plain=root.flag("plain", default=False),
    )
    if order.not_before is not None and order.not_after is not None and order.not_after < order.not_before:
        root.fault("not_after", "lies before not_before; put the two right")
    _done(root, NAME)
    return order


def _root(data: bytes, name: str) -> Section:
    try:
        if len(data) > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 1024} KiB")
        text = data.decode("utf-8-sig")
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = re.search(r"at line ([0-9]+)", str(error))
        what = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else re.sub(r" \(at .*\)$", "", str(error))
        reason = f'{name} is not TOML: {what}. Write lines such as: ref = "A-1"'
        raise BadOrder([Problem(0, int(place[1]) if place else 0, name, "", reason)]) from None
    return Section(Faults(key_lines(text)), (), table)


def _done(root: Section, name: str) -> None:
    """Raise all the faults that were noted, and those of keys that nobody knows."""
    unknown_keys(root)
    faults = sorted(root.faults.found, key=lambda fault: fault.line or 0)
    if faults:
        raise BadOrder([
            Problem(0, fault.line or 0, f"{name} {fault.key}".strip(), "", f"{fault.key} {fault.message}".strip())
            for fault in faults
        ])  # fmt: skip


def _cell(root: Section, key: str, read_cell: Callable[[str], T], default: T) -> T:
    """A value that a list could hold as well: as text, or in TOML's own way to write it."""
    value: Any = root.table.get(key)
    root.taken.append(key)
    if value is None:
        return default
    if isinstance(value, datetime):
        value = value.isoformat()
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        root.fault(key, "is of the wrong kind; write text in double quotes")
        return default
    try:
        return read_cell(value)
    except BadCell as error:
        root.fault(key, f'is "{shortened(value, 40)}": {error}')
        return default


def _sim(root: Section) -> str:
    sim = root.text("sim", "")
    if sim and not re.fullmatch(r"[0-9]{18,22}", sim):
        root.fault("sim", "is no ICCID; write the 18 to 22 digits that `outpost sims` shows")
    return sim


def _again(root: Section) -> str:
    again, reason = root.flag("again", default=False), root.text("reason", "")
    if again and not reason:
        root.fault("again", 'needs a reason: add a line such as reason = "the first had a wrong helpline in it"')
    if reason and not again:
        root.fault("reason", "goes with again = true, which is missing; add it, or take the reason out")
    return shortened(reason, cells.MOST_REF) if again else ""


def _columns(root: Section, presets: Path) -> Mapping[str, str]:
    own = _map(root)
    name = root.text("preset", "")
    if not name:
        return own
    if not _PRESET_NAME.fullmatch(name):
        root.fault("preset", "is no preset's name; write it as its file in presets/ is called, without .toml")
        return own
    try:
        preset = _root((presets / f"{name}.toml").read_bytes(), f"presets/{name}.toml")
        columns = _map(preset)
        _done(preset, f"presets/{name}.toml")
    except OSError:
        known = ", ".join(sorted(path.stem for path in presets.glob("*.toml"))) or "none yet"
        root.fault("preset", f'is "{name}", and the spool has no presets/{name}.toml; presets here: {known}')
        return own
    except BadOrder as error:
        root.fault("preset", f"{name} has a mistake: {error.problems[0].reason}")
        return own
    return {**columns, **own}


def _map(root: Section) -> Mapping[str, str]:
    section = root.section("columns")
    found = {}
    for key in section.table:
        header = section.text(key, "")
        if header:
            found[field_name(key)] = header
    return found
