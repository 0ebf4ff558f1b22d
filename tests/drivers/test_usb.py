"""What is made of the USB devices that the kernel shows: which are modems, which port is theirs, who holds it."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from drivers import ladder, quirks, usb
from drivers.discovery import Finder
from drivers.port import why_taken
from drivers.types import ModemIdentity
from drivers.usb_ids import NO_MODEM_YET

E173 = ("12d1:1436", "HUAWEI Mobile",
        [(0, "ff/ff/ff", "ttyUSB0"), (1, "ff/ff/ff", ""), (3, "ff/ff/ff", "ttyUSB1"), (4, "ff/ff/ff", "ttyUSB2")])
E3372 = ("12d1:1506", "HUAWEI_MOBILE HUAWEI_MOBILE",
         [(0, "ff/02/01", "ttyUSB0"), (1, "ff/02/16", ""), (2, "ff/02/02", "ttyUSB1")])
MF190 = ("19d2:0117", "ZTE,Incorporated ZTE WCDMA Technologies MSM",
         [(0, "ff/ff/ff", "ttyUSB0"), (1, "ff/ff/ff", "ttyUSB1"), (2, "ff/ff/ff", "ttyUSB2"), (3, "08/06/50", "")])
EC25 = ("2c7c:0125", "Quectel EC25-E",
        [(0, "ff/ff/ff", "ttyUSB0"), (1, "ff/00/00", "ttyUSB1"), (2, "ff/00/00", "ttyUSB2"), (3, "ff/00/00", "ttyUSB3"),
         (4, "ff/ff/ff", "")])
SIM7600 = ("1e0e:9001", "SimTech SimTech, Incorporated",
           [(number, "ff/00/00" if number else "ff/ff/ff", f"ttyUSB{number}") for number in range(5)])
SARA = ("1546:1102", "u-blox Wireless Module",
        [(0, "02/02/01", "ttyACM0"), (1, "0a/00/00", ""), (2, "02/02/01", "ttyACM1"), (4, "02/02/01", "ttyACM2")])
MC7455 = ("1199:9071", "Sierra Wireless MC7455", [(0, "ff/ff/ff", "ttyUSB0"), (2, "ff/ff/ff", "ttyUSB1"),
                                                  (3, "ff/00/00", "ttyUSB2"), (8, "02/0e/00", "")])
UEVENT = Path("/sys/class/tty/console/uevent")
ARDUINO = ("2341:0043", "Arduino Uno", [(0, "02/02/01", "ttyACM0"), (1, "0a/00/00", "")])
GPS = ("1546:01a7", "u-blox 7 GPS/GNSS Receiver", [(0, "02/02/01", "ttyACM0"), (1, "0a/00/00", "")])
ADAPTER = ("1a86:7523", "QinHeng HL-340", [(0, "ff/01/02", "ttyUSB0")])


@pytest.fixture
def tree(usb_tree, tmp_path):
    return usb_tree(tmp_path)


def only(tree):
    (stick,) = usb.sticks(tree.root)
    return stick


@pytest.mark.parametrize(("device", "ttys"), [
    (E3372, ["ttyUSB1"]),
    (MF190, ["ttyUSB1", "ttyUSB2"]),
    (EC25, ["ttyUSB2", "ttyUSB3"]),
    (SIM7600, ["ttyUSB2", "ttyUSB3"]),
    (SARA, ["ttyACM0", "ttyACM1", "ttyACM2"]),
    (MC7455, ["ttyUSB2"]),
], ids=lambda value: value[1] if isinstance(value, tuple) else "")
def test_the_port_is_known_by_the_facts_of_its_interface(tree, device, ttys):
    tree.plug("1-1.2", *device)
    stick = only(tree)
    assert stick.sure
    assert stick.ports == tuple(str(tree.root / "dev" / tty) for tty in ttys)
    assert stick.device.place == "1-1.2"
    assert stick.device.name == device[1]


def test_where_the_facts_do_not_tell_the_ports_of_that_stick_are_to_be_asked(tree):
    tree.plug("1-1", *E173)
    stick = only(tree)
    assert not stick.sure
    assert stick.ports == tuple(str(tree.root / "dev" / tty) for tty in ("ttyUSB0", "ttyUSB1", "ttyUSB2"))


def test_of_a_known_maker_those_that_say_they_take_at_commands_come_first(tree):
    tree.plug("1-1", "1e2d:0053", "Cinterion PH8", [(0, "ff/ff/ff", "ttyUSB0"), (2, "02/02/01", "ttyACM0")])
    assert [port.rpartition("/")[2] for port in only(tree).ports] == ["ttyACM0", "ttyUSB0"]


@pytest.mark.parametrize("device", [ARDUINO, GPS, ADAPTER], ids=lambda device: device[1])
def test_what_is_not_known_as_a_modem_is_left_alone(tree, device):
    tree.plug("1-1", *device)
    assert usb.devices(tree.root)[0].interfaces
    assert usb.sticks(tree.root) == []


@pytest.mark.parametrize("ids", NO_MODEM_YET, ids=":".join)
def test_a_stick_that_is_no_modem_yet_is_named_with_its_cure(tree, ids):
    tree.plug("1-1", ":".join(ids), "HUAWEI Mobile", [(0, "08/06/50", "")])
    stick = only(tree)
    assert stick.ports == ()
    assert ":".join(ids) in stick.why_not
    assert "1-1" in stick.why_not
    assert "usb-modeswitch" in stick.why_not or "HiLink" in stick.why_not


def test_a_known_storage_id_that_has_ports_is_a_modem(tree):
    tree.plug("1-1", "12d1:1446", "HUAWEI Mobile", [(0, "ff/01/01", "ttyUSB0"), (1, "ff/01/02", "ttyUSB1")])
    assert only(tree).ports == (str(tree.root / "dev/ttyUSB1"),)


def test_several_devices_and_one_that_is_plugged_in_again(tree):
    tree.plug("1-1", *E3372)
    tree.plug("1-2", "2c7c:0125", "Quectel EC25-E", [(2, "ff/00/00", "ttyUSB7")])
    tree.plug("1-3", *ARDUINO)
    first, second = usb.sticks(tree.root)
    assert (first.device.place, second.ports) == ("1-1", (str(tree.root / "dev/ttyUSB7"),))
    tree.unplug("1-1")
    assert usb.sticks(tree.root) == [second]
    tree.plug("1-1", *E3372)
    again, _ = usb.sticks(tree.root)
    assert again.ports == first.ports
    assert again.device != first.device


def test_a_machine_without_usb(tmp_path):
    assert usb.sticks(tmp_path) == []
    assert usb.holders("/dev/ttyUSB0", tmp_path) == []


def test_a_port_belongs_to_its_device(tree):
    tree.plug("1-1.4", *SARA)
    assert usb.device_of("/dev/ttyACM1", tree.root).name == "1-1.4"
    assert usb.device_of("/dev/ttyS0", tree.root) is None


class TestWhoHoldsThePort:
    def test_modem_manager_is_named_with_the_rule_that_keeps_it_away(self, tree):
        tree.plug("1-1", *E3372)
        tree.run(71, "ModemManager", ["/dev/null", "/dev/ttyUSB1"])
        why = why_taken("/dev/ttyUSB1", tree.root)
        assert "ModemManager" in why
        assert 'ATTRS{idVendor}=="12d1", ENV{ID_MM_DEVICE_IGNORE}="1"' in why
        assert "udevadm" in why

    def test_a_modem_manager_whose_files_are_hidden_is_named_too(self, tree):
        tree.run(71, "ModemManager")
        assert "ModemManager" in why_taken("/dev/ttyUSB1", tree.root)

    def test_another_program_is_named_and_modem_manager_is_not(self, tree):
        tree.run(71, "ModemManager", ["/dev/ttyUSB0"])
        tree.run(72, "minicom", ["/dev/ttyUSB1"])
        why = why_taken("/dev/ttyUSB1", tree.root)
        assert "minicom" in why
        assert "ModemManager" not in why

    def test_nobody(self, tree):
        tree.run(72, "minicom", ["/dev/ttyUSB1"])
        assert why_taken("/dev/ttyUSB0", tree.root) is None


class TestLadder:
    def test_the_usb_device_is_switched_off_and_on(self, tree):
        tree.plug("1-1", *E3372)
        authorized = tree.root / "sys/devices/usb1/1-1/authorized"
        authorized.write_text("?")
        assert ladder.replug("/dev/ttyUSB1", tree.root)
        assert authorized.read_text() == "1"

    def test_not_where_it_is_no_usb_port(self, tree):
        assert not ladder.replug("/dev/ttyS0", tree.root)

    @pytest.mark.parametrize(("maker", "command"), [("", "AT+CFUN=1,1"), ("WAVECOM MODEM", "AT+CFUN=1")])
    def test_a_mute_modem_is_told_to_restart_after_an_esc(self, peer, monkeypatch, maker, command):
        monkeypatch.setattr(ladder, "RESTART_SECONDS", 0.05)
        peer.otherwise = None
        peer.answers = {}
        assert ladder.restart(peer.port, ModemIdentity("", maker))
        peer.wait_for(command)
        assert bytes(peer.raw) == b"\x1b\r" + command.encode() + b"\r"

    def test_a_port_that_is_gone_takes_no_command(self, tmp_path):
        assert not ladder.restart(str(tmp_path / "ttyNone"), ModemIdentity(""))

    def test_not_where_the_make_has_no_such_command(self, peer, monkeypatch):
        monkeypatch.setattr(quirks, "MAKES", (replace(quirks.WAVECOM, restart=""),))
        assert not ladder.restart(peer.port, ModemIdentity("", "WAVECOM MODEM"))
        assert peer.commands == []


class TestFinder:
    def test_a_modem_that_answers_and_one_that_is_none(self, peer, tree):
        finder = Finder(tree.root)
        assert finder.asks(peer.port) is None
        assert "no such port" in finder.asks(str(tree.root / "ttyNone"))

    def test_the_watch_ends_when_it_is_told_to(self, tree):
        end = Finder(tree.root).watch(lambda: None)
        end()

    @pytest.mark.skipif(not os.access(UEVENT, os.W_OK), reason=f"only root may write to {UEVENT}")
    def test_the_word_of_the_kernel_is_heard(self, tree):
        heard = threading.Event()
        end = Finder(tree.root).watch(heard.set)
        UEVENT.write_text("change")
        assert heard.wait(10)
        end()
