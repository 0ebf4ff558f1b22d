"""While a text is in the air the next one is made ready: nothing that happens meanwhile is passed by."""

from __future__ import annotations

import pytest

RADIO = 3.0  # seconds for each part: time enough for what happens meanwhile on the slowest machine


@pytest.fixture
def in_the_air(station, people):
    """Makes a station with one text of three in the air and the next one made ready."""

    def make(modems=1, **options):
        made = station(modems, radio_delay=RADIO, **options)
        made.drop(people(3))
        made.start()
        made.until(lambda: made.network.recipients() and made.counts() == {"sending": 2, "queued": 1})
        return made

    return make


def one_out(station, **others):
    """Whether the first text has left, nothing has followed it, and the others are in these states."""
    return lambda: station.counts() == others and len(station.network.recipients()) == 1


def go_on(station, **counts):
    station.network.tell("delays", radio=0)
    station.until_counts(**counts)
    assert set(station.network.accepted().values()) == {1}


def test_a_file_stop_and_a_pause_of_the_sim_hold_it(in_the_air):
    station = in_the_air()
    (station.spool / "STOP").touch()
    station.until(one_out(station, delivered=1, queued=2))
    assert station.cli("sim", "pause", station.network.sims[0]).returncode == 0
    (station.spool / "STOP").unlink()
    station.until(lambda: "paused by" in station.sim()["reason"])
    assert one_out(station, delivered=1, queued=2)()
    assert station.cli("sim", "resume", station.network.sims[0]).returncode == 0
    go_on(station, delivered=3)


def test_a_cancelled_list_and_an_opt_out_reach_it(in_the_air, number):
    station = in_the_air()
    sim = station.network.sims[0]
    station.network.tell("inbound", sim=sim, **{"from": number(101)}, text="STOP")
    station.until_counts(delivered=1, suppressed=1, sending=1)
    assert station.cli("cancel", "list").returncode == 0
    station.until(lambda: station.counts() in ({"delivered": 1, "suppressed": 1, "cancelled": 1},
                                               {"delivered": 2, "suppressed": 1}))  # fmt: skip
    assert number(101) not in station.network.recipients()


def test_after_a_block_it_waits_in_the_queue(station, people):
    station = station(radio_delay=RADIO)
    station.network.tell("refuse", code=8, after=1)
    station.drop(people(3))
    station.start()
    station.until(lambda: station.counts() == {"delivered": 1, "sending": 2})
    station.until(lambda: station.sim()["state"] == "blocked" and station.counts() == {"delivered": 1, "queued": 2})
    assert len(station.network.events("refuse")) == 1


def test_killed_meanwhile_it_was_never_sent(in_the_air):
    station = in_the_air()
    station.kill()
    station.network.tell("delays", radio=0)
    station.start()
    station.until(lambda: len(station.network.recipients()) == 3)
    assert set(station.network.accepted().values()) == {1}


def test_unplugged_meanwhile_it_goes_through_another_sim(station, people):
    station = station(2, radio_delay=RADIO)
    station.drop(people(5))
    station.start()
    station.until(lambda: len(station.network.recipients()) == 2 and station.counts().get("sending") == 4)
    station.network.tell("unplug", modem=0)
    station.network.tell("delays", radio=0)
    station.until(lambda: len(station.network.recipients()) == 5)
    assert set(station.network.accepted().values()) == {1}
