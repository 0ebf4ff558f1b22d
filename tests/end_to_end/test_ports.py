"""Ports that are none, that are silent, busy, or go and come back: said once each, and nobody else is disturbed."""

from __future__ import annotations

import fcntl
import json
import os

import pytest


def complaints(station, port):
    return [line["reason"] for line in station.said("port unusable", port=str(port))]


@pytest.fixture
def flocked():
    """Holds a port as another program would, until `release`d."""
    held = []

    def take(port):
        held.append(os.open(port, os.O_RDWR | os.O_NOCTTY))
        fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release():
        while held:
            os.close(held.pop())

    take.release = release
    yield take
    release()


def test_unusable_ports_are_said_once_and_used_when_they_are_cured(station, people, flocked):
    station = station(modems=3)
    good, busy, gone = station.network.ports
    flocked(busy)
    station.network.tell("unplug", modem=2)
    file = station.folder / "plain-file"
    file.write_text("no tty")
    bad = (busy, gone, str(file))
    station.configure(modems={"ports": [good, *bad]})
    station.drop(people(5))
    station.start(ready=False)
    station.until(lambda: all(complaints(station, port) for port in bad) and station.counts() == {"delivered": 5})
    assert {event["iccid"] for event in station.network.events("submit")} == {station.network.sims[0]}
    assert "another program" in complaints(station, busy)[0]
    states = {good: "ready", **dict.fromkeys(bad, "unusable")}
    station.until(lambda: {modem["port"]: modem["state"] for modem in station.status()["modems"]} == states)

    flocked.release()
    station.network.tell("replug", modem=2)
    station.until(lambda: len(station.said("modem ready")) == 3)
    for port in bad:
        (reason,) = complaints(station, port)
        assert port in reason
    station.until(lambda: [sim["state"] for sim in station.status()["sims"]] == ["ready"] * 3)
    assert station.stop() == 0


def test_a_modem_that_says_nothing(station, people):
    station = station(modems=2)
    silent = station.network.ports[1]
    station.network.tell("transport", modem=1, dead=True)
    station.drop(people(2))
    station.start(ready=False)
    station.until_counts(delivered=2)
    (reason,) = station.until(lambda: complaints(station, silent))
    assert silent in reason
    station.network.tell("transport", modem=1, dead=False)
    station.until(lambda: station.said("modem ready", port=silent))
    assert complaints(station, silent) == [reason]


def test_unplugged_in_the_midst_and_plugged_in_again(station, people):
    station = station(modems=2, radio_delay=0.1)
    port, _ = station.network.ports
    pulled, other = station.network.sims

    def by(sim):
        return [event for event in station.network.events("submit") if event["iccid"] == sim]

    station.drop(people(30))
    station.start()
    station.until(lambda: len(by(pulled)) >= 3)
    station.network.tell("unplug", modem=0)
    station.until(lambda: station.sim(0).get("state") == "absent")
    before, meanwhile = len(by(pulled)), len(by(other))
    station.until(lambda: len(by(other)) > meanwhile + 3)
    assert station.modem(0)["state"] != "ready"
    assert station.sim(1)["state"] == "ready"
    station.network.tell("replug", modem=0)
    station.until(lambda: station.sim(0).get("state") == "ready")
    station.drop(people(20, start=500), "more.csv")
    station.until_counts(delivered=50)
    assert len(by(pulled)) > before
    assert max(station.network.accepted().values()) == 1
    said = complaints(station, port)
    assert len(said) == len(set(said)) > 0


def test_a_sim_keeps_its_history_and_reports_when_it_moves(station, people):
    station = station(modems=2, report_delay=0.5)
    first = station.network.sims[0]
    station.network.tell("move_sim", iccid=station.network.sims[1], to=None)
    station.configure(modems={"ports": station.network.ports}, throttle={"parts_per_day": 2})
    station.drop(people(3))
    station.start(ready=False)
    station.until(lambda: station.counts() == {"sent": 2, "queued": 1})
    station.network.tell("unplug", modem=0)
    station.network.tell("move_sim", iccid=first, to=1)
    station.network.tell("reboot", modem=1)
    station.until(lambda: station.said("modem ready", port=station.network.ports[1], iccid=first))
    station.until_counts(delivered=2, queued=1)
    assert station.sim(0)["state"] == "waiting"
    assert station.sim(0)["reason"] == "parts_per_day"
    assert len(station.network.recipients()) == 2


def test_two_ports_with_one_sim_are_refused(station, people):
    station = station(modems=2)
    first, _ = station.network.sims
    station.start()
    station.network.tell("clone_sim", iccid=first, to=1)
    station.network.tell("unplug", modem=1)
    station.network.tell("replug", modem=1)
    port = station.network.ports[1]
    reasons = station.until(lambda: [reason for reason in complaints(station, port) if "in use at" in reason])
    assert station.network.ports[0] in reasons[0]
    station.until(lambda: first in station.modem(1)["reason"])
    assert station.modem(1)["state"] == "unusable"


def test_no_more_sims_than_allowed(station, people):
    station = station(modems=2)
    station.configure(station={"max_sims": 1})
    station.drop(people(6))
    station.start(ready=False)
    station.until_counts(delivered=6)
    station.until(lambda: "max_sims is 1" in json.dumps(station.said("port unusable")))
    assert len({event["iccid"] for event in station.network.events("submit")}) == 1
    assert sorted(modem["state"] for modem in station.status()["modems"]) == ["ready", "unusable"]


def test_a_sim_that_asks_for_its_pin_is_not_guessed(station):
    station = station()
    station.network.tell("pin", sim=station.network.sims[0], pin="1234")
    station.start(ready=False)
    (reason,) = station.until(lambda: complaints(station, station.network.ports[0]))
    assert "PIN" in reason
    assert "1234" not in station.log()
