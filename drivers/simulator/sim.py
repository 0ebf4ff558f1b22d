"""A simulated SIM: who it is, its PIN, its storage, and what the network holds for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

from drivers.simulator.errors import AtError
from drivers.simulator.storage import Memory

PIN_TRIES = 3
INCORRECT_PASSWORD = 16
PUK_REQUIRED = 12


@dataclass(slots=True)
class Waiting:
    """A PDU on its way to a SIM. `kind` is "report" or "deliver"; `fields` describe it in the log."""

    kind: str
    pdu: str
    fields: dict[str, Any] = field(default_factory=dict)
    told_waiting: bool = False


class Handset(Protocol):
    """The modem that a SIM sits in, as the network sees it."""

    imei: str

    def reachable(self) -> bool:
        """Switched on, registered, and the SIM unlocked."""
        ...

    def take(self, item: Waiting) -> str | None:
        """Hand a PDU over: where it went ("SM 3", "+CDS"), or None when it must wait."""
        ...


@dataclass(frozen=True, slots=True)
class SimSettings:
    """One entry of a SIM file. `modem` is the modem's index, None for a spare SIM; `pin` None asks for none."""

    iccid: str
    imsi: str
    number: str
    modem: int | None = None
    pin: str | None = None
    puk: str = "12345678"
    smsc: str = "+447700900000"
    slots: int = 40
    first_mr: int = 0


def default_settings(index: int, modem: int | None) -> SimSettings:
    """The `index`-th SIM of a simulator that was told nothing: its number is one that Ofcom keeps for drama."""
    return SimSettings(
        iccid=f"89441{index + 1:014d}",
        imsi=f"23410{index + 1:010d}",
        number=f"+447700900{999 - index % 1000:03d}",
        modem=modem,
    )


def settings_from(entry: Mapping[str, Any], index: int, modems: int) -> SimSettings:
    """One entry of a SIM file over the defaults of its place; those beyond the modems are spare.

    Raises ValueError, naming the entry and the key.
    """
    known = {item.name for item in fields(SimSettings)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ValueError(f"SIM {index + 1}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    default = default_settings(index, index if index < modems else None)
    settings = replace(default, **entry)
    if settings.modem is not None and settings.modem not in range(modems):
        raise ValueError(f"SIM {index + 1}: no modem {settings.modem}; there are {modems}, counted from 0")
    return settings


@dataclass(slots=True)
class Sim:
    """A SIM in use. `mr` is the TP-Message-Reference of its next submit; it wraps at 256 (23.040 §9.2.3.6)."""

    settings: SimSettings
    mr: int = 0
    smsc: str = ""
    pin: str | None = None
    unlocked: bool = False
    tries: int = PIN_TRIES
    storage: Memory = field(default_factory=lambda: Memory("SM", 40))
    waiting: deque[Waiting] = field(default_factory=deque)
    handset: Handset | None = None

    @classmethod
    def new(cls, settings: SimSettings) -> Sim:
        """A fresh SIM, as these settings say."""
        memory = Memory("SM", settings.slots)
        return cls(settings, settings.first_mr, settings.smsc, settings.pin, storage=memory)

    @property
    def iccid(self) -> str:
        return self.settings.iccid

    @property
    def state(self) -> str:
        """The answer to `AT+CPIN?` (27.007 §8.3)."""
        if self.pin is None or self.unlocked:
            return "READY"
        return "SIM PIN" if self.tries else "SIM PUK"

    def next_mr(self) -> int:
        """Take the next reference."""
        mr = self.mr
        self.mr = (mr + 1) % 256
        return mr

    def enter_pin(self, pin: str) -> None:
        """Try to unlock. Three wrong ones in a row and only the PUK helps. Raises AtError (CME 16 or 12)."""
        if self.state == "SIM PUK":
            raise AtError("CME", PUK_REQUIRED)
        if pin != self.pin:
            self.tries -= 1
            raise AtError("CME", INCORRECT_PASSWORD)
        self.unlocked, self.tries = True, PIN_TRIES

    def enter_puk(self, puk: str, new_pin: str) -> None:
        """Unlock with the PUK and set a new PIN. Raises AtError (CME 16)."""
        if puk != self.settings.puk:
            raise AtError("CME", INCORRECT_PASSWORD)
        self.pin, self.unlocked, self.tries = new_pin, True, PIN_TRIES

    def power_off(self) -> None:
        """Without power a SIM forgets that its PIN was given, and nothing else."""
        self.unlocked = False
