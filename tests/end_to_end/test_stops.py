"""Stop now: by command and by the file STOP, before the next part, over a restart; and what the station says of it."""

from __future__ import annotations

from pathlib import Path

from daemon.control.client import ask

LONG = "Free, private help, day or night. " * 12  # three parts
RADIO = 2.0  # seconds for each part: time enough to stop before the next one on the slowest machine


def alarms(station):
    return {alarm["kind"]: alarm["text"] for alarm in station.status().get("alarms", ())}


def stopped(station, waiting):
    return lambda: station.sim().get("state") == "paused" and station.counts() == {"queued": waiting}


def test_the_station_is_stopped_in_the_midst_of_a_text_and_goes_on(station, people, number):
    station = station(radio_delay=RADIO)
    station.drop([(number(101), LONG), *people(3, start=110)])
    station.start()
    station.until(station.network.recipients)
    told = ask(Path(station._fixed["station"]["runtime_dir"]) / "control.sock", {"do": "station pause"})
    assert (told["left"], told["waiting"]) == (1, 3)
    station.until(stopped(station, 4))
    out = len(station.network.recipients())
    assert out < 3
    assert "outpost resume --station" in alarms(station)["stopped"]
    station.network.tell("delays", radio=0)
    station.restart()
    station.until(stopped(station, 4))
    assert "paused by" in station.sim()["reason"]

    (station.spool / "STOP.txt").touch()
    assert station.cli("resume", "--station").returncode == 0
    station.until(lambda: "STOP.txt" in station.sim()["reason"] and "STOP.txt" in alarms(station)["stopped"])
    assert len(station.network.recipients()) == out
    assert "no time is known: the station is stopped by the file" in station.sim()["next_reason"]
    assert "STOP.txt" in station.cli("status").stdout
    (station.spool / "STOP.txt").unlink()
    station.until_counts(delivered=4)
    assert "stopped" not in alarms(station)
    assert set(station.network.accepted().values()) == {1}
    assert station.cli("pause").returncode == station.cli("pause", "list", "--station").returncode == 2


def test_a_file_stop_holds_the_next_part(station, people, number):
    station = station(radio_delay=RADIO)
    station.drop([(number(101), LONG), *people(2, start=110)])
    station.start()
    station.until(station.network.recipients)
    (station.spool / "STOP").touch()
    station.until(stopped(station, 3))
    assert 0 < len(station.network.recipients()) < 3
    assert station.cli("cancel", "--station").returncode == 0
    station.until_counts(cancelled=3)
    station.network.tell("delays", radio=0)
    (station.spool / "STOP").unlink()
    station.drop([(number(120), "Support is free.")], "next.csv")
    station.until_counts(cancelled=3, delivered=1)
