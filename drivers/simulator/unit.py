"""One simulated modem as a thing on the table: device, AT channel and port, pulled out and put back together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from drivers.simulator.at import Channel
from drivers.simulator.faults import Transport
from drivers.simulator.port import Port

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.simulator.device import Device
    from drivers.simulator.loop import Loop
    from drivers.simulator.network import Network

REBOOT_SECONDS = 1.0
RESTART = b"AT+CFUN=1,1"


class Unit:
    """One modem as a thing on the table: device, AT channel and port."""

    def __init__(self, device: Device, link: Path, loop: Loop, network: Network) -> None:
        self.device = device
        self.transport = Transport()
        self.port = Port(link, loop, network.timers, self.transport, network.random)
        self.channel = Channel(device, self.transport, self.port.send, self.drop)
        self.port.receive = self._hear
        self._network = network
        device.reboot = partial(self.drop, REBOOT_SECONDS)
        self.port.plug()

    def _hear(self, data: bytes) -> None:
        if not self.transport.hung:
            self.channel.feed(data)
        elif RESTART in data:
            self.transport.hung = False
            self.device.reboot()

    def unplug(self) -> None:
        """Pull it out: no power, no port."""
        if self.port.plugged:
            self.port.unplug()
            self.channel.power_off()
            self.device.power_off()
            self._network.log.write("unplug", imei=self.device.imei)

    def replug(self) -> None:
        """Put it back."""
        if not self.port.plugged:
            self._network.log.write("replug", imei=self.device.imei, port=str(self.port.link))
            self.port.plug()
            self.device.power_on()

    def drop(self, seconds: float) -> None:
        """Vanish now; return after `seconds`, or not at all when 0."""
        self.unplug()
        if seconds > 0:
            self._network.timers.after(seconds, self.replug)
