"""One simulated modem: its SIM, radio and memories, what it was told, and where it puts what the network brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.simulator.errors import AtError
from drivers.simulator.storage import Memory, tpdu_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.simulator.network import Network
    from drivers.simulator.sim import Sim, Waiting
    from drivers.simulator.timers import Timer

REGISTRATIONS = {"not registered": 0, "home": 1, "searching": 2, "denied": 3, "unknown": 4, "roaming": 5}  # 27.007 §7.2
NO_SIM, PIN_REQUIRED, PUK_REQUIRED = 310, 311, 316
CME_OF = {NO_SIM: 10, PIN_REQUIRED: 11, PUK_REQUIRED: 12}


@dataclass(slots=True)
class Settings:
    """What AT commands set, and what a loss of power takes back."""

    echo: bool = True
    cmee: int = 0
    cnmi: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    csms: int = 0
    cscs: str = "GSM"
    cmms: int = 0
    functionality: int = 1
    network_format: int = 0
    memories: list[str] = field(default_factory=lambda: ["SM", "SM", "SM"])
    registration_urc: dict[str, int] = field(default_factory=lambda: {"CREG": 0, "CGREG": 0, "CEREG": 0})


class Device:
    """A modem without its port. `urc` writes unasked lines to whoever has the port open."""

    manufacturer = "Outpost"
    model = "Simulated GSM modem"
    firmware = "1.0"

    def __init__(self, imei: str, network: Network, *, memory_slots: int = 100, ack_timeout: float = 15.0) -> None:
        self.imei = imei
        self.network = network
        self.sim: Sim | None = None
        self.powered = True
        self.registration = "home"
        self.signal_dbm: int | None = -73
        self.settings = Settings()
        self.urc: Callable[..., None] = lambda *_lines: None
        self.reboot: Callable[[], None] = lambda: None
        self._own = {"ME": Memory("ME", memory_slots), "SR": Memory("SR", memory_slots)}
        self._ack_timeout = ack_timeout
        self._unacknowledged: tuple[Sim, Waiting, Timer] | None = None

    # -- SIM and radio

    def insert(self, sim: Sim | None) -> None:
        """Change the SIM; None takes it out. Without power meanwhile, it asks for its PIN again."""
        self._forget_unacknowledged()
        if self.sim is not None:
            self.sim.handset = None
            self.sim.power_off()
        self.sim = sim
        if sim is not None:
            sim.handset = self
        self.wake()

    def power_off(self) -> None:
        """Lose power: all settings and the PIN go, the memories stay."""
        self.powered = False
        self._forget_unacknowledged()
        self.settings = Settings()
        if self.sim is not None:
            self.sim.power_off()

    def power_on(self) -> None:
        """Have power again, and be found by the network."""
        self.powered = True
        self.wake()

    def wake(self) -> None:
        """Something changed for the better: let the network bring what waits."""
        if self.sim is not None:
            self.network.hand_over(self.sim)

    @property
    def radio(self) -> str:
        """The registration as it is now, whatever the network would grant."""
        if not self.powered or self.settings.functionality != 1:
            return "not registered"
        if self.sim is None or self.sim.state != "READY":
            return "not registered"
        return self.registration

    def reachable(self) -> bool:
        """Whether the network can bring anything."""
        return self.radio in ("home", "roaming")

    def register(self, state: str) -> None:
        """The network changes its mind about this modem. Raises ValueError for a state that does not exist."""
        if state not in REGISTRATIONS:
            raise ValueError(f"no registration {state!r}; there are: {', '.join(REGISTRATIONS)}")
        self.registration = state
        self.tell_registration()
        self.wake()

    def tell_registration(self) -> None:
        """`+CREG:` and its like, for those that asked to be told."""
        for name, mode in self.settings.registration_urc.items():
            if mode:
                self.urc(f"+{name}: {REGISTRATIONS[self.radio]}")

    # -- memories

    def need_sim(self, kind: str = "CMS") -> Sim:
        """The unlocked SIM. Raises AtError: CMS 310, 311, 316, or CME 10, 11, 12."""
        state = None if self.sim is None else self.sim.state
        if self.sim is not None and state == "READY":
            return self.sim
        code = NO_SIM if state is None else PIN_REQUIRED if state == "SIM PIN" else PUK_REQUIRED
        raise AtError(kind, code if kind == "CMS" else CME_OF[code])

    def memory(self, name: str) -> Memory:
        """The memory of that name. Raises AtError when there is no SIM for "SM"."""
        return self.need_sim().storage if name == "SM" else self._own[name]

    def selected(self, use: int) -> Memory:
        """The memory for reading (0), writing (1) or receiving (2), as `AT+CPMS` chose it."""
        return self.memory(self.settings.memories[use])

    # -- what the network brings

    def take(self, item: Waiting) -> str | None:
        """Pass a PDU on or keep it, as `AT+CNMI` says; None when it must wait (27.005 §3.4.1)."""
        mode, mt, _, ds, _ = self.settings.cnmi
        report = item.kind == "report"
        if mode and (ds == 1 if report else mt == 2):
            return self._pass_on(item, "+CDS" if report else "+CMT")
        memory = self.memory("SR") if report else self.selected(2)
        index = memory.add(item.pdu)
        if index is None:
            return None
        if mode and (ds if report else mt):
            self.urc(f'{"+CDSI" if report else "+CMTI"}: "{memory.name}",{index}')
        return f"{memory.name} {index}"

    def _pass_on(self, item: Waiting, prefix: str) -> str | None:
        if self._unacknowledged is not None:
            return None
        if self.settings.csms == 1 and self.sim is not None:
            timer = self.network.timers.after(self._ack_timeout, self._not_acknowledged)
            self._unacknowledged = (self.sim, item, timer)
        length = tpdu_length(item.pdu)
        self.urc(f"{prefix}: {length}" if prefix == "+CDS" else f"{prefix}: ,{length}", item.pdu)
        return prefix

    def acknowledge(self) -> bool:
        """`AT+CNMA`: what was passed on is safe. False when nothing waits for it."""
        if self._unacknowledged is None:
            return False
        sim, item, timer = self._unacknowledged
        timer.cancel()
        self._unacknowledged = None
        self.network.log.write("ack", iccid=sim.iccid, imei=self.imei, kind=item.kind, **item.fields)
        self.wake()
        return True

    def _not_acknowledged(self) -> None:
        self._forget_unacknowledged()
        self.wake()

    def _forget_unacknowledged(self) -> None:
        if self._unacknowledged is not None:
            sim, item, timer = self._unacknowledged
            timer.cancel()
            self._unacknowledged = None
            self.network.put_back(sim, item)


def imei(index: int) -> str:
    """The `index`-th IMEI, with its Luhn digit (23.003 annex B). 00101 is the test range of type allocation codes."""
    body = f"00101{index + 1:09d}"
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(body)]
    return f"{body}{-sum(value - 9 if value > 9 else value for value in doubled) % 10}"
