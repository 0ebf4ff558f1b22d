"""Finds where people who are to be forgotten are still mentioned, in whatever spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_ALIKE: Final = 9    # +447700900123 and 07700 900123 agree in these digits
_SHORTEST: Final = 7  # fewer digits are no one's number
_BETWEEN: Final = re.compile(r"(?<=\d)[ \u00a0().\u2010-\u2015-]{1,3}(?=\d)")
_RUN: Final = re.compile(rf"\d{{{_SHORTEST},}}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")


class Forgotten:
    """People by their numbers: MSISDNs, or cells as they were written."""

    def __init__(self, numbers: Iterable[str]) -> None:
        digits = {_digits(number) for number in numbers}
        self._whole = {number for number in digits if len(number) >= _SHORTEST}
        self._ends = {number[-_ALIKE:] for number in self._whole}
        self._lengths = sorted({len(number) for number in self._whole})

    def __bool__(self) -> bool:
        return bool(self._whole)

    def are_in(self, text: str) -> bool:
        """Whether one of them is mentioned: in digits, or in a PDU's semi-octets (3GPP 23.040, 9.1.2.3)."""
        if any(run[0][-_ALIKE:] in self._ends for run in _RUN.finditer(_BETWEEN.sub("", text))):
            return True
        return any(self._in_semi_octets(run[0]) for run in _HEX.finditer(text))

    def _in_semi_octets(self, octets: str) -> bool:
        swapped = "".join(octets[place + 1] + octets[place] for place in range(0, len(octets), 2))
        return any(
            run[0][start : start + length] in self._whole
            for run in _RUN.finditer(swapped)
            for length in self._lengths
            for start in range(len(run[0]) - length + 1)
        )


def _digits(number: str) -> str:
    return "".join(character for character in number if character in "0123456789")
