"""What the network refuses: one recipient fails alone, a barred SIM stops, and nothing hops to another SIM."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

CLOCK = Path(__file__).with_name("set_clock.py")


def refused(station):
    return [(event["iccid"], event["recipient"]) for event in station.network.events("refuse")]


def test_one_recipient_fails_alone(station, people, number):
    station = station()
    station.network.tell("refuse", code=1, recipient=number(101))
    station.drop(people(4))
    station.start()
    station.until_counts(delivered=3, failed=1)
    message = station.messages()[number(101)]
    assert message["state"] == "failed"
    assert "CMS 1" in message["reason"]
    assert refused(station) == [(station.network.sims[0], number(101))]
    assert station.sim()["state"] == "ready"
    assert station.status()["batches"][0]["state"] == "finished"


def test_a_barred_sim_is_blocked_and_keeps_its_queue(station, people):
    station = station()
    station.network.tell("refuse", code=8)
    station.drop(people(4))
    station.start()
    station.until(lambda: station.sim().get("state") == "blocked")
    station.until_counts(queued=4)
    assert "CMS 8" in station.sim()["reason"]
    assert len(station.said("SIM blocked: a person must look")) == 1

    station.network.tell("clear")  # the network would take them now, but a person has not looked yet
    station.restart()
    station.until(lambda: station.sim().get("state") == "blocked")
    station.until_counts(queued=4)
    assert len(refused(station)) == 1
    assert station.network.recipients() == []


def test_a_message_that_one_sim_was_refused_for_does_not_hop_to_another(station, people):
    station = station(modems=2)
    barred, other = station.network.sims
    station.network.tell("refuse", code=8, sim=barred)
    station.drop(people(12))
    station.start()
    station.until_counts(delivered=11, queued=1)
    ((sim, recipient),) = refused(station)
    assert sim == barred
    assert recipient not in station.network.recipients()
    assert {event["iccid"] for event in station.network.events("submit")} == {other}
    assert station.messages()[recipient]["sim"] == barred
    assert station.sim(0)["state"] == "blocked"
    assert station.sim(1)["state"] == "ready"


def test_three_recipients_refused_in_a_row_let_the_sim_rest(station, people):
    station = station()
    station.network.tell("refuse", code=38)
    station.drop(people(5))
    station.start()
    station.until(lambda: station.sim().get("state") == "resting")
    sim, now = station.sim(), station.status()["station"]["updated_at"]
    assert "3 different recipients" in sim["reason"]
    assert datetime.fromisoformat(sim["next_allowed_at"]) > datetime.fromisoformat(now)
    assert len({recipient for _, recipient in refused(station)}) == len(refused(station)) == 3

    station.network.tell("clear")
    station.restart()
    station.until(lambda: station.sim().get("state") == "resting")
    assert sum(station.counts().values()) == sum(station.counts().get(state, 0) for state in ("held", "queued")) == 5
    assert station.network.recipients() == []


@pytest.mark.parametrize(("code", "state"), [(8, "blocked"), (38, "resting"), (21, "resting")])
def test_a_block_in_the_midst_leaves_the_rest_queued(station, people, code, state):
    station = station()
    station.network.tell("refuse", code=code, after=3)
    station.drop(people(10))
    station.start()
    station.until(lambda: station.sim().get("state") == state)
    station.until(lambda: station.counts().get("delivered") == 3)
    counts = station.counts()
    assert counts.get("queued", 0) + counts.get("held", 0) == 7
    assert len(station.network.recipients()) == 3
    assert str(code) in station.sim()["reason"] or "3 different recipients" in station.sim()["reason"]


def test_a_network_that_takes_texts_and_delivers_fewer_and_fewer_is_told_of(station, people):
    station = station()
    offset = station.folder / "offset"
    offset.write_text("0")
    station.drop(people(30))
    station.start(command=(CLOCK, offset))
    station.until_counts(delivered=30)
    station.network.tell("script", rules=[{"do": "report", "mode": "never"}])
    station.drop(people(30, start=200), "more.csv")
    station.until_counts(delivered=30, sent=30)
    (station.folder / ".offset").write_text("7200")  # two hours later no report is on its way any more
    (station.folder / ".offset").rename(offset)
    told = station.until(
        lambda: [alarm["text"] for alarm in station.status()["alarms"] if alarm["kind"] == "silent_blocking"]
    )
    assert "0 of the last 30 parts were reported delivered, 30 of 30 before" in told[0]
    assert "may be blocking it in silence" in station.cli("status").stdout
    assert station.sim()["state"] == "ready", "a person decides"


def test_a_long_text_whose_second_part_is_refused_has_failed(station, number):
    station = station()
    station.network.tell("refuse", code=1, recipient=number(101), after=1)
    station.drop([(number(101), "Free, private help, day or night. " * 12), (number(102), "Support is free.")])
    station.start()
    station.until_counts(failed=1, delivered=1)
    message = station.messages()[number(101)]
    assert "1 part of it had already left" in message["reason"]
    assert [part["state"] for part in message["parts"]] == ["delivered", "refused", "pending"]


def test_a_modem_that_loses_its_network_waits(station, people):
    station = station()
    station.network.tell("register", modem=0, state="searching")
    station.drop(people(2))
    station.start()
    station.until(lambda: station.sim().get("state") == "waiting" and station.counts() == {"queued": 2})
    assert "searching" in station.sim()["reason"]
    assert "searching" in station.modem()["reason"]
    assert station.network.events("refuse", "submit") == []
