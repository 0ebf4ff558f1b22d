"""A SIM's PIN: from its file, at most once for each value, through kills and restarts; and why a SIM is locked."""

from __future__ import annotations

from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("kill_at_pin.py")


@pytest.fixture
def locked(station):
    """A station whose SIM wants 1234, with this in its pin_file; the simulated SIM counts wrong tries."""

    def make(pin_file="1234\n", *, of_station=False):
        made = station()
        (iccid,) = made.network.sims
        made.network.tell("pin", sim=iccid, pin="1234")
        if pin_file is not None:
            (made.folder / "pin").write_text(pin_file)
        table = "modems" if of_station else f"sims__{iccid}"
        made.configure(**{table: {"pin_file": "pin"}})
        return made

    return make


def complaints(station):
    return [line["reason"] for line in station.said("port unusable")]


def tries_left(station):
    return station.network.tell("stats")["pin_tries"][station.network.sims[0]]


@pytest.mark.parametrize("of_station", [False, True])
def test_the_pin_of_the_file_unlocks_the_sim_now_and_after_every_restart(locked, people, of_station):
    station = locked(of_station=of_station)
    station.drop(people(1))
    station.start()
    station.until_counts(delivered=1)
    station.network.tell("reboot", modem=0)
    station.until(lambda: len(station.said("modem ready")) == 2)
    station.kill()
    station.network.tell("unplug", modem=0)
    station.network.tell("replug", modem=0)
    station.start()
    assert tries_left(station) == 3
    assert "1234" not in station.logs()


def test_a_wrong_pin_is_tried_once_and_never_again(locked, people):
    station = locked("9999")
    station.drop(people(1))
    station.start(ready=False)
    (first,) = station.until(lambda: complaints(station))
    assert "PIN is wrong" in first
    _, second = station.until(lambda: len(complaints(station)) == 2 and complaints(station))  # looked at again
    assert "was wrong" in second
    station.until(lambda: station.sim().get("state") == "locked")
    assert "PIN" in station.sim()["reason"]
    assert station.modem()["state"] == "unusable"
    station.kill()
    station.start(ready=False)
    (reason,) = station.until(lambda: complaints(station))
    assert "was wrong" in reason
    assert tries_left(station) == 2

    (station.folder / "pin").write_text("1234")
    station.until_counts(delivered=1)
    assert tries_left(station) == 3
    assert "9999" not in station.logs()


@pytest.mark.parametrize("pin", ["9999", "1234"])
def test_killed_between_the_try_and_its_answer_the_same_pin_is_not_tried_again(locked, pin):
    station = locked(pin)
    station.start(command=(RUNNER,), ready=False)
    assert station.ended() == -9
    # The power went too: the SIM asks again, and nobody knows what became of the first try.
    station.network.tell("unplug", modem=0)
    station.network.tell("replug", modem=0)
    before = tries_left(station)
    assert before == (2 if pin == "9999" else 3)
    station.start(ready=False)
    (reason,) = station.until(lambda: complaints(station))
    assert "answer is not known" in reason
    station.until(lambda: station.sim().get("state") == "locked")
    assert tries_left(station) == before


def test_a_person_may_allow_one_more_try(locked):
    station = locked()
    station.start(command=(RUNNER,), ready=False)
    station.ended()
    station.network.tell("unplug", modem=0)
    station.network.tell("replug", modem=0)
    station.start(ready=False)
    station.until(lambda: complaints(station))
    done = station.cli("sim", "pin-again", station.network.sims[0])
    assert done.returncode == 0, done.stderr
    station.until(lambda: station.said("modem ready"))
    assert station.cli("sim", "pin-again", station.network.sims[0]).returncode == 1


def test_a_puk_is_told_and_nothing_is_tried(locked):
    station = locked()
    station.network.tell("pin", sim=station.network.sims[0], pin="1234", tries=0)
    station.start(ready=False)
    (reason,) = station.until(lambda: complaints(station))
    assert "SIM PUK" in reason
    station.until(lambda: station.sim().get("state") == "locked")
    assert "SIM PUK" in station.sim()["reason"]


def test_a_modem_without_a_sim_says_so(station):
    station = station()
    station.network.tell("move_sim", iccid=station.network.sims[0], to=None)
    station.start(ready=False)
    station.until(lambda: "there is no SIM" in station.modem().get("reason", ""))
    assert station.modem()["state"] == "unusable"


@pytest.mark.parametrize(("content", "says"), [("12", "four to eight digits"), (None, "cannot be read")])
def test_a_pin_file_that_gives_no_pin(locked, content, says):
    station = locked(content)
    station.start(ready=False)
    (reason,) = station.until(lambda: complaints(station))
    assert says in reason
    assert tries_left(station) == 3
