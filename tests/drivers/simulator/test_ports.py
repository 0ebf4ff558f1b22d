"""The simulated ports: names that go and return, SIMs that move, and lines that mistreat the bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
import serial


def test_unplug_removes_the_name_and_hangs_up_and_replug_brings_it_back(simulate, connect):
    simulator = simulate(2)
    port = Path(simulator.ports[0])
    terminal = connect(str(port))
    simulator.unplug(0)
    assert not port.is_symlink()
    with pytest.raises(OSError):
        terminal.until(b"never")
    assert connect(simulator.ports[1]).quiet()
    simulator.replug(0)
    again = connect(str(port))
    assert again.ask("AT+CNMI?") == ["+CNMI: 0,0,0,0,0"]  # without power it forgot


def test_a_modem_can_return_under_another_name(simulate, connect):
    simulator = simulate()
    before = Path(simulator.ports[0])
    simulator.unplug(0)
    simulator.replug(0, path="ttyUSB7")
    assert not before.exists()
    assert Path(simulator.ports[0]).name == "ttyUSB7"
    assert connect(simulator.ports[0]).ask("AT+CGSN") == ["001010000000016"]


def test_a_reboot_takes_the_port_away_for_a_while(simulate, connect, wait_for, happened):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.reboot(0, seconds=0.05)
    with pytest.raises(OSError):
        terminal.until(b"never")
    wait_for(lambda: happened(simulator, "replug"))
    assert connect(simulator.ports[0]).quiet()


def test_cfun_1_1_answers_and_then_the_port_goes(simulate, connect, wait_for, happened):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    terminal.ask("AT+CFUN=1,1")
    wait_for(lambda: happened(simulator, "unplug"))


def test_a_sim_keeps_its_storage_reference_and_mail_when_it_moves(simulate, connect):
    simulator = simulate(2)
    first, second = simulator.iccids
    terminal = connect(simulator.ports[0])
    terminal.text(report=False)
    simulator.inbound(first, "+447700900777", "Before the move")
    simulator.move_sim(first, 1)
    moved = connect(simulator.ports[1])
    assert moved.ask("AT+CCID") == [f"+CCID: {first}"]
    assert terminal.ask("AT+CCID") == [f"+CCID: {second}"]  # they changed places
    assert moved.text(report=False) == ["+CMGS: 1"]
    assert len(moved.ask("AT+CMGL=4")) == 2


def test_a_sim_can_be_taken_out(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.move_sim(simulator.iccids[0], None)
    terminal.ask("AT+CCID", "+CME ERROR: 10")


@pytest.mark.parametrize(
    "faults", [{"one_byte": True}, {"split_crlf": True}, {"late": 0.01}, {"one_byte": True, "late": 0.01}]
)
def test_slow_and_broken_up_lines_say_the_same(simulate, connect, faults):
    simulator = simulate()
    terminal = connect(simulator.ports[0], "AT+CNMI=2,1,0,1,0")
    simulator.transport(0, **faults)
    terminal.send(b"AT+CGMI\r")
    assert terminal.until(b"OK\r\n") == b"\r\nOutpost\r\n\r\nOK\r\n"
    assert terminal.text() == ["+CMGS: 0"]
    terminal.until(b"+CDS: ")


def test_noise_stands_between_lines_and_never_within_one(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.inbound(simulator.iccids[0], "+447700900777", "Hi")
    plain = terminal.ask("AT+CMGL=4")
    simulator.noise(on=True)
    noisy = terminal.ask("AT+CMGL=4")
    assert len(noisy) > len(plain)
    assert [line for line in noisy if not line.startswith(("^", "+ZUSIMR"))][1:] == plain[1:]
    terminal.send(b"AT+CMGS=20\r")
    assert terminal.until(b"> ").endswith(b"\r\n> ")
    terminal.send(b"\x1b")
    terminal.until(b"OK\r\n")
    simulator.noise(on=False)
    assert terminal.ask("AT+CGMI") == ["Outpost"]


def test_noise_right_behind_the_prompt_only_when_asked_for(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.noise(on=True, where="prompt")
    terminal.send(b"AT+CMGS=20\r")
    terminal.until(b"\r\n> ")
    assert len(terminal.until(b"\r\n") + terminal.until(b"\r\n")) > len(b"\r\n\r\n")


def test_garbage_stands_before_what_the_modem_says(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.transport(0, garbage=True)
    terminal.send(b"AT\r")
    assert terminal.until(b"OK\r\n").startswith(b"\xff")


def test_a_dead_port_opens_and_never_answers(simulate, connect):
    simulator = simulate()
    simulator.transport(0, dead=True)
    port = serial.Serial(simulator.ports[0], timeout=0.1)
    port.write(b"AT\r")
    assert port.read(1) == b""
    port.close()
    simulator.transport(0, dead=False)
    assert connect(simulator.ports[0]).quiet()


def test_what_does_not_exist_is_said(simulate):
    simulator = simulate()
    for act in (
        lambda: simulator.unplug(5),
        lambda: simulator.move_sim("123", 0),
        lambda: simulator.register(0, "happy"),
        lambda: simulator.transport(0, wet=True),
        lambda: simulator.noise(where="everywhere"),
    ):
        with pytest.raises(ValueError, match=r"no |one of"):
            act()


def test_stopping_takes_the_ports_away_and_may_be_done_twice(simulate):
    simulator = simulate(3)
    simulator.unplug(1)
    simulator.stop()
    assert not any(Path(port).is_symlink() for port in simulator.ports)
    simulator.stop()
