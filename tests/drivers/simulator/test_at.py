"""The simulated modem's AT channel, as seen through its port."""

from __future__ import annotations

import pytest
import serial


@pytest.fixture
def modem(simulate, connect):
    return connect(simulate().ports[0])


def test_identity_is_plausible_and_distinct(simulate, connect):
    ports = simulate(2).ports
    imeis = [connect(port).ask("AT+CGSN")[0] for port in ports]
    assert len(set(imeis)) == 2
    for imei in imeis:
        doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(imei)]
        assert sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT", []),
        ("AT+CGMI", ["Outpost"]),
        ("AT+CGMM", ["Simulated GSM modem"]),
        ("AT+CCID", ["+CCID: 8944100000000000001"]),
        ("AT+CIMI", ["234100000000001"]),
        ("AT+CNUM", ['+CNUM: "","+447700900999",145']),
        ("AT+CPIN?", ["+CPIN: READY"]),
        ("AT+CREG?", ["+CREG: 0,1"]),
        ("AT+CEREG?", ["+CEREG: 0,1"]),
        ("AT+CSQ", ["+CSQ: 20,99"]),
        ("AT+COPS?", ['+COPS: 0,0,"Training",7']),
        ("AT+CMGF?", ["+CMGF: 0"]),
        ("AT+CFUN?", ["+CFUN: 1"]),
        ("AT+CSMS=1", ["+CSMS: 1,1,1"]),
        ("AT+CNMI=?", ["+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)"]),
        ("AT+CPMS?", ['+CPMS: "SM",0,40,"SM",0,40,"SM",0,40']),
        ('AT+CPMS="SR","ME","SM"', ["+CPMS: 0,100,0,100,0,40"]),
        ("AT+CSCA?", ['+CSCA: "+447700900000",145']),
        ("AT+CMMS=2", []),
        ('AT+CSCS="UCS2"', []),
        ("ATI", ["Outpost", "Simulated GSM modem", "Revision: 1.0", "IMEI: 001010000000016"]),
        ("AT+CREG=1;+CREG?", ["+CREG: 1,1"]),
        ("at+cgmi", ["Outpost"]),
    ],
)
def test_answers(modem, command, answer):
    assert modem.ask(command) == answer


def test_clac_lists_what_is_understood(modem):
    assert {"+CMGS", "+CNMI", "+CPIN"} <= set(modem.ask("AT+CLAC"))


@pytest.mark.parametrize("command", ["AT+NONSENSE", "AT^CURC=0", "AT+CMGS?x", "ATD123;"])
def test_unknown_is_an_error(modem, command):
    assert modem.ask(command, "ERROR") == []


@pytest.mark.parametrize(
    ("mode", "final"), [(0, "ERROR"), (1, "+CMS ERROR: 321"), (2, "+CMS ERROR: invalid memory index")]
)
def test_cmee_says_how_errors_are_told(modem, mode, final):
    modem.ask(f"AT+CMEE={mode}")
    assert modem.ask("AT+CMGR=999", final) == []


def test_echo_until_it_is_switched_off(simulate, connect):
    terminal = connect(simulate().ports[0])
    terminal.ask("ATE1")
    terminal.send(b"AT\r")
    assert terminal.until(b"OK\r\n") == b"AT\r\r\nOK\r\n"
    terminal.ask("ATE0")
    terminal.send(b"AT\r")
    assert terminal.until(b"OK\r\n") == b"\r\nOK\r\n"


def test_forced_echo_cannot_be_switched_off(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.transport(0, forced_echo=True)
    terminal.ask("ATE0")
    terminal.send(b"AT\r")
    assert terminal.until(b"OK\r\n").startswith(b"AT\r")


def test_commands_may_come_one_byte_at_a_time(modem):
    for byte in b"AT+CGMI\r":
        modem.send(bytes([byte]))
    assert b"Outpost" in modem.until(b"OK\r\n")


def test_lines_without_at_are_not_answered(modem):
    modem.send(b"0011000A9100\x1a\x1b hello\r")
    assert modem.quiet()


def test_ussd(modem):
    modem.ask('AT+CUSD=1,"*100#",15')
    assert b'+CUSD: 0,"Your balance is 10.00",15' in modem.until(b",15\r\n")


def test_the_port_is_exclusive_as_any_tty(simulate, connect):
    simulator = simulate()
    connect(simulator.ports[0])
    with pytest.raises(serial.SerialException):
        serial.Serial(simulator.ports[0], exclusive=True)


def test_a_sim_with_a_pin_must_be_unlocked(simulate, connect):
    simulator = simulate(sims=[{"pin": "1234"}])
    terminal = connect(simulator.ports[0])
    assert terminal.ask("AT+CPIN?") == ["+CPIN: SIM PIN"]
    assert terminal.ask("AT+CCID") == ["+CCID: 8944100000000000001"]
    assert terminal.ask("AT+CREG?") == ["+CREG: 0,0"]
    terminal.ask("AT+CMGS=20", "+CMS ERROR: 311")
    terminal.ask("AT+CPIN=9999", "+CME ERROR: 16")
    terminal.ask('AT+CPIN="1234"')
    assert terminal.ask("AT+CREG?") == ["+CREG: 0,1"]


def test_three_wrong_pins_and_only_the_puk_helps(simulate, connect):
    terminal = connect(simulate(sims=[{"pin": "1234", "puk": "87654321"}]).ports[0])
    for _ in range(3):
        terminal.ask("AT+CPIN=9999", "+CME ERROR: 16")
    assert terminal.ask("AT+CPIN?") == ["+CPIN: SIM PUK"]
    terminal.ask("AT+CPIN=1234", "+CME ERROR: 12")
    terminal.ask("AT+CPIN=87654321,4321")
    assert terminal.ask("AT+CPIN?") == ["+CPIN: READY"]


def test_without_a_sim(simulate, connect):
    terminal = connect(simulate(sims=[]).ports[0])
    terminal.ask("AT+CPIN?", "+CME ERROR: 10")
    terminal.ask("AT+CMGS=20", "+CMS ERROR: 310")


def test_registration_is_told_when_asked_for(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0], "AT+CREG=1")
    simulator.register(0, "denied")
    terminal.until(b"+CREG: 3\r\n")
    assert terminal.ask("AT+CREG?") == ["+CREG: 1,3"]
    assert terminal.ask("AT+COPS?") == ["+COPS: 0"]
    terminal.ask("AT+CREG=0")
    simulator.register(0, "home")
    assert terminal.quiet()
