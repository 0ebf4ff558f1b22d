"""Modems found on USB as they come and go, on a /sys of the test's making; what is no modem's is never opened."""

from __future__ import annotations

import os
import pty
import select
import signal
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("run_briskly.py")


class Sockets:
    """The USB sockets of the machine that the service believes it runs on."""

    def __init__(self, station, tree):
        self._station, self._tree = station, tree
        (tree.root / "dev").mkdir()

    def plug(self, place, ids, name, *ports):
        """`ports` are (interface number, class, what lies behind it): a path, whose terminal's name the tty gets."""
        interfaces = []
        for number, kind, port in ports:
            tty = Path(port).resolve().name
            (self._tree.root / "dev" / tty).symlink_to(port)
            interfaces.append((number, kind, tty))
        self._tree.plug(place, ids, name, interfaces)
        self._tell()
        return [str(self._tree.root / "dev" / tty) for _, _, tty in interfaces]

    def unplug(self, place, *paths):
        self._tree.unplug(place)
        for path in paths:
            Path(path).unlink()
        self._tell()

    def rebind(self, path):
        """The port goes and comes, and the stick stays in its socket. `path` is its tty."""
        tty = self._tree.root / "sys/class/tty" / Path(path).name
        target = tty.readlink()
        tty.unlink()
        self._tell()
        self._station.until(lambda: self._station.said("modem unplugged", port=path))
        tty.symlink_to(target)
        self._tell()

    def authorized(self, place):
        return self._tree.root / "sys/devices/usb1" / place / "authorized"

    def _tell(self):
        if self._station.service is not None:
            self._station.signal(signal.SIGHUP)


@pytest.fixture
def plugged(station, usb_tree):
    def make(modems):
        made = station(modems=modems)
        made.configure(modems={"ports": [], "discover": True}, throttle={"parts_per_day": 1000})
        made.tree = usb_tree(made.folder / "root")
        return made, Sockets(made, made.tree)

    return make


@pytest.fixture
def bystander():
    """The port of something that is no modem; whether anybody wrote to it."""
    master, slave = pty.openpty()
    yield os.ttyname(slave), lambda: bool(select.select([master], [], [], 0)[0])
    os.close(master)
    os.close(slave)


def seen(station, port):
    """What people see of a port or socket."""
    found = [modem for modem in station.status().get("modems", ()) if modem["port"] == port]
    return found[0] if found else {"state": "", "reason": ""}


def test_modems_are_found_used_and_followed(plugged, people, bystander):
    station, sockets = plugged(3)
    huawei, zte, mute = station.network.ports
    other, disturbed = bystander
    sim = station.network.sims[0]
    station.network.tell("transport", modem=2, dead=True)
    _, first = sockets.plug("1-1", "12d1:1506", "HUAWEI Mobile", (0, "ff/02/01", other), (2, "ff/02/02", huawei))
    sockets.plug("1-2", "12d1:1446", "HUAWEI Mobile")
    station.start(command=(RUNNER, station.tree.root), ready=False)
    station.until(lambda: station.said("modem ready", port=first))  # known by its interface, and no other was opened
    station.until(lambda: "storage mode" in seen(station, "usb 1-2")["reason"])
    _, second = sockets.plug("1-3", "19d2:ffff", "ZTE Modem", (0, "ff/ff/ff", mute), (1, "ff/ff/ff", zte))
    station.until(lambda: station.said("modem ready", port=second))  # of a known make: its ports were asked
    station.drop(people(20))
    station.until_counts(delivered=20)
    used = station.sim(0)["used"]
    assert used["parts_per_day"] == len([e for e in station.network.events("submit") if e["iccid"] == sim])

    station.network.tell("unplug", modem=0)
    sockets.unplug("1-1", first)
    station.until(lambda: seen(station, first)["state"] == "lost" and station.sim(0)["state"] == "absent")
    station.network.tell("replug", modem=0)
    (moved,) = sockets.plug("1-4.2", "12d1:1506", "HUAWEI Mobile", (2, "ff/02/02", huawei))
    station.until(lambda: station.said("modem ready", port=moved) and station.sim(0)["state"] == "ready")
    assert station.sim(0)["used"] == used
    assert seen(station, first)["state"] == ("ready" if first == moved else "")
    sockets.unplug("1-2")
    station.until(lambda: not seen(station, "usb 1-2")["state"])
    assert not disturbed()


def test_a_mute_modem_has_its_usb_socket_switched_off_and_on_once(plugged):
    station, sockets = plugged(1)
    (port,) = station.network.ports
    (path,) = sockets.plug("1-1", "2c7c:0125", "Quectel EC25", (2, "ff/00/00", port))
    station.network.tell("transport", dead=True)
    sockets.authorized("1-1").write_text("not yet")
    station.start(command=(RUNNER, station.tree.root), ready=False)
    station.until(lambda: station.said("modem silent", tried="USB socket off and on", possible=True, port=path))
    assert sockets.authorized("1-1").read_text() == "1"
    sockets.rebind(path)
    station.until(lambda: station.said("modem stays silent: a person must look", port=path))
    assert len(station.said("modem silent", tried="USB socket off and on")) == 1
    station.network.tell("transport", dead=False)  # somebody has looked
    station.until(lambda: station.said("modem ready", port=path))
