"""Reads the limits of [throttle], of one network or of one SIM: those that a table sets, and no others."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

from daemon.core.spans import DAY
from daemon.core.throttle import Limits
from daemon.settings.section import Section
from daemon.settings.values import Overrides

_MOST = 1_000_000


def limits_of(section: Section) -> Overrides:
    """The limits that a table sets, by name; those that it leaves out are not in the answer."""
    found: dict[str, float] = {}
    for name in (field.name for field in dataclasses.fields(Limits)):
        value = section.number(name, -1, 0, DAY) if name == "min_gap_seconds" else section.whole(name, -1, 0, _MOST)
        if value >= 0:
            found[name] = value
    return MappingProxyType(found)
