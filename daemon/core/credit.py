"""How much credit a SIM has left, by the words of its network."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"-?\d[\d.,\s]*")
_DECIMALS: Final = re.compile(r"[.,](\d{1,2})$")


def amount(pattern: str, text: str) -> float | None:
    """The amount that `pattern` finds in a network's answer: its first group, or all of it without one.

    Both ways of writing thousands and decimals are read: 1,234.50 and 1.234,50. None when there is no number.
    """
    found = re.search(pattern, text)
    number = _NUMBER.search((found[1] if found.re.groups else found[0]) or "") if found else None
    if number is None:
        return None
    said = re.sub(r"\s", "", number[0]).rstrip(".,")
    decimals = _DECIMALS.search(said)
    whole = re.sub(r"[.,]", "", said[: decimals.start()] if decimals else said)
    return float(f"{whole}.{decimals[1] if decimals else 0}")
