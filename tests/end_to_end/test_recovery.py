"""What befalls a modem ends without a person: each trouble is told, cured, and no other SIM notices."""

from __future__ import annotations

from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("run_briskly.py")


@pytest.fixture
def brisk(station, usb_tree):
    """A station whose last modem stays well; its service has little patience, and USB sockets that `tree` shows."""

    def start(modems, **options):
        made = station(modems=modems, **options)
        made.tree = usb_tree(made.folder / "root")
        made.start(command=(RUNNER, made.tree.root))
        return made

    return start


def by(station, index):
    """The recipients whom one SIM has texted."""
    return [event["recipient"] for event in station.network.events("submit")
            if event["iccid"] == station.network.sims[index]]  # fmt: skip


def ready(station, index):
    return lambda: (station.sim(index).get("state"), station.modem(index).get("state")) == ("ready", "ready")


def alone(station, people, start):
    """The well SIM sends a list by itself."""
    last = len(station.network.sims) - 1
    before = len(by(station, last))
    station.drop(people(3, start=start), f"list-{start}.csv")
    station.until(lambda: station.counts().get("delivered", 0) >= 3 and len(by(station, last)) == before + 3)


def together(station, people):
    """All four SIMs send the next list, beside what went `alone`, and nobody is texted twice."""
    for index in range(4):
        station.until(ready(station, index))
    station.drop(people(40, start=200))
    station.until_counts(delivered=43)
    assert all(by(station, index) for index in range(4))
    assert max(station.network.accepted().values()) == 1


def test_a_sim_that_cannot_send_says_why_and_sends_when_it_can(brisk, people):
    station = brisk(4)
    tell, sims = station.network.tell, station.network.sims
    tell("smsc", sim=sims[0], number="")
    tell("register", modem=1, state="denied")
    tell("move_sim", iccid=sims[2], to=None)
    for index, reason in enumerate(("no SMSC address", "denies this SIM", "there is no SIM")):
        station.until(lambda index=index, reason=reason: reason in station.sim(index).get("reason", ""))
    assert [station.sim(index)["state"] for index in range(4)] == ["waiting", "waiting", "absent", "ready"]
    alone(station, people, 100)

    tell("smsc", sim=sims[0], number="+447700900000")
    tell("register", modem=1, state="roaming")
    tell("move_sim", iccid=sims[2], to=2)
    together(station, people)


def test_a_modem_in_trouble_is_brought_back(brisk, people):
    station = brisk(4)
    tell, ports = station.network.tell, station.network.ports
    tell("transport", modem=0, hung=True)
    tell("transport", modem=1, garbage=True, noise="bytes")
    tell("transport", modem=2, dead=True)
    alone(station, people, 100)
    station.until(lambda: station.said("modem silent", port=ports[0], tried="restart by command", possible=True))
    station.until(lambda: len(station.said("modem ready", port=ports[0])) == 2)  # by the restart alone
    (alarm,) = station.until(lambda: station.said("modem stays silent: a person must look", port=ports[2]))
    assert "nothing answers AT" in alarm["reason"]
    station.until(lambda: "a person must look" in station.modem(2)["reason"])
    assert station.sim(3)["state"] == "ready"

    tell("transport", modem=1, garbage=False, noise="")
    tell("transport", modem=2, dead=False)
    together(station, people)


def test_sims_that_change_places_unseen_are_told_apart(brisk, people):
    station = brisk(2)
    first, second = station.network.sims
    station.network.tell("move_sim", iccid=first, to=1)
    station.until(lambda: [station.modem(index).get("iccid") for index in range(2)] == [second, first])
    for index in range(2):
        station.until(lambda index=index: station.sim(index)["state"] == "ready")
    station.drop(people(10))
    station.until_counts(delivered=10)
    told = {message["to"]: message["sim"] for message in station.messages().values()}
    assert told == {event["recipient"]: event["iccid"] for event in station.network.events("submit")}
