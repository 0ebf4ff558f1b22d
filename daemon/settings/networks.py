"""Reads tables that are named by a home network, such as [credit.networks.23410]."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import TypeVar

from daemon.settings.section import Section

T = TypeVar("T")


def by_network(section: Section, read: Callable[[Section], T]) -> MappingProxyType[str, T]:
    """What `read` makes of each inner table, by MCC and MNC together. A name that is neither is a fault."""
    found: dict[str, T] = {}
    for network in section.table:
        value = read(section.section(network))
        if re.fullmatch(r"[0-9]{5,6}", network):
            found[network] = value
        else:
            section.fault(network, "is no network; write MCC and MNC together, 5 or 6 digits, such as "
                                   f"[{'.'.join(section.path)}.23410]")
    return MappingProxyType(found)
