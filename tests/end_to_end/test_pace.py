"""The throttle and the quiet hours hold at the network's end, and over restarts and new configurations."""

from __future__ import annotations

import itertools
import signal
from datetime import UTC, datetime, timedelta

import pytest

MINUTE = 60.0


def waits_for(station, reason):
    def reached():
        sim = station.sim()
        return sim.get("state") == "waiting" and reason in sim["reason"]

    return reached


def ahead(station):
    """How many seconds the SIM has still to wait, as status.json tells."""
    status, sim = station.status(), station.sim()
    until = datetime.fromisoformat(sim["next_allowed_at"]) - datetime.fromisoformat(status["station"]["updated_at"])
    return until.total_seconds()


def test_no_window_is_exceeded_across_a_kill(station, people):
    gap = 0.3
    station = station(radio_delay=0.1)
    station.configure(throttle={"min_gap_seconds": gap, "parts_per_minute": 3})
    station.drop(people(5))
    station.start()
    station.until(lambda: len(station.network.recipients()) == 2)
    station.restart()
    station.until(lambda: len(station.network.recipients()) == 3)
    station.until(waits_for(station, "parts_per_minute"))
    assert 0 < ahead(station) <= MINUTE
    assert station.sim()["used"]["parts_per_minute"] == 3
    assert station.sim()["limits"]["parts_per_minute"] == 3

    station.restart()
    station.until(waits_for(station, "parts_per_minute"))
    station.until(lambda: station.counts().get("queued") == 2)
    submits = station.network.events("submit")
    assert len(submits) == 3
    for one, other in itertools.pairwise(submits):
        assert other["t_command"] - one["t_prompt"] >= gap  # 'submitting' was committed after the one prompt


def test_a_new_limit_counts_what_went_before_it(station):
    """Without limits the memory of what was submitted is short; the database remembers."""
    station = station()
    station.drop([(f"+447{400_000_000 + n}", "Support is free.") for n in range(300)])
    station.start()
    station.until_counts(delivered=300)
    station.configure(throttle={"parts_per_hour": 301})
    station.signal(signal.SIGHUP)
    station.until(lambda: station.said("configuration read again"))
    station.drop([(f"+447{500_000_000 + n}", "Support is free.") for n in range(2)], name="later.csv")
    station.until(waits_for(station, "parts_per_hour"))
    station.until_counts(delivered=301, queued=1)


def test_a_long_text_starts_only_when_all_its_parts_fit(station, number):
    station = station()
    station.configure(throttle={"parts_per_minute": 3})
    station.drop([(number(101), "Free, private help, day or night. " * 6), (number(102), "Free, private help. " * 10)])
    station.start()
    station.until(waits_for(station, "parts_per_minute"))
    station.until_counts(delivered=1, queued=1)
    assert station.network.accepted() == {(number(101), 1): 1, (number(101), 2): 1}


def test_different_people_are_counted_on_their_own(station, people):
    station = station()
    station.configure(throttle={"recipients_per_day": 2})
    station.drop(people(4))
    station.start()
    station.until(waits_for(station, "recipients_per_day"))
    station.until_counts(delivered=2, queued=2)
    station.restart()
    station.until(waits_for(station, "recipients_per_day"))
    assert len(station.network.recipients()) == 2


def test_one_sim_may_have_limits_of_its_own_and_be_paused(station, people):
    station = station(modems=2)
    first, second = station.network.sims
    station.configure(
        **{f"sims__{first}": {"label": "Desk 1", "parts_per_day": 2}, f"sims__{second}": {"paused": True}}
    )
    station.drop(people(4))
    station.start()
    station.until(waits_for(station, "parts_per_day"))
    station.until_counts(delivered=2, queued=2)
    assert station.sim(0)["label"] == "Desk 1"
    assert station.sim(1)["state"] == "paused"
    assert {event["iccid"] for event in station.network.events("submit")} == {first}


@pytest.fixture
def quiet(station):
    """A station in the midst of its quiet hours, with two messages in the queue."""
    made = station()
    now = datetime.now(UTC)
    hours = {"start": f"{now - timedelta(hours=2):%H:%M}", "end": f"{now + timedelta(hours=2):%H:%M}"}
    made.configure(station={"timezone": "UTC"}, quiet_hours=hours)
    made.drop([("+447700900101", "one"), ("+447700900102", "two")])
    made.start()
    made.until(waits_for(made, "quiet hours"))
    made.until_counts(queued=2)
    return made


def test_nothing_leaves_in_quiet_hours_until_a_new_configuration_lets_it(quiet):
    assert ahead(quiet) > MINUTE
    assert quiet.network.recipients() == []
    quiet.configure()
    quiet.signal(signal.SIGHUP)
    quiet.until_counts(delivered=2)
    assert len(quiet.said("configuration read again")) == 1


def test_a_wrong_new_configuration_is_not_taken(quiet):
    quiet.configure(throttle={"parts_per_minuet": 4}, quiet_hours={"start": "25:00"})
    quiet.signal(signal.SIGHUP)
    (line,) = quiet.until(lambda: quiet.said("configuration not taken; the old one stays"))
    told = " ".join(line["problems"])
    assert "parts_per_minuet" in told
    assert "start" in told
    quiet.configure(station={"spool_dir": "elsewhere"})
    quiet.signal(signal.SIGHUP)
    quiet.until(lambda: "change only with a restart" in quiet.log())
    assert not (quiet.folder / "elsewhere").exists()
    assert quiet.sim()["reason"] == "quiet hours"
    quiet.configure()
    quiet.signal(signal.SIGHUP)
    quiet.until_counts(delivered=2)


def test_ports_come_and_go_with_the_configuration(station, people):
    station = station(modems=2)
    first, second = station.network.ports
    station.configure(modems={"ports": [first]})
    station.start(ready=False)
    station.until(lambda: station.modem(0).get("state") == "ready")
    station.configure(modems={"ports": [second]})
    station.signal(signal.SIGHUP)
    station.until(lambda: station.modem(1).get("state") == "ready" and station.sim(0)["state"] == "absent")
    station.drop(people(2))
    station.until_counts(delivered=2)
    assert {event["iccid"] for event in station.network.events("submit")} == {station.network.sims[1]}
