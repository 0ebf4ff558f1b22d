"""The AT channel without a port: the same bytes mean the same however they are cut, and no bytes break it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.at import Channel
from drivers.simulator.device import Device
from drivers.simulator.faults import Transport
from drivers.simulator.log import NetworkLog
from drivers.simulator.network import Network
from drivers.simulator.sim import Sim, default_settings
from drivers.simulator.timers import Timers

PDU = b"0021000C9144770009103200000548656C6C6F"  # 18 octets behind that of the SMSC; it asks for a status report
SUBMIT = b"AT+CMGS=18\r" + PDU + b"\x1a"
COMMANDS = st.sampled_from([
    SUBMIT,
    b"AT\r", b"ATE0\r", b"ATE1\r", b"AT+CMEE=2\r", b"AT+CNMI=2,1,0,1,0\r", b"AT+CREG?;+CSQ\r", b"AT+CMGS=18\r",
    b"AT+CMGS=9\r", PDU + b"\x1a", PDU[:9], b"\x1a", b"\x1b", b"\r\n", b"\b", b"AT+CPIN=1\r",
    b'AT+CPMS="SR"\r', b"ATZ\r", b"AT+CMGL=4\r",
])  # fmt: skip


class Bench:
    """A channel whose clock stands still."""

    def __init__(self) -> None:
        self.said = b""
        self.timers = Timers(lambda: 0.0)
        network = Network(self.timers, NetworkLog(clock=lambda: 0.0, wall=lambda: 1.7e9))
        sim = Sim.new(default_settings(0, 0))
        network.add(sim)
        device = Device("001010000000016", network)
        device.insert(sim)
        self.channel = Channel(device, Transport(), self.hear, lambda _seconds: None)
        self.log = network.log

    def hear(self, data: bytes) -> None:
        self.said += data

    def feed(self, pieces: list[bytes]) -> tuple[bytes, list[object]]:
        for piece in pieces:
            self.channel.feed(piece)
        self.timers.run_due()
        return self.said, list(self.log.events)


@given(st.lists(COMMANDS | st.binary(max_size=8), max_size=12).map(b"".join), st.lists(st.integers(1, 9)))
def test_bytes_mean_the_same_however_they_are_cut(data, cuts):
    pieces, rest = [], data
    for cut in cuts:
        pieces, rest = [*pieces, rest[:cut]], rest[cut:]
    whole = Bench().feed([data])
    assert Bench().feed([*pieces, rest]) == whole
    assert Bench().feed([data[i : i + 1] for i in range(len(data))]) == whole


def test_a_submit_needs_no_port():
    said, log = Bench().feed([b"AT+CNMI=2,1,0,1,0\r", SUBMIT])
    assert b"+CMGS: 0\r\n\r\nOK\r\n\r\n+CDS: " in said
    assert [event["event"] for event in log] == ["submit", "answer", "report"]


@given(st.lists(st.text(st.characters(codec="latin-1"), max_size=30), max_size=5))
def test_no_command_line_breaks_it(lines):
    bench = Bench()
    bench.feed([f"AT+{line}\r".encode("latin-1") for line in lines] + [b"\x1b\rATE0\r"])
    bench.said = b""
    bench.channel.feed(b"AT\r")
    assert bench.said == b"\r\nOK\r\n"


@pytest.mark.parametrize(
    "name", ["CPIN", "CNMI", "CPMS", "CMGD", "CMGR", "CMGL", "CSCA", "CUSD", "COPS", "CFUN", "CMGS", "CSCS"]
)
@given(st.text('0129,"?=;+ SMx', max_size=12))
def test_no_argument_breaks_it(name, arguments):
    bench = Bench()
    bench.feed([f"AT+{name}={arguments}\r".encode()])
    assert bench.said.startswith(f"AT+{name}".encode())
