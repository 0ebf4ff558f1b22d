"""Gives a SIM its PIN out of a file, at most once for each value: the third wrong one would lock the SIM for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from daemon.clock import Clock
from daemon.settings import Settings
from daemon.store.pins import PinState, PinTries
from drivers.modem import SimUnavailable


class PinFiles:
    """The `Pins` of the driver: see drivers/modem.py for what each method promises."""

    def __init__(self, settings: Callable[[], Settings], tries: PinTries, clock: Clock) -> None:
        self._settings = settings
        self._tries = tries
        self._clock = clock

    def find(self, iccid: str, imei: str) -> str | None:
        settings = self._settings()
        sim = settings.sims.get(iccid)
        file = (sim.pin_file if sim else None) or settings.modems.pin_file
        if file is None:
            return None
        pin = _read(file, iccid)
        known = self._tries.known(iccid, imei, pin)
        if known in {None, PinState.RIGHT}:
            return pin
        said = "was wrong" if known is PinState.WRONG else "was given, and its answer is not known"
        again = f"If it is right, `outpost sim pin-again {iccid or 'ICCID'}` lets it be tried once more"
        raise SimUnavailable(
            f"wrong PIN: the one in {file} {said}; it is not tried again, since the third wrong one locks the SIM. "
            f"Check it with the SIM in a telephone and correct the file. {again}.",
            "locked", iccid,
        )  # fmt: skip

    def trying(self, iccid: str, imei: str, pin: str) -> None:
        self._tries.note(iccid, imei, pin, PinState.TRIED, self._clock.now())

    def settled(self, iccid: str, imei: str, pin: str, *, right: bool) -> None:
        self._tries.note(iccid, imei, pin, PinState.RIGHT if right else PinState.WRONG, self._clock.now())


def _read(file: Path, iccid: str) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError as error:
        raise SimUnavailable(
            f"the SIM asks for its PIN, and {file} cannot be read: {error.strerror}. Check pin_file, and that the "
            "service's user may read it.",
            "locked", iccid,
        ) from None  # fmt: skip
