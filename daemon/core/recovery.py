"""What to do about a modem that answers nothing: a ladder of stronger and stronger means, climbed slowly."""

from __future__ import annotations

from enum import StrEnum


class Rung(StrEnum):
    """One means. ESC and a new question come before all of them: the driver does so by itself."""

    REOPEN = "close and open the port"
    RESTART = "restart by command"
    REPLUG = "USB socket off and on"
    ALARM = "a person must look"


_FIRST = {3: Rung.RESTART, 5: Rung.REPLUG, 7: Rung.ALARM}
"""What follows the n-th silence in a row. Between two means the modem has a round to start in."""
_LATER = 32
"""After that, restarts are rare and get rarer: at the 32nd silence, the 64th, the 128th, and so on."""

PAUSES = (1.0, 2.0, 4.0, 7.0, 8.0)
"""Seconds before each new try, growing. The last repeats: a cured modem is found within fifteen seconds, the seconds
that a try takes included."""


def rung(silences: int) -> Rung:
    """The means after so many silences in a row, counted from 1."""
    if silences < _LATER:
        return _FIRST.get(silences, Rung.REOPEN)
    power = 1 << (silences.bit_length() - 1)
    return {0: Rung.RESTART, 2: Rung.REPLUG}.get(silences - power, Rung.REOPEN)


def pause(tries: int) -> float:
    """Seconds to wait after so many tries in a row that failed, counted from 1."""
    return PAUSES[min(tries, len(PAUSES)) - 1]
